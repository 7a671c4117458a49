"""Work whose master is killed: what goes on by itself, and what somebody decides about."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.e2e.servers import BROOKLINE, QUICK, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

PLUGIN = Path(__file__).parent / "plugin"
TILL = "name: shop\nservices:\n- {type: cut_off.Till, name: till}\n"
LINES = 80
COUNTING = """
name: counting
location: localhost
services:
- type: vanilla
  name: counter
  brooklyn.config:
    onbox.base.dir: {folder}
    install.command: for i in 1 2 3; do echo "installed $i"; done
    launch.command: |
      echo $$ > {folder}/pid
      i=0
      while [ $i -lt {lines} ]; do i=$((i+1)); echo "line $i"; echo "odd $i" >&2; sleep 0.05; done
      touch running
    checkRunning.command: test -e running
    stop.command: rm running
"""


class Till:
    """A master that is killed while it charges, and the node that follows it."""

    def __init__(self, cluster):
        self.folder = cluster.folder / "till"
        self.folder.mkdir()
        installed = cluster.folder / "installed"
        shutil.copytree(PLUGIN, installed, ignore=shutil.ignore_patterns("__pycache__"))
        about = installed / "cut_off-0.dist-info"
        about.mkdir()
        (about / "entry_points.txt").write_text("[brookline.entities]\ncut-off = cut_off\n")
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cut-off\nVersion: 0\n")
        before = cluster.environment.get("PYTHONPATH", "")
        cluster.environment["PYTHONPATH"] = f"{installed}:{before}".rstrip(":")
        cluster.environment["CUT_OFF"] = str(self.folder)
        self.cluster = cluster

    def is_cut_off(self):
        """Kill the master while it charges; return its follower and the task."""
        first, second = self.cluster.pair(*QUICK)
        app = deployed(first, TILL)
        self.path = f"/v1/applications/{app}/entities/till"
        eventually("it runs", lambda: self.sensors(first).get("service.state") == "RUNNING")
        told = first.ask("POST", f"{self.path}/effectors/charge?timeout=0", {"amount": 7})
        eventually("it pays", lambda: "pay 7" in self.trace())
        first.kill()
        second.becomes("master")
        return second, told.json["id"]

    def trace(self):
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / "trace").read_text().splitlines()
        return []

    def open_gate(self):
        (self.folder / "gate").touch()

    def problems(self, server):
        return self.sensors(server)["service.problems"]

    def sensors(self, server):
        return server.get(f"{self.path}/sensors/current-state")


@pytest.fixture
def till(cluster):
    return Till(cluster)


def deployed(server, plan):
    answer = server.ask(
        "POST", "/v1/applications", plan, headers={"content-type": "application/yaml"}
    )
    assert answer.status == 201, answer
    return answer.json["entityId"]


def at_both(cluster, *words):
    """Return the words of a command that knows both nodes."""
    urls = [word for server in cluster.servers.values() for word in ("--url", server.url)]
    return [*urls, "--home", str(cluster["n1"].home), *words]


def ran(cluster, *words):
    return cluster.typed(*at_both(cluster, *words))


def test_what_must_not_be_done_twice_is_shown_on_the_other_node_and_resumed(cluster, till):
    second, task = till.is_cut_off()
    assert till.trace() == ["look up", "pay 7"]
    [one] = second.get("/v1/interrupted")
    assert (one["id"], one["cause"], one["step"]) == (task, "once", "pay")
    assert (one["failover"]["from"], one["failover"]["node"]) == ("n1", "n2")
    assert "its charge was interrupted" in till.problems(second)["interrupted"]
    listed = ran(cluster, "interrupted")
    assert listed.returncode == 0, listed.stderr
    assert f"charge  {task}  till" in listed.stdout
    assert (
        "does again what may have been done: pay of till"
        in ran(cluster, "interrupted", task).stdout
    )

    resumed = ran(cluster, "interrupted", "resume", task, "--yes")
    assert (resumed.returncode, resumed.stdout) == (0, f"task {task}\n"), resumed.stderr
    eventually("it pays again", lambda: till.trace() == ["look up", "pay 7", "pay 7"])
    assert till.problems(second) == {}
    till.open_gate()
    done = second.ask("GET", f"/v1/activities/{task}?timeout=20s").json
    assert (done["currentStatus"], done["result"]) == ("Completed", "charged 7")
    assert done["takenUp"]["by"] == "admin"
    assert till.trace() == ["look up", "pay 7", "pay 7", "ship"]
    late = ran(cluster, "interrupted", "abandon", task, "--reason", "late", "--yes")
    assert late.returncode != 0
    assert "was resumed by admin and has completed" in late.stderr


def test_all_of_it_is_replayed_as_a_new_task(cluster, till):
    second, task = till.is_cut_off()
    till.open_gate()
    replayed = ran(cluster, "interrupted", "replay", task, "--yes", "--wait", "-o", "json")
    assert replayed.returncode == 0, replayed.stderr
    again = json.loads(replayed.stdout)
    assert again["id"] != task
    assert again["result"] == "charged 7"
    assert till.trace() == ["look up", "pay 7", "look up", "pay 7", "ship"]
    assert second.get("/v1/interrupted") == []
    assert f"replayed by admin as {again['id']}" in second.get(f"/v1/activities/{task}")["result"]


def test_what_is_abandoned_says_why_also_after_the_next_failover(cluster, till):
    second, task = till.is_cut_off()
    words = ("abandon", task, "--reason", "paid by hand", "--yes")
    abandoned = ran(cluster, "interrupted", *words)
    assert (abandoned.returncode, abandoned.stdout) == (0, f"{task} is abandoned\n")
    first = cluster["n1"].start(*QUICK).becomes("standby").becomes("read")
    second.kill()
    first.becomes("master")
    assert first.get("/v1/interrupted") == []
    one = first.get(f"/v1/interrupted/{task}")
    assert one["resolved"] | {"atUtc": 0} == {
        "how": "abandoned", "by": "admin", "atUtc": 0, "why": "paid by hand",
    }  # fmt: skip
    again = ran(cluster, "interrupted", "resume", task, "--yes")
    assert again.returncode == 16
    assert "was abandoned by admin: paid by hand" in again.stderr
    assert till.trace() == ["look up", "pay 7"]


class Counting:
    """An application whose launch prints numbered lines, and takes a while."""

    def __init__(self, cluster):
        self.folder = cluster.folder / "box"
        self.folder.mkdir()
        self.first, self.second = cluster.pair(*QUICK)
        plan = COUNTING.format(folder=self.folder, lines=LINES)
        answer = self.first.ask(
            "POST", "/v1/applications", plan, headers={"content-type": "application/yaml"}
        )
        self.task = answer.json["id"]

    def pid(self):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.folder / "pid").read_text())
        return None

    def step(self, server, name):
        below = server.get(f"/v1/activities/{self.task}/children/recurse?limit=-1")
        return next((one for one in below.values() if one["displayName"] == name), None)


def test_what_is_followed_through_a_kill_has_each_line_once(cluster):
    counting = Counting(cluster)
    out = cluster.folder / "followed"
    with out.open("wb") as file:
        follower = subprocess.Popen(
            [BROOKLINE, *at_both(cluster, "activity", counting.task, "--follow")],
            env=cluster.environment,
            cwd=cluster.folder,
            stdout=file,
            stderr=subprocess.DEVNULL,
        )
    try:
        eventually("it is followed", lambda: b"line 15\n" in out.read_bytes())
        counting.first.kill()
        assert follower.wait(60) == 0
    finally:
        follower.kill()
        follower.wait()
    lines = out.read_text().splitlines()
    numbered = range(1, LINES + 1)
    assert [one for one in lines if " line " in one] == [
        f"counter launch | line {n}" for n in numbered
    ]
    assert [one for one in lines if " odd " in one] == [
        f"counter launch ! odd {n}" for n in numbered
    ]
    assert [one for one in lines if "installed" in one] == [
        f"counter install | installed {n}" for n in (1, 2, 3)
    ]
    done = counting.second.get(f"/v1/activities/{counting.task}")
    assert done["takenUp"]["count"] == 1
    assert done["currentStatus"] == "Completed"
    install = counting.step(counting.second, "install")["id"]
    written = counting.second.ask("GET", f"/v1/activities/{install}/stream/stdout")
    assert written.body == b"installed 1\ninstalled 2\ninstalled 3\n", "it is on the machine yet"


def test_what_another_master_began_is_cancelled_with_its_command(cluster):
    counting = Counting(cluster)
    pid = eventually("it runs", counting.pid)
    counting.first.kill()
    counting.second.becomes("master")
    cancelled = ran(cluster, "activity", "cancel", counting.task)
    assert cancelled.returncode == 0, cancelled.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    task = counting.second.get(f"/v1/activities/{counting.task}")
    assert task["isCancelled"] is True
    assert ran(cluster, "activity", "cancel", counting.task).returncode == 16
