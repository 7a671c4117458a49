"""Servers are replaced by ones of a later version, one after the other, as the documentation says."""

from __future__ import annotations

import signal

import pytest
from tests.e2e.builds import NEXT, build
from tests.e2e.servers import Writer, eventually

from brookline.version import VERSION

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

INSTALLING = """\
name: app
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  brooklyn.config:
    install.command: echo install >> {trace}
    customize.command: "echo customize >> {trace}; until test -e {go}; do sleep 0.1; done"
    launch.command: echo launch >> {trace}
    checkRunning.command: "true"
    stop.command: "true"
    onbox.base.dir: {box}
"""


@pytest.fixture(scope="module")
def later(tmp_path_factory):
    return {"PYTHONPATH": str(build(tmp_path_factory.mktemp("later") / "build"))}


def versions(server):
    """Return the version of each node that lives, as a node knows them."""
    nodes = server.get("/v1/server/ha/states")["nodes"].values()
    return {node["name"]: node["version"] for node in nodes if node["status"] != "TERMINATED"}


def replaced(server, later):
    """End a server, and start the later version on its home."""
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    server.environment = later
    return server.start().becomes("standby").becomes("read")


def heir(cluster, master, name):
    eventually(f"{name} is next in line", lambda: cluster.heir(master) == name)


def test_one_after_the_other_is_replaced_and_no_write_is_refused(cluster, later):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n1)

    with Writer([n1, n2], app) as writer:
        replaced(n2, later)
        heir(cluster, n1, "n2")
        assert versions(n1) == {"n1": VERSION, "n2": NEXT}
        done = cluster.typed("ha", "switchover", "--to", "n2", "--yes", "--home", "n1")
        assert done.returncode == 0, done.stderr
        writer.writes(20)
        replaced(n1, later)
        writer.writes(20)

    assert n2.state() == "MASTER"
    for server in (n1, n2):
        eventually("both", lambda one=server: versions(one) == {"n1": NEXT, "n2": NEXT})
    assert writer.errors == []
    assert writer.lost(n2) == []
    eventually("all is on the other one", lambda: writer.lost(n1) == [])


def test_work_that_was_under_way_goes_on_in_the_later_version_and_each_command_ran_once(
    cluster, later
):
    trace, go = cluster.folder / "trace", cluster.folder / "go"
    n1, n2 = cluster.pair()
    replaced(n2, later)
    heir(cluster, n1, "n2")
    plan = INSTALLING.format(trace=trace, go=go, box=cluster.folder / "box")
    answer = n1.ask("POST", "/v1/applications", plan, headers={"content-type": "application/yaml"})
    assert answer.status == 201, answer
    app = answer.headers["location"].rpartition("/")[2]
    eventually("it is customized", lambda: trace.exists() and "customize" in trace.read_text())

    n1.signal(signal.SIGTERM)
    assert n1.wait() == 0
    n2.becomes("master")
    go.touch()

    state = f"/v1/applications/{app}/entities/{app}/sensors/service.state"
    eventually("it runs", lambda: n2.get(state) == "RUNNING")
    assert trace.read_text().split() == ["install", "customize", "launch"]


def test_of_equal_candidates_the_later_version_is_elected_and_the_former_may_lead_again(
    cluster, later
):
    n1 = cluster["n1"].start().becomes("master")
    n2 = cluster["n2"].start().becomes("standby").becomes("read")
    n3 = cluster["n3"]
    n3.environment = later
    n3.start().becomes("standby").becomes("read")
    app = cluster.deploy(n1)

    with Writer([n1, n2, n3], app) as writer:
        heir(cluster, n1, "n3")
        n1.kill()
        eventually("the later one leads", lambda: n3.is_well("master"))
        writer.writes(10)
        n3.kill()
        eventually("the former one leads", lambda: n2.is_well("master"))
        writer.writes(10)

    assert writer.lost(n2) == []
