"""brookline ha drill: its verdict on recorded calls, and what it refuses before it does anything."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from brookline.cli.drill_faults import Process
from brookline.cli.drill_load import READ, WRITE, Seen
from brookline.cli.drill_report import judge, longest_gap_ms, screen
from brookline.client.states import Member, PlaneStates
from brookline.errors import Conflict, Outcome
from brookline.server.lock import boot_id


def seen(name, ended=1.0, took=0.1, *, kind=WRITE, **more):
    return Seen(kind, "n1", name, ended - took, ended, more.pop("tries", 1), **more)


def failed(name, outcome):
    return seen(name, error="gave up", outcome=outcome)


SOUND = [seen("a", 1.0), seen("b", 1.5, 0.4, tries=2), seen("", 1.2, 0.01, kind=READ)]


def test_what_clients_saw_of_a_failover_that_lost_nothing():
    verdict = judge(SOUND, ["a", "b", "other"])
    assert verdict.sound
    assert (verdict.acknowledged, verdict.again, verdict.errors) == (2, 1, 0)
    assert (verdict.slowest_write_ms, verdict.slowest_read_ms) == (400, 10)
    assert verdict.longest_gap_ms == 500


def test_an_acknowledged_write_that_is_not_there_is_lost():
    verdict = judge(SOUND, ["a"])
    assert (verdict.sound, verdict.lost) == (False, ("b",))


def test_a_write_that_is_there_twice_was_done_twice():
    verdict = judge(SOUND, ["a", "b", "a"])
    assert (verdict.sound, verdict.doubled) == (False, ("a",))


def test_what_was_refused_must_not_be_there_and_what_is_unknown_may():
    calls = [*SOUND, failed("refused", Outcome.NOT_DONE), failed("unknown", Outcome.UNKNOWN)]
    assert judge(calls, ["a", "b", "unknown"]).sound
    verdict = judge(calls, ["a", "b", "refused"])
    assert (verdict.sound, verdict.refused, verdict.errors) == (False, ("refused",), 2)


def test_gaps_are_of_all_clients_together():
    calls = [seen("a", 1.0), seen("c", 3.0), seen("b", 2.9)]
    assert longest_gap_ms(calls) == 1900
    assert longest_gap_ms([]) == 0


def test_the_screen_says_it_out_loud():
    states = PlaneStates("p", "", "", ())
    lines = [
        block
        for block in screen(judge(SOUND, ["a"]), SOUND, [], states=states, now_ms=0)
        if isinstance(block, str)
    ]
    assert "lost, though acknowledged: 1 (b)" in lines
    assert lines[-1] == "WHAT IS PROMISED DID NOT HOLD"


HOLD = """\
import fcntl, signal, sys
file = open(sys.argv[1], "a+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
signal.pause()
"""


@pytest.fixture
def home(tmp_path):
    """A home whose lock another process holds, which it names."""
    folder = tmp_path / "n1"
    folder.mkdir()
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder / "lock")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "held\n"
    note = {"instance": "instance01", "name": "n1", "pid": process.pid, "boot": boot_id()}
    (folder / "lock").write_text(json.dumps(note))
    yield folder, process
    process.kill()
    process.communicate()


MASTER = Member("instance01", "MASTER", name="n1", host="here")


def test_the_masters_process_is_known_by_the_lock_of_its_home(home, tmp_path):
    folder, process = home
    assert Process.find(MASTER, "", tmp_path).pid == process.pid
    assert Process.find(MASTER, str(folder), tmp_path / "elsewhere").pid == process.pid


def test_a_process_that_has_ended_is_not_signalled(home, tmp_path):
    _, process = home
    found = Process.find(MASTER, "", tmp_path)
    process.kill()
    process.wait()
    with pytest.raises(Conflict, match="has ended meanwhile"):
        found.send(9)
    with pytest.raises(Conflict, match="is not here"):
        Process.find(MASTER, "", tmp_path)


def test_another_nodes_process_is_left_alone(home, tmp_path):
    other = Member("instance02", "MASTER", name="n2", host="there")
    with pytest.raises(Conflict, match=r"the home of n2 \(host there\), which leads, is not here"):
        Process.find(other, "", tmp_path)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        ((), 1, "say how: --kill, --pause or --graceful"),
        (("--graceful", "--kill", "--yes"), 1, "one of them only: --kill, --pause or --graceful"),
        (("--kill", "--pause", "--yes"), 1, "one of them only"),
        (("--graceful",), 1, "give --yes"),
        (("--kill", "--yes"), 16, "is not here"),
        (("--graceful", "--yes", "--timeout", "soon"), 1, "soon"),
    ],
)
def test_bad_input(brookline, plane, arguments, status, said):
    ran = brookline("ha", "drill", *arguments)
    assert ran.status == status
    assert said in ran.err
    assert [one for name in ("n1", "n2") for one in plane[name].writes()] == []


def test_without_a_standby_nothing_is_done(brookline, plane):
    plane["n2"].fields["next"] = None
    ran = brookline("ha", "drill", "--graceful", "--yes")
    assert ran.status == 16
    assert "no node stands by" in ran.err
    assert plane["n1"].writes() == []
