"""Work whose master is killed: what goes on by itself, and what somebody decides about."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from pathlib import Path

import pytest
from tests.e2e.servers import BROOKLINE, QUICK, eventually
from tests.e2e.till import Till

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

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
{more}      i=0
      while [ $i -lt {lines} ]; do i=$((i+1)); echo "line $i"; echo "odd $i" >&2; sleep 0.05; done
      touch running
    checkRunning.command: test -e running
    stop.command: rm running
"""


@pytest.fixture
def till(cluster):
    return Till(cluster)


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


BESIDE = """\
      sleep 300 &
      echo $! > {folder}/child
      sh -c 'trap "" TERM; sleep 300; true' &
      echo $! > {folder}/stubborn
      wait
"""
"""What a command may have beside it, also of what does not heed SIGTERM."""

NAMES = ("pid", "child", "stubborn")
"""Files in which it wrote the ids of these processes."""


class Counting:
    """An application whose launch prints numbered lines, and takes a while."""

    def __init__(self, cluster, more=""):
        self.folder = cluster.folder / "box"
        self.folder.mkdir()
        self.first, self.second = cluster.pair(*QUICK)
        more = more.format(folder=self.folder)
        plan = COUNTING.format(folder=self.folder, lines=LINES, more=more)
        answer = self.first.ask(
            "POST", "/v1/applications", plan, headers={"content-type": "application/yaml"}
        )
        self.task = answer.json["id"]

    def pid(self, name="pid"):
        with contextlib.suppress(FileNotFoundError, ValueError):
            return int((self.folder / name).read_text())
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


def in_group(group):
    """Return the processes of a group that run, by their ids."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, _, of, *_ = path.read_text().rpartition(")")[2].split()
            if int(of) == group and state != "Z":
                found.append(int(path.parent.name))
    return found


def test_what_another_master_began_is_cancelled_with_all_its_processes(cluster):
    counting = Counting(cluster, BESIDE)
    pids = [eventually("it runs", lambda n=name: counting.pid(n)) for name in NAMES]
    eventually("it writes", lambda: counting.step(counting.first, "launch"))
    group = os.getpgid(pids[0])
    assert group != os.getpgid(0)
    assert set(pids) <= set(in_group(group)), "all are of one group, which is to be killed"
    counting.first.kill()
    counting.second.becomes("master")
    assert set(pids) <= set(in_group(group)), "none has noticed"

    cancelled = ran(cluster, "activity", "cancel", counting.task)

    assert cancelled.returncode == 0, cancelled.stderr
    assert in_group(group) == []
    task = counting.second.get(f"/v1/activities/{counting.task}")
    assert task["isCancelled"] is True
    assert ran(cluster, "activity", "cancel", counting.task).returncode == 16
