"""Backups of real planes: made while servers run, restored after their end, and what machines say to it."""

from __future__ import annotations

import json
import os
import signal

import pytest
from tests.e2e.test_cli import Folder, until

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(240)]

PLAN = """\
name: {name}
location: localhost
services:
- type: VanillaSoftwareProcess
  name: server
  brooklyn.config:
    onbox.base.dir: {base}
    launch.command: |
      {launch}
      sleep 600 &
      echo $! > "$PID_FILE"
"""


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    # For so long the first master of a restored plane leaves machines to that of the old one.
    folder.times["BROOKLINE_HA_TIMEOUT"] = "6s"
    yield folder
    for server in folder.servers:
        if server.poll() is None:
            server.send_signal(signal.SIGCONT)
            server.kill()
            server.wait()
    for pid_file in (tmp_path / "base").rglob("pid.txt"):
        text = pid_file.read_text().strip()
        if text.isdecimal():
            end(int(text))


def end(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def start(folder, name, *options):
    server = folder.start(name, *options)
    until(f"{name} leads", lambda: leads(folder, name))
    return server


def leads(folder, name):
    ran = folder.run("ha", "status", "-o", "json", "--home", name)
    return ran.returncode == 0 and json.loads(ran.stdout).get("masterId")


def write_plan(folder, name, launch=":"):
    path = folder.path / f"{name}.yaml"
    path.write_text(PLAN.format(name=name, base=folder.path / "base", launch=launch))
    return path.name


def kill(folder, server):
    server.kill()
    server.wait()


def test_a_plane_is_restored_as_of_an_entry_and_machines_obey_it_and_not_the_old_one(folder):
    old = start(folder, "n1")
    folder.ok("deploy", write_plan(folder, "kept"), "--wait")
    folder.ok("backup", "create", "--to", "b.zip")
    folder.ok("deploy", write_plan(folder, "later"), "--wait")
    refused = folder.run("backup", "restore", "b.zip", "restored")
    assert refused.returncode == 16
    assert "lives: node n1 beats" in refused.stderr
    kill(folder, old)

    assert "restored as plane" in folder.ok("backup", "restore", "b.zip", "restored")
    options = ("--persistence-dir", "restored")
    new = start(folder, "n2", *options)
    apps = json.loads(folder.ok("apps", "-o", "json", "--home", "n2"))
    assert [app["spec"]["name"] for app in apps] == ["kept"]
    folder.ok("invoke", "kept", "server", "restart", "--home", "n2")
    assert show_state(folder, "n2", "kept") == "RUNNING"
    kill(folder, new)

    # The old plane again, which knows nothing of the restore: the machine does not obey it any more.
    start(folder, "n1")
    ran = folder.run("invoke", "kept", "server", "restart", "--home", "n1")
    assert ran.returncode == 12
    assert "the machine has seen the mastership" in ran.stdout + ran.stderr


def show_state(folder, home, app):
    return json.loads(folder.ok("show", app, "-o", "json", "--home", home))["sensors"][
        "service.state"
    ]


def test_what_ran_at_the_point_is_interrupted_and_resumed_without_doing_it_twice(folder):
    old = start(folder, "n1")
    marks = folder.path / "launches"
    launch = f"echo launched >> {marks}; until test -e {folder.path}/go; do sleep 0.1; done"
    folder.ok("deploy", write_plan(folder, "slow", launch))
    until("the launch runs", marks.exists)
    folder.ok("backup", "create", "--to", "b.zip")
    kill(folder, old)
    (folder.path / "go").touch()

    folder.ok("backup", "restore", "b.zip", "restored")
    start(folder, "n2", "--persistence-dir", "restored")
    assert show_state(folder, "n2", "slow") == "ON_FIRE"
    (found,) = json.loads(folder.ok("interrupted", "-o", "json", "--home", "n2"))
    assert found["cause"] == "restored"
    assert "failover" not in found
    folder.ok("interrupted", "resume", found["id"], "--yes", "--wait", "--home", "n2")
    assert show_state(folder, "n2", "slow") == "RUNNING"
    assert marks.read_text() == "launched\n"


def test_beside_the_old_plane_the_new_one_leaves_its_machines_to_it(folder):
    start(folder, "n1")
    folder.ok("deploy", write_plan(folder, "kept"), "--wait")
    folder.ok("backup", "restore", "shared", "restored", "--beside")
    start(folder, "n2", "--persistence-dir", "restored")
    folder.ok("invoke", "kept", "server", "restart", "--home", "n2")
    folder.ok("invoke", "kept", "server", "restart", "--home", "n1")
    guards = {path.parent.name for path in (folder.path / "base").rglob("epoch")}
    assert len(guards) >= 2


def test_a_node_that_knew_the_old_plane_says_that_it_is_another(folder):
    old = start(folder, "n1")
    folder.ok("backup", "create", "--to", "b.zip")
    url = (folder.path / "n1" / "address").read_text().strip()
    by_server = folder.ok("journal", "show", "--url", url, "--to", "3")
    assert by_server == folder.ok("journal", "show", "--home", "n1", "--to", "3")
    plane = json.loads(folder.ok("ha", "status", "-o", "json", "--home", "n1"))["planeId"]
    old.terminate()
    assert old.wait(30) == 0
    (folder.path / "shared").rename(folder.path / "gone")
    folder.ok("backup", "restore", "b.zip", "shared", "--although-unseen")
    start(folder, "n1")
    assert "another plane than before is in the store" in (folder.path / "n1.log").read_text()
    now = json.loads(folder.ok("ha", "status", "-o", "json", "--home", "n1"))["planeId"]
    assert now != plane
    folder.ok("journal", "verify", "--home", "n1")


def automatic(folder, home):
    """Return what a node has backed up by itself: why, and up to which entry; oldest first."""
    ran = folder.ok("backup", "list", f"{home}/data/backups", "-o", "json")
    return [(one["why"], one["sequence"], one["file"]) for one in json.loads(ran)]


def test_a_node_backs_up_when_it_begins_to_lead_and_when_it_ceases_to(folder):
    first = start(folder, "n1", "--backups-kept", "2")
    folder.ok("deploy", write_plan(folder, "kept"), "--wait")
    backups = folder.path / "n1" / "data" / "backups"
    until("the first backup", lambda: backups.exists() and list(backups.glob("*.zip")))
    folder.start("n2")
    until("n2 stands by", lambda: "n2" in folder.run("ha", "status", "--home", "n1").stdout)
    folder.ok("ha", "switchover", "--to", "n2", "--yes", "--home", "n1")
    until("a backup at the demotion", lambda: len(automatic(folder, "n1")) == 2)
    until("a backup at n2's promotion", (folder.path / "n2/data/backups").exists)
    until("it is whole", lambda: len(automatic(folder, "n2")) == 1)
    assert [why for why, *_ in automatic(folder, "n1")] == ["promotion", "demotion"]
    assert [why for why, *_ in automatic(folder, "n2")] == ["promotion"]

    folder.ok("ha", "switchover", "--to", "n1", "--yes", "--home", "n1")
    until(
        "the third of n1",
        lambda: [w for w, *_ in automatic(folder, "n1")] == ["demotion", "promotion"],
    )
    first.terminate()
    assert first.wait(30) == 0
    (_, _, _), (why, seq, file) = automatic(folder, "n1")
    assert why == "demotion"
    assert "all is as it was written" in folder.ok("backup", "verify", file)
    for server in folder.servers:
        kill(folder, server)
    folder.ok("backup", "restore", file, "restored")
    out = folder.ok("journal", "show", "--persistence-dir", "restored", "-o", "json")
    assert json.loads(out.splitlines()[0])["sequence"] == seq + 1
    start(folder, "n3", "--persistence-dir", "restored")
    assert show_state(folder, "n3", "kept") == "RUNNING"


def test_backups_can_be_switched_off_as_in_amp(folder):
    off = "brooklyn.persistence.backups.required.promotion=false"
    server = start(folder, "n1", "--set", off)
    server.terminate()
    assert server.wait(30) == 0
    assert not (folder.path / "n1" / "data" / "backups").exists()
