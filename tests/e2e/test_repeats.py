"""Writes survive the death of the master, and of their door: each is done once, and answered."""

from __future__ import annotations

import collections
import concurrent.futures
import subprocess
import threading
from http.client import HTTPException

import pytest
from tests.e2e.servers import BROOKLINE, eventually

from brookline.client.client import Client
from brookline.client.session import make_request

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

WRITES, THREADS = 60, 12
CLIENT_S = 30.0
CHILD = "services:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n  name: {}\n"


def adding(app):
    return f"/v1/applications/{app}/entities/{app}/children?start=false"


def names_of_children(server, app):
    """Return how often there is a child of each name: done twice, a write makes two of them."""
    _, *added = server.get(f"/v1/applications/{app}/entities/{app}/children")
    return collections.Counter(entity["name"] for entity in added)


def each_once(names):
    return dict.fromkeys(names, 1)


def password_of(server):
    return (server.home / "admin-password").read_text().strip()


class Crowd:
    """Sends writes from several threads; tells when some are done."""

    def __init__(self, send):
        self._send = send
        self.names = [f"child-{number}" for number in range(WRITES)]
        self.answered = threading.Semaphore(0)

    def __enter__(self):
        self._pool = concurrent.futures.ThreadPoolExecutor(THREADS)
        self._futures = [self._pool.submit(self._one, name) for name in self.names]
        return self

    def __exit__(self, *_):
        self._pool.shutdown()

    def _one(self, name):
        try:
            return self._send(name)
        finally:
            self.answered.release()

    def wait_for(self, count):
        for _ in range(count):
            assert self.answered.acquire(timeout=CLIENT_S)

    def errors(self):
        """Return what went wrong for the clients."""
        found = []
        for future in self._futures:
            try:
                status = future.result(CLIENT_S)
            except (OSError, HTTPException) as error:
                found.append(repr(error))
            else:
                if status != 201:
                    found.append(status)
        return found


@pytest.mark.parametrize("key", [True, False], ids=["with-keys", "without-keys"])
def test_no_client_of_a_standby_sees_an_error_when_the_master_is_killed(cluster, key):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n2)

    def send(name):
        headers = {"content-type": "application/yaml"} | ({"idempotency-key": name} if key else {})
        body = CHILD.format(name)
        return n2.ask("POST", adding(app), body, headers=headers, timeout_s=CLIENT_S).status

    with Crowd(send) as crowd:
        crowd.wait_for(WRITES // 4)
        n1.kill()

    assert crowd.errors() == []
    assert names_of_children(n2, app) == each_once(crowd.names)
    assert n2.state() == "MASTER"


def test_no_client_with_a_key_sees_an_error_when_its_door_dies(cluster):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n2)
    password = password_of(n1)

    def send(name):
        with Client([n1.url, n2.url], user="admin", password=password) as client:
            request = make_request(
                "POST",
                adding(app).partition("?")[0],
                query={"start": False},
                body=CHILD.format(name).encode(),
                content_type="application/yaml",
            )
            return client.ask(request).status

    with Crowd(send) as crowd:
        crowd.wait_for(WRITES // 4)
        n1.kill()

    assert crowd.errors() == []
    assert names_of_children(n2, app) == each_once(crowd.names)


def test_commands_that_change_something_go_on_when_the_master_dies(cluster):
    n1, n2 = cluster.pair()
    app = cluster.deploy(n2)
    access = {
        "BROOKLINE_URL": f"{n1.url},{n2.url}",
        "BROOKLINE_USER": "admin",
        "BROOKLINE_PASSWORD": password_of(n1),
    }
    commands = [
        subprocess.Popen(
            [BROOKLINE, "config", app, "--set", f"key-{number}={number}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=cluster.folder,
            env=cluster.environment | access,
        )
        for number in range(4)
    ]
    path = f"/v1/applications/{app}/entities/{app}/config/current-state"
    eventually("one is done", lambda: any("key-" in key for key in n1.get(path)) or None)
    n1.kill()

    for command in commands:
        _, errors = command.communicate(timeout=60)
        assert command.returncode == 0, errors
    assert {f"key-{number}": str(number) for number in range(4)}.items() <= n2.get(path).items()


def test_a_key_is_known_to_a_server_that_was_started_again(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    headers = {"content-type": "application/yaml", "idempotency-key": "mine"}
    first = n1.ask("POST", adding(app), CHILD.format("a"), headers=headers)
    n1.kill()
    n1.start().becomes("master")

    again = n1.ask("POST", adding(app), CHILD.format("a"), headers=headers)
    other = n1.ask("POST", adding(app), CHILD.format("b"), headers=headers)

    assert (again.status, again.body) == (201, first.body)
    assert (other.status, other.json["error"]) == (422, 422)
    assert names_of_children(n1, app) == {"a": 1}


SERVICE = """
name: service
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: process
  brooklyn.config:
    launch.command: echo launched >> {journal}; sleep {seconds}
    checkRunning.command: "true"
    stop.command: "true"
"""


@pytest.mark.parametrize("key", [{"idempotency-key": "mine"}, {}], ids=["with-a-key", "without"])
def test_who_waits_for_an_effector_through_a_standby_gets_its_result(cluster, key):
    n1, n2 = cluster.pair()
    journal = cluster.folder / "journal"
    plan = SERVICE.format(journal=journal, seconds=2)
    headers = {"content-type": "application/yaml"}
    deployed = n2.ask("POST", "/v1/applications", plan, headers=headers).json
    n2.ask("GET", f"/v1/activities/{deployed['id']}?timeout=30s")
    app = f"/v1/applications/{deployed['entityId']}/entities"
    assert journal.read_text() == "launched\n"

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            n2.ask, "POST", f"{app}/process/effectors/restart", {}, headers=dict(key)
        )
        eventually("it is launched again", lambda: journal.read_text() == "launched\n" * 2)
        n1.kill()
        answer = waiting.result(CLIENT_S)

    assert (answer.status, answer.json) == (202, None)
    assert answer.headers["brookline-node"] == n2.get("/v1/server/ha/states")["ownId"]
    assert journal.read_text() == "launched\n" * 2
    assert n2.get(f"{app}/process/sensors/service.state") == "RUNNING"
