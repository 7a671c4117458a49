"""An operation of which its masters die: the third one lives, and other work goes on."""

from __future__ import annotations

import contextlib
import resource
from collections import Counter
from http.client import HTTPException
from pathlib import Path

import pytest
from tests.e2e.servers import Cluster, eventually
from tests.matrix.bench import OPTIONS, with_plugin
from tests.matrix.cells import START
from tests.matrix.test_matrix import told

from brookline.operations.taking_up import AT_ONCE

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("suspects"),
]

MEMORY_BYTES = 256 << 20
"""How much more than at the beginning a server may take, so that this machine is not hurt."""

CHUNK_BYTES = 1 << 24
"""What the hoarder takes at once, at first."""

ENDS_ITSELF = 3
"""Exit status of a server whose loop hangs, or that cannot go on; neither is killed by another."""

MORE = 5
"""Operations of which the turn does not come while the second master lives."""

PLAN = "name: doom\nservices:\n- type: failover_matrix.Deadly\n  name: deadly\n"


@pytest.fixture
def servers(tmp_path):
    cluster = Cluster(tmp_path)
    cluster.holds = with_plugin(cluster)
    yield [cluster["n1"], cluster["n2"], cluster["n3"]]
    for server in cluster.servers.values():
        print(f"{server.name}:\n{server.log()[-8000:]}")
    cluster.close()


class Memory:
    """How much memory servers may take, and took at most until they ended."""

    def __init__(self):
        self._most, self._seen = {}, {}

    def limit(self, server):
        self.look([server])
        self._most[server.name] = most = self._seen[server.name] + MEMORY_BYTES
        resource.prlimit(server.pid, resource.RLIMIT_DATA, (most, most))

    def look(self, servers):
        for server in servers:
            with contextlib.suppress(OSError, IndexError):  # it has ended, or ends
                status = Path(f"/proc/{server.pid}/status").read_text()
                taken = int(status.partition("VmData:")[2].split()[0]) * 1024
                self._seen[server.name] = max(taken, self._seen.get(server.name, 0))

    def left(self, server):
        """Return how many bytes it might have taken yet when it took the most."""
        return self._most[server.name] - self._seen[server.name]


def deploy_deadly(server):
    headers = {"content-type": "application/yaml"}
    answer = server.ask("POST", "/v1/applications", PLAN, headers=headers)
    assert answer.status == 201, answer
    path = f"/v1/applications/{answer.json['entityId']}/entities/deadly"
    state = f"{path}/sensors/service.state"
    eventually("it runs", lambda: server.ask("GET", state).json == "RUNNING")
    return path


def shows(server, app):
    known = server.ask("GET", f"/v1/activities/{app.task}").status == 202
    return known and len(app.streams(server, "install")) == 1


def tasks_of(server, path, name):
    return [one for one in server.get(f"{path}/activities?limit=-1") if one["displayName"] == name]


def leads_third(server):
    with contextlib.suppress(OSError, HTTPException):  # one that hangs accepts, and says nothing
        answer = server.ask("GET", "/healthz/master", login=False, timeout_s=0.5)
        return answer.status == 200 and int(answer.headers["brookline-epoch"]) >= 3
    return False


@pytest.mark.parametrize("how", ["block", "hoard"])
def test_what_kills_its_masters_is_suspect_and_the_third_master_lives(servers, app, how):
    first = servers[0].start(*OPTIONS).becomes("master")
    for server in servers[1:]:
        server.start(*OPTIONS).becomes("read")
    memory = Memory()
    for server in servers:
        memory.limit(server)
    path = deploy_deadly(first)
    app.close_gates(["install"])
    app.deploy(first, [*START, "stop"])
    for server in servers[1:]:
        eventually("others know that it runs", lambda s=server: shows(s, app))

    with contextlib.suppress(OSError, HTTPException):
        # It is recorded before it begins, and its master answers nobody any more.
        first.ask("POST", f"{path}/effectors/{how}?timeout=0", {}, timeout_s=1)

    def the_third():
        memory.look(servers)
        return next(filter(leads_third, servers), None)

    third = eventually("a third master", the_third)
    died = [server for server in servers if server is not third]
    assert [server.wait() for server in died] == [ENDS_ITSELF, ENDS_ITSELF]
    if how == "block":
        assert all("event loop hangs; ending the process" in one.log() for one in died)
        assert all(memory.left(one) > MEMORY_BYTES // 2 for one in died), "not for want of memory"
    else:
        assert all(memory.left(one) < CHUNK_BYTES for one in died), "it had taken all there was"
    assert memory.left(third) > MEMORY_BYTES // 2
    [suspect] = tasks_of(third, path, how)
    assert suspect["interrupted"]
    found = third.get(f"/v1/activities/{suspect['id']}")
    assert found["currentStatus"] == "Failed"
    assert "suspect" in found["result"]
    app.open_gates()
    assert app.finished(third)["currentStatus"] == "Completed"
    assert app.lines() == told(START)
    assert third.becomes("live").state() == "MASTER"


def test_what_waited_for_its_turn_where_a_master_died_is_no_suspect(servers):
    first = servers[0].start(*OPTIONS).becomes("master")
    for server in servers[1:]:
        server.start(*OPTIONS).becomes("read")
    path, holds = deploy_deadly(first), first.cluster.holds
    begin = f"{path}/effectors/{{}}?timeout=0"
    first.ask("POST", begin.format("block"), {"after": "now"})
    for _ in range(AT_ONCE + MORE - 1):
        assert first.ask("POST", begin.format("dawdle"), {"until": "go"}).status == 202
    for server in servers[1:]:
        eventually("others know the entity", lambda s=server: s.ask("GET", path).status == 200)
        eventually(
            "others know all tasks",
            lambda s=server: len(tasks_of(s, path, "dawdle")) == AT_ONCE + MORE - 1,
        )

    (holds / "now").touch()

    third = eventually("a third master", lambda: next(filter(leads_third, servers), None))
    found = third.get("/v1/interrupted")
    assert {one["cause"] for one in found} == {"suspect"}
    assert Counter(one["name"] for one in found) == {"block": 1, "dawdle": AT_ONCE - 1}
    (holds / "go").touch()
    suspects = {one["id"] for one in found}
    going_on = [one["id"] for one in tasks_of(third, path, "dawdle") if one["id"] not in suspects]
    assert len(going_on) == MORE
    for one in going_on:
        activity = f"/v1/activities/{one}"
        eventually("it ends", lambda a=activity: third.ask("GET", a).status == 200)
        assert third.get(activity)["currentStatus"] == "Completed"
    assert third.becomes("live").state() == "MASTER"
