"""The command line against real servers, as a user types it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(180)]

BROOKLINE = [sys.executable, "-m", "brookline.cli.main"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "web.yaml"
PATIENCE_S = 40

WEB = """\
name: web
location: localhost
services:
- type: VanillaSoftwareProcess
  name: server
  brooklyn.config:
    launch.command: |
      mkdir -p www
      echo hello > www/index.html
      cd www
      nohup {python} -m http.server {port} --bind 127.0.0.1 > ../log 2>&1 &
      echo $! > "$PID_FILE"
"""

SLOW = """\
name: slow
location: localhost
services:
- type: VanillaSoftwareProcess
  name: server
  brooklyn.config:
    launch.command: echo launched >>launches; sleep 3; touch running
    checkRunning.command: test -e running
    stop.command: rm running
"""


def free_port():
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as sock:
        return sock.getsockname()[1]


def until(what, look, *, seconds=PATIENCE_S):
    deadline = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < deadline, f"not seen within {seconds} s: {what}"
        time.sleep(0.05)
    return found


class Folder:
    """A folder with homes of nodes, in which commands are typed.

    Attributes:
        times: Of the nodes, as they stand in their environment; commands do not see them.
    """

    def __init__(self, path):
        self.path = path
        self.servers = []
        self.times = {}
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith("BROOKLINE_")}

    def start(self, name, *options):
        home = self.path / name
        (home / "address").unlink(missing_ok=True) if home.exists() else None
        with (self.path / f"{name}.log").open("ab") as log:
            server = subprocess.Popen(
                [
                    *(*BROOKLINE, "server", "--home", name, "--persistence-dir", "shared"),
                    *("--port", "0", "--no-global-properties", *options),
                ],
                cwd=self.path,
                env=self.environment | self.times,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.servers.append(server)
        return server

    def pid(self, name):
        return int((self.path / name / "pid.txt").read_text())

    def run(self, *arguments, **options):
        return subprocess.run(
            [*BROOKLINE, *arguments],
            cwd=self.path,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=90,
            check=False,
            **options,
        )

    def ok(self, *arguments):
        ran = self.run(*arguments)
        assert ran.returncode == 0, f"{arguments}: {ran.returncode}\n{ran.stdout}\n{ran.stderr}"
        return ran.stdout

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "-o", "json"))

    def roles(self):
        """Return the state of each living node by its name, or nothing while nobody answers."""
        ran = self.run("ha", "status", "-o", "json")
        if ran.returncode != 0:
            return {}
        nodes = json.loads(ran.stdout).get("nodes", {}).values()
        living = [node for node in nodes if node["status"] not in ("FAILED", "TERMINATED")]
        return {node["name"]: node["status"] for node in living if not self._is_stale(node)}

    def _is_stale(self, node):
        return (node.get("heartbeatAgeMs") or 0) > 3000

    def until_roles(self, **roles):
        until(f"roles {roles}", lambda: roles.items() <= self.roles().items())

    def end(self):
        for server in reversed(self.servers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(server.pid, signal.SIGCONT)
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    yield folder
    folder.end()


@pytest.fixture
def pair(folder):
    folder.start("n1", "--ha", "master")
    folder.until_roles(n1="MASTER")
    folder.start("n2")
    folder.until_roles(n1="MASTER", n2="HOT_STANDBY")
    return folder


@pytest.fixture
def web(pair):
    """The file of a blueprint whose process is ended in any case."""
    port = free_port()
    path = pair.path / "web.yaml"
    path.write_text(WEB.format(python=sys.executable, port=port))
    yield path
    if json.loads(pair.run("apps", "-o", "json").stdout or "[]"):
        pair.run("delete", "web", "--wait")


def test_an_application_outlives_its_master(pair, web):
    deployed = pair.run("deploy", str(web), "--wait")
    assert deployed.returncode == 0, deployed.stderr
    assert "RUNNING" in deployed.stdout
    assert "launch ✓" in deployed.stderr
    [app] = pair.json("apps")

    os.kill(pair.pid("n1"), signal.SIGKILL)
    pair.until_roles(n2="MASTER")

    assert pair.json("show", "web")["id"] == app["id"]
    assert "server" in pair.ok("tree", "web")
    assert pair.json("sensors", "web", "server", "-n", "service.isUp") is True
    pair.ok("config", "web", "--set", "a=b")
    assert pair.ok("config", "web", "-n", "a") == "b\n"
    assert "restart" in pair.ok("effectors", "web", "server")
    pair.ok("invoke", "web", "server", "restart")
    assert "restart" in pair.ok("activity")
    latest = pair.json("ha", "history")[0]
    assert (latest["name"], latest["reason"]) == ("n2", "process gone")

    pair.start("n1", "--ha", "auto")
    pair.until_roles(n1="HOT_STANDBY", n2="MASTER")
    assert "n1 leads. Done in" in pair.ok("ha", "switchover", "--to", "n1", "--yes")
    pair.until_roles(n1="MASTER", n2="HOT_STANDBY")

    assert "web is gone." in pair.ok("delete", "web", "--wait")
    assert pair.json("apps") == []


@pytest.mark.parametrize("given", [(), ("n1",)], ids=["all addresses", "only that of the master"])
def test_a_deploy_that_is_waited_for_survives_the_death_of_its_master(pair, given):
    urls = [("--url", (pair.path / name / "address").read_text().strip()) for name in given]
    slow = pair.path / "slow.yaml"
    slow.write_text(SLOW)
    waiting = subprocess.Popen(
        [*BROOKLINE, "deploy", str(slow), "--wait", "--timeout", "60s", *sum(urls, ())],
        cwd=pair.path,
        env=pair.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until("its launch has begun", lambda: "launch" in pair.ok("activity", "--all"))
    os.kill(pair.pid("n1"), signal.SIGKILL)
    out, err = waiting.communicate(timeout=90)
    assert waiting.returncode == 0, out + err
    assert "RUNNING" in out
    [start] = pair.json("activity", "--app", "slow")
    assert (start["currentStatus"], start["takenUp"]["attached"]) == ("Completed", 1)
    run_dir = pair.json("sensors", "slow", "server", "-n", "run.dir")
    assert Path(run_dir, "launches").read_text() == "launched\n"
    assert "slow is gone." in pair.ok("delete", "slow", "--wait")


def test_admin_actions_reach_the_node_that_is_named(pair):
    assert pair.ok("ha", "priority", "n2", "7") == "n2: priority 0 → 7\n"
    assert "n2: HOT_STANDBY → STANDBY" in pair.ok("ha", "mode", "n2", "standby")
    pair.until_roles(n2="STANDBY")
    assert pair.run("ha", "switchover", "--to", "nobody", "-y").returncode == 2
    assert "n2 leads" in pair.ok("ha", "promote", "n2", "--yes")
    pair.until_roles(n1="HOT_STANDBY", n2="MASTER")
    os.kill(pair.pid("n1"), signal.SIGTERM)
    until("n1 has ended", lambda: pair.servers[0].poll() is not None)
    until("n1 is TERMINATED", lambda: "TERMINATED" in pair.ok("ha", "status"))
    assert "forgot n1" in pair.ok("ha", "clear")
    assert "n1" not in pair.roles()


def test_watching_tells_the_story_of_a_failover(pair):
    with (pair.path / "watch").open("wb") as out:
        watch = subprocess.Popen(
            [*BROOKLINE, "ha", "status", "--watch"], cwd=pair.path, env=pair.environment, stdout=out
        )
    seen = pair.path / "watch"
    try:
        until("the plane", lambda: "HOT_STANDBY" in seen.read_text())
        os.kill(pair.pid("n1"), signal.SIGKILL)
        until("the failover", lambda: "n2 leads (epoch 2)" in seen.read_text())
    finally:
        watch.send_signal(signal.SIGINT)
        assert watch.wait(10) == 0


def test_what_is_refused_is_told_and_has_its_status(pair):
    bad = pair.path / "bad.yaml"
    bad.write_text("name: x\nservices:\n- type: no-such-type\n- typ: y\n")
    ran = pair.run("deploy", "bad.yaml", "--wait")
    assert ran.returncode == 2
    assert "bad.yaml:3:9: " in ran.stderr
    assert "bad.yaml:4:3: " in ran.stderr
    assert "nothing was deployed" in ran.stderr
    assert pair.json("apps") == []
    assert pair.run("apps", "--user", "admin", "--password", "wrong").returncode == 14
    assert pair.run("show", "nope").returncode == 2
    assert pair.run("activity", "nope").returncode == 2
    assert pair.run("apps", "--url", f"http://127.0.0.1:{free_port()}").returncode == 13


def test_commands_trust_the_certificate_of_a_local_node(folder):
    folder.start("n1", "--https")
    folder.until_roles(n1="MASTER")
    assert folder.json("version")["server"]
    assert folder.path.joinpath("n1", "address").read_text().startswith("https://")
    assert folder.run("doctor", "--store", "shared").returncode == 0


def test_commands_trust_the_certificates_of_all_local_nodes(folder):
    folder.start("n1", "--https")
    folder.until_roles(n1="MASTER")
    folder.start("n2", "--https")
    folder.until_roles(n1="MASTER", n2="HOT_STANDBY")

    folder.ok("ha", "priority", "n2", "4")
    folder.ok("apps", "--home", "n2")
    os.kill(folder.pid("n1"), signal.SIGKILL)

    folder.until_roles(n2="MASTER")
    assert "master n2" in folder.ok("ha", "status")
    folder.ok("apps")


def demo(folder, *options, blueprint=EXAMPLE, status=0):
    """Run the demo to its end; return what it said.

    Its tests are in one group: another demo would take the port that a killed node comes back to.
    """
    ran = subprocess.run(
        [sys.executable, "-m", "brookline.cli.demo", "--blueprint", str(blueprint), *options],
        cwd=folder.path, env=folder.environment, capture_output=True, text=True, timeout=150,
        check=False,
    )  # fmt: skip
    assert ran.returncode == status, ran.stdout + ran.stderr
    return ran.stdout


@pytest.mark.xdist_group("demo")
def test_the_demo_sees_all_that_it_promises(folder):
    told = demo(folder)
    for words in (
        "process gone",
        "standby elected",
        "the command never noticed",
        "its output is whole: 50 parts, none missing, none twice",
        "each command ran once, in order",
        "attached to: install; resumed by running it again: none",
        "every acknowledged write is there",
        "Timeline",
    ):
        assert words in told
    assert not list(Path(folder.path / ".demo").glob("*/pid.txt")), "all is ended"


@pytest.mark.xdist_group("demo")
def test_a_demo_that_does_not_see_what_it_promises_says_what_and_fails(folder):
    blueprint = folder.path / "broken.yaml"
    blueprint.write_text(
        "name: Web\nlocation: localhost\nservices:\n- type: vanilla\n  name: web\n"
        "  brooklyn.config: {launch.command: exit 7, checkRunning.command: 'true'}\n"
    )

    told = demo(folder, blueprint=blueprint, status=1)

    assert "✗ not seen: the application runs" in told
    assert "exit code 7" in told
    assert "Timeline" not in told
    assert not list(Path(folder.path / ".demo").glob("*/pid.txt")), "all is ended"


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.read())
    except OSError:
        return False


@pytest.mark.xdist_group("demo")
def test_a_demo_that_is_kept_can_be_looked_at_until_it_is_ended(folder):
    told = demo(folder, "--keep")
    try:
        n1, n2, page, password = re.search(
            r"n1 (\S+)   n2 (\S+)   page (\S+)\s+Log in as admin with password (\S+)", told
        ).groups()
        assert answers(page)
        looked = folder.run("apps", "--url", n2, "--user", "admin", "--password", password)
        assert "Web" in looked.stdout
        assert answers(f"{n1}/healthz/live")
    finally:
        demo(folder, "--stop")
    assert not any(map(answers, (f"{n1}/healthz/live", f"{n2}/healthz/live", page)))
