"""Commands that wait for work, while its master is killed and a node takes over that showed nothing."""

from __future__ import annotations

import subprocess
import threading

import pytest
from tests.e2e.servers import BROOKLINE, QUICK, eventually

from brookline.client import calls
from brookline.client.client import Client
from brookline.client.course import Patience
from brookline.errors import BrooklineError

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

COLD = (*QUICK, "--ha", "standby")
LINES = 80
PLAN = """
name: counting
location: localhost
services:
- type: vanilla
  name: counter
  brooklyn.config:
    onbox.base.dir: {folder}
    launch.command: |
      i=0
      while [ $i -lt {lines} ]; do i=$((i+1)); echo "line $i"; sleep 0.05; done
      touch running
    checkRunning.command: test -e running
    stop.command: rm running
"""


class Typed:
    """A command that knows both nodes, and is under way."""

    def __init__(self, cluster, *words):
        urls = [word for one in cluster.servers.values() for word in ("--url", one.url)]
        self._words = words
        self._out = cluster.folder / f"{words[0]}-{id(self)}.out"
        with self._out.open("wb") as file:
            self._process = subprocess.Popen(
                [BROOKLINE, *urls, "--home", str(cluster["n1"].home), *words],
                cwd=cluster.folder, env=cluster.environment, stdin=subprocess.DEVNULL,
                stdout=file, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def told(self):
        return self._out.read_text().splitlines()

    def tells(self, line):
        """Wait until the command has printed a line."""
        eventually(f"{self._words} tells {line!r}", lambda: line in self.told() or None)

    def end(self):
        assert self._process.wait(90) == 0, (self._words, self.told())

    def close(self):
        self._process.kill()
        self._process.wait()


class Reader:
    """A program that reads through the client library, one time after the other."""

    def __init__(self, cluster):
        password = (cluster["n1"].home / "admin-password").read_text().strip()
        urls = [one.url for one in cluster.servers.values()]
        patience = Patience(budget_s=60.0)
        self._client = Client(urls, user="admin", password=password, patience=patience)
        self.errors = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()
        self._client.close()

    def _run(self):
        while not self._ended.is_set():
            try:
                self._client.do(calls.applications())
            except BrooklineError as error:
                self.errors.append(repr(error))
            self._ended.wait(0.02)


@pytest.fixture
def typed(cluster):
    begun = []

    def begin(*words):
        begun.append(Typed(cluster, *words))
        return begun[-1]

    yield begin
    for one in begun:
        one.close()


def running(server):
    """Return the id of the work that is under way."""
    tasks = server.get("/v1/activities?running=true")
    return tasks[0]["id"] if tasks else None


def goes_on(typed, first, second):
    """Kill the master while what it does is followed, and see all of it to its end."""
    task = eventually("it has begun", lambda: running(first))
    follower = typed("activity", task, "--follow")
    follower.tells("counter launch | line 15")
    first.kill()
    follower.end()
    lines = [line for line in follower.told() if " line " in line]
    assert lines == [f"counter launch | line {n}" for n in range(1, LINES + 1)]
    assert second.get(f"/v1/activities/{task}")["takenUp"]["count"] == 1


def test_who_waits_for_work_sees_its_end_though_the_next_master_showed_nothing(cluster, typed):
    box = cluster.folder / "box"
    box.mkdir()
    plan = cluster.folder / "plan.yaml"
    plan.write_text(PLAN.format(folder=box, lines=LINES))
    first = cluster["n1"].start(*QUICK).becomes("master")
    second = cluster["n2"].start(*COLD).becomes("standby")
    eventually("the master knows its heir", lambda: cluster.heir(first) == "n2")

    with Reader(cluster) as reader:
        deploying = typed("deploy", str(plan), "--wait")
        goes_on(typed, first, second)
        deploying.end()
    assert reader.errors == []

    first.start(*COLD).becomes("standby")
    eventually("the master knows its heir", lambda: cluster.heir(second) == "n1")
    assert first.state() == "STANDBY"
    refused = first.ask("GET", "/v1/activities")
    assert (refused.status, refused.json["data"]["outcome"]) == (503, "not-done")
    invoking = typed("invoke", "counting", "counter", "restart")
    goes_on(typed, second, first)
    invoking.end()
