"""Commands whose write is done, and whose master dies before it answers: told, and done once."""

from __future__ import annotations

import pytest
from tests.e2e.lost_answers import LostAnswer
from tests.e2e.servers import QUICK, eventually
from tests.e2e.till import Till

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

SERVICE = """
name: service
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: process
  brooklyn.config:
    onbox.base.dir: {folder}/box
    launch.command: |
      echo launched >> {folder}/trace
      if [ -e {folder}/long ]; then sleep 60; fi
    checkRunning.command: "true"
    stop.command: echo stopped >> {folder}/trace
"""


@pytest.fixture
def till(cluster):
    return Till(cluster)


class Service:
    """A service on a pair of servers, and what its commands write down."""

    def __init__(self, cluster):
        self.folder = cluster.folder / "service"
        self.folder.mkdir()
        self.first, self.second = cluster.pair(*QUICK)

    def deploy(self):
        headers = {"content-type": "application/yaml"}
        plan = SERVICE.format(folder=self.folder)
        told = self.first.ask("POST", "/v1/applications", plan, headers=headers)
        assert told.status == 201, told
        return told.json["id"], told.json["entityId"]

    def trace(self):
        path = self.folder / "trace"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def service(cluster):
    return Service(cluster)


def typed(cluster, lossy, other, *words):
    """Type a command at a server whose answer is lost, and which knows another; it ends well."""
    home = str(cluster["n1"].home)
    ran = cluster.typed("--url", lossy.url, "--url", other.url, "--home", home, *words)
    assert ran.returncode == 0, ran
    assert lossy.lost.startswith(b"HTTP/1.1 20"), "it was done"
    assert other.state() == "MASTER"
    return ran.stdout


def named(server, start):
    """Return the top-level tasks whose name begins so."""
    tasks = server.get("/v1/activities?limit=2000")
    return [one for one in tasks if one["displayName"].startswith(start)]


@pytest.mark.parametrize("wait", [(), ("--wait",)], ids=["begun", "waited-for"])
def test_an_application_is_deleted_once(cluster, service, wait):
    task, app = service.deploy()
    service.first.ask("GET", f"/v1/activities/{task}?timeout=20s")
    with LostAnswer(service.first) as lossy:
        said = typed(cluster, lossy, service.second, "delete", app, *wait)
    eventually("it is gone", lambda: service.second.get("/v1/applications") == [])
    [removal] = named(service.second, "destroying")
    assert said == (
        "service is gone.\n" if wait else f"service is being removed: task {removal['id']}\n"
    )
    assert service.trace() == ["launched", "stopped"]


def test_a_task_is_cancelled_once(cluster, service):
    (service.folder / "long").touch()
    task, _ = service.deploy()
    eventually("it is launched", lambda: service.trace() == ["launched"])
    with LostAnswer(service.first) as lossy:
        said = typed(cluster, lossy, service.second, "activity", "cancel", task)
    assert said == f"task {task} is cancelled\n"
    assert service.second.get(f"/v1/activities/{task}")["isCancelled"] is True
    assert service.trace() == ["launched"]


def decided(cluster, till, first, *words):
    """Type what becomes of interrupted work; return what was said, the task, and who leads then."""
    second, task = till.is_cut_off()
    other = cluster["n1"].start(*QUICK).becomes("standby").becomes("read")
    eventually("the master knows its heir", lambda: cluster.heir(second) == "n1")
    choice, *more = words
    with LostAnswer(second, first) as lossy:
        said = typed(cluster, lossy, other, "interrupted", choice, task, *more, "--yes")
    return said, task, other


def test_work_is_resumed_once(cluster, till):
    paid = ["look up", "pay 7", "pay 7"]
    again = lambda: eventually("it pays again", lambda: till.trace() == paid)  # noqa: E731
    said, task, leads = decided(cluster, till, again, "resume")
    assert said == f"task {task}\n"
    [one] = leads.get("/v1/interrupted")
    assert (one["id"], one["failover"]["from"]) == (task, "n2"), "by the second failover"
    assert till.trace() == paid


def test_work_is_replayed_once(cluster, till):
    paid = ["look up", "pay 7"] * 2
    again = lambda: eventually("it pays again", lambda: till.trace() == paid)  # noqa: E731
    said, task, leads = decided(cluster, till, again, "replay")
    [one] = leads.get("/v1/interrupted")
    assert one["id"] != task
    assert said == f"task {one['id']}\n"
    assert leads.get(f"/v1/interrupted/{task}")["resolved"]["task"] == one["id"]
    assert till.trace() == paid


def test_work_is_abandoned_once(cluster, till):
    said, task, leads = decided(cluster, till, lambda: None, "abandon", "--reason", "paid by hand")
    assert said == f"{task} is abandoned\n", "and not refused as done before"
    assert leads.get("/v1/interrupted") == []
    assert leads.get(f"/v1/interrupted/{task}")["resolved"]["why"] == "paid by hand"
