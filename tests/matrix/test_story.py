"""What users see while somebody keeps killing masters: a slow answer, and everything done once."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.e2e.servers import eventually
from tests.matrix.bench import OPTIONS, Bench
from tests.matrix.cells import PHASES, START
from tests.matrix.test_matrix import told

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.slow,
    pytest.mark.timeout(180),
    pytest.mark.xdist_group("story"),
]

LEASE_S = 3.5
"""A master that was guessed dead may act for the heartbeat time-out yet, and whoever follows does
nothing unprotected meanwhile; killed sooner each time, nobody ever would."""


class Killer:
    """Kills the master of a pair, again and again, as soon as there is another to follow it."""

    def __init__(self, bench: Bench) -> None:
        self.kills = 0
        self._bench = bench
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Killer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def more(self) -> None:
        """Wait until one more master was killed, and another leads."""
        kills = self.kills
        eventually("one more master is killed", lambda: self.kills > kills)
        eventually("another leads", self._bench.master)

    def _run(self) -> None:
        while not self._ended.is_set():
            master, _ = self._bench.ready()
            if self._ended.wait(LEASE_S):
                return
            master.kill()
            self.kills += 1


@pytest.fixture
def bench(tmp_path):
    """A pair whose masters are killed, and a node beside them that never leads."""
    made = Bench(tmp_path / "plane")
    made.ready()
    made.cluster["door"].start("--ha", "hot_backup", *OPTIONS).becomes("read")
    yield made
    print(made.log())
    made.close()


@pytest.fixture
def aside():
    """Runs something while the test goes on."""
    with ThreadPoolExecutor() as pool:
        yield pool.submit


def send(bench, path, body, kind):
    """Send a plain request, once, to the node that only stands by; return status and answer."""
    headers = {**bench.cluster.login, "Content-Type": kind}
    request = urllib.request.Request(
        bench.cluster["door"].url + path, data=body.encode(), headers=headers, method="POST"
    )
    try:
        with urllib.request.urlopen(request, timeout=90) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, refusal.read().decode()


def held_up(app, killer, request, *commands):
    """Have a master die in the midst of each of these commands, which a request waits for."""

    def runs(command):
        assert not (request and request.done()), request.result()
        return f"begin {command}" in app.lines()

    for command in commands:
        eventually(f"{command} runs", lambda c=command: runs(c))
        killer.more()
        app.open_gate(command)


def phases_in(shown):
    """Return the phases that a command said had ended well, in the order in which it said so."""
    assert "✗" not in shown
    said = [line.split() for line in shown.splitlines() if " ✓ " in line]
    phases = {one.step for one in PHASES}
    return [name for entity, name, *_ in said if entity == "process" and name in phases]


def test_commands_are_typed_while_masters_die(bench, aside, app):
    plan = bench.cluster.folder / "app.yaml"
    plan.write_text(json.dumps(app.plan([*START, "stop"])))
    gates = ("install", "post-launch")
    app.close_gates([*gates, "poke"])

    with Killer(bench) as killer:
        deploying = aside(bench.cluster.typed, "deploy", str(plan), "--wait")
        held_up(app, killer, deploying, *gates)
        deployed = deploying.result()
        assert deployed.returncode == 0, deployed
        assert "RUNNING" in deployed.stdout
        assert phases_in(deployed.stderr) == [one.step for one in PHASES if not one.effector]

        script = f"script={app.script('poke')}"
        poking = aside(bench.cluster.typed, "invoke", "app", "process", "poke", "-P", script)
        held_up(app, killer, poking, "poke")
        poked = poking.result()
        assert (poked.returncode, poked.stdout) == (0, "begin\nend\n"), poked

    master, _ = bench.ready()
    assert app.lines() == told((*START, "poke"))
    [found] = master.get("/v1/applications")
    path = f"/v1/applications/{found['id']}/entities"
    for entity, name in ((found["id"], "start"), ("process", "poke")):
        tasks = master.get(f"{path}/{entity}/activities?limit=-1")
        mine = [one for one in tasks if "submittedByTask" not in one]
        assert [(one["displayName"], one["currentStatus"]) for one in mine] == [(name, "Completed")]


def test_a_plain_request_to_a_standby_is_answered_and_done_once(bench, aside, app):
    app.close_gates(["install", "poke"])

    with Killer(bench) as killer:
        text = json.dumps(app.plan([*START, "stop"]))
        status, answer = send(bench, "/v1/applications", text, "application/yaml")
        assert status == 201, answer
        app.follow(json.loads(answer))
        held_up(app, killer, None, "install")
        assert app.finished(bench.cluster["door"])["currentStatus"] == "Completed"

        call = f"{app.path('process')}/effectors/poke?timeout=never"
        script = json.dumps({"script": app.script("poke")})
        poking = aside(send, bench, call, script, "application/json")
        held_up(app, killer, poking, "poke")
        status, answer = poking.result()
        # Status and form of the answer are AMP's for the result of an effector.
        assert (status, answer) == (202, "begin\nend")

    assert app.lines() == told((*START, "poke"))


def test_no_plain_deploy_is_refused_or_done_twice(bench):
    plan = "name: {}\nservices:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n"
    names = []
    with Killer(bench) as killer:
        while killer.kills < 2:
            names.append(f"app{len(names)}")
            text = plan.format(names[-1])
            status, answer = send(bench, "/v1/applications", text, "application/yaml")
            assert status == 201, answer

    master, _ = bench.ready()
    assert sorted(one["spec"]["name"] for one in master.get("/v1/applications")) == sorted(names)
