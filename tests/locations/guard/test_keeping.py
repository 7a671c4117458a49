"""What the guard keeps and locks: full disks, machines without tools, old steps, dead holders."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest
from tests.locations.guard.box import SCRIPT, all_at_once, path_without
from tests.locations.guard.conftest import missing
from tests.locations.guard.killing import traced, tracing

DAY_S = 86400


@pytest.mark.slow
def test_without_flock_and_setsid_twenty_masters_run_a_step_once(
    boxes, name, tmp_path, until, alive
):
    box = boxes(name, path=path_without(tmp_path, "flock", "setsid"))
    made = box.init()
    if name in ("dash", "busybox") and made.words[0] == "failed":  # they want a terminal for it
        assert made.words[1:] == ["neither", "setsid", "nor", "job", "control", "is", "here"]
        return
    assert (box.folder / "id").read_text() == "first link job\n"
    trace = box.tmp_path / "trace"
    script = f"echo run >>{trace}; sleep 0.1; exit 5"
    ends = all_at_once(
        lambda epoch: box.run("s1", script, epoch=epoch, fresh=False).words[:2], range(1, 21)
    )
    assert trace.read_text() == "run\n"
    assert all(end in (["end", "5"], ["refused", "epoch"]) for end in ends)
    assert ["end", "5"] in ends
    box.begin_run("s2", "trap '' TERM; sleep 100 & sleep 100", epoch=20)
    runner = until(lambda: box.runner("s2"))
    assert box.kill("s2", epoch=20, grace=1).end == ("-", "cancelled")
    assert not alive(runner)
    assert not list(box.folder.glob("held*")) + list(box.folder.glob("lock.*"))


def has_tried_twice(_box, trace):
    """Tell whether somebody who is traced has found the lock held, and held still when he came again."""
    lines = SCRIPT.read_text().splitlines()
    return sum("g_break_lock || g_sleep" in lines[number] for number in traced(trace)) >= 2


def is_queued(box, _trace):
    """Tell whether the kernel lets somebody wait for the lock."""
    inode = (box.folder / "lock").stat().st_ino
    waiting = [one for one in Path("/proc/locks").read_text().splitlines() if " -> " in one]
    return any(f":{inode} " in one for one in waiting)


WAITS = {"flock": is_queued, "link": has_tried_twice}


@pytest.mark.parametrize("locking", ["flock", "link"])
def test_a_lock_survives_the_death_of_its_holder(box, until, locking):
    (box.folder / "id").write_text(f"first {locking} fork\n")
    frozen = box.copy(
        "frozen.sh",
        lambda text: text.replace("g_claim() {", "g_claim() {\n  echo has it; sleep 100"),
    )
    words, payload = box.run_words("s1", "exit 3")
    holder = box.begin(*words, stdin=payload, script=frozen)
    assert holder.stdout.readline() == b"has it\n"
    words, payload = box.run_words("s2", "exit 4")
    trace = box.tmp_path / "lines"
    script = box.copy("tracing.sh", tracing)
    waiting = box.begin(*words, stdin=payload, script=script, env={"TRACE": str(trace)})
    until(lambda: WAITS[locking](box, trace))
    os.killpg(holder.pid, signal.SIGKILL)
    holder.wait()
    assert box.end_of(waiting).end == ("4", "-")
    assert box.run("s1", "exit 3").end == ("3", "-")


def test_the_lock_of_a_machine_that_was_started_anew_is_free(box):
    (box.folder / "id").write_text("first link fork\n")
    (box.folder / "held").write_text(f"{os.getpid()} 1 earlier\n")
    assert box.run("s1", "exit 3").end == ("3", "-")
    assert not (box.folder / "held").exists()


def test_a_limit_of_files_loses_no_exit_code(box):
    script = "trap '' XFSZ; ulimit -f 100; head -c 1000000 /dev/zero || exit 7"
    answer = box.run("s1", script)
    assert (answer.end, answer.out) == (("7", "-"), bytes(100 * 1024))


@pytest.fixture
def small(box):
    """A box whose folder is a file system of one megabyte."""
    if os.geteuid() != 0:
        missing("only root may make a file system")
    box.remove()
    box.folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m,nr_inodes=200", "none", str(box.folder)]
    if (said := subprocess.run(mount, capture_output=True, check=False)).returncode:
        missing(f"cannot mount here: {said.stderr.decode()}")
    box.init()
    yield box
    subprocess.run(["umount", "-l", str(box.folder)], check=True)


FILLS = "head -c 3000000 /dev/zero"


@pytest.mark.parametrize(
    ("script", "code"), [(f"{FILLS}; exit 7", "1"), (f"{FILLS} || exit 7", "7")]
)
def test_a_command_that_fills_the_disk_ends_as_it_ended_and_others_are_not_begun(
    small, script, code
):
    filled = small.run("s1", script)
    assert filled.end == (code, "-")
    with pytest.raises(OSError, match="space"):
        (small.folder / "more").write_bytes(bytes(100_000))
    (small.folder / "more").unlink()
    assert filled.out.count(0) == len(filled.out) > 900_000
    assert filled.err == b""  # for that is no room either
    trace = small.tmp_path / "trace"
    command = f"echo run >>{trace}; exit 4"
    assert small.run("s2", command).words[0] == "failed"
    # The next master needs no room to hear of the first one.
    assert small.run("s1", script, epoch=2, fresh=False)[1:3] == filled[1:3]
    assert not trace.exists()
    small.collect("s1", epoch=2)
    assert small.run("s2", command, epoch=2, fresh=False).end == ("4", "-")
    assert trace.read_text() == "run\n"
    assert small.run("s1", script, epoch=2, fresh=False).words == ["refused", "collected"]


def test_a_step_that_runs_while_the_disk_is_filled_ends_as_it_ended(small):
    go = small.tmp_path / "go"
    process = small.begin_run("s1", f"echo on; while ! test -e {go}; do sleep 0.01; done; exit 3")
    small.await_output("s1", size=1)
    assert small.run("s2", FILLS).end == ("1", "-")
    go.touch()
    assert small.end_of(process).end == ("3", "-")


def test_an_input_that_is_not_complete_begins_nothing(box):
    words, payload = box.run_words("s1", "echo long enough")
    assert box.ask(*words, stdin=payload[:-3]).words[0] == "failed"
    assert not box.step("s1").exists()
    assert list(box.folder.glob("in/*")) == []
    assert box.run("s1", "exit 3").end == ("3", "-")


def test_output_that_was_cut_short_meanwhile_does_not_confuse_the_answer(box):
    answer = box.run("s1", "echo long line; : >/dev/stdout; sleep 0.2; exit 3")
    assert answer.end == ("3", "-")
    assert len(answer.out) in (0, 10)


def later(box, days):
    """Return variables with which it is so many days later for the script."""
    programs = box.tmp_path / f"later{days}"
    programs.mkdir()
    date = programs / "date"
    date.write_text(f"#!/bin/sh\necho $(({int(time.time())} + {days * DAY_S}))\n")
    date.chmod(0o755)
    return {"PATH": f"{programs}:{box.env['PATH']}"}


def test_old_steps_are_forgotten_after_a_day_and_their_marks_after_a_week(box, until):
    box.run("s1")
    box.kill("s2")
    box.begin_run("s3", "sleep 100")
    until(lambda: box.runner("s3"))
    (box.folder / "in" / "s9.999999999").touch()
    box.ask("sweep", box.folder, box.id)
    assert box.run("s1", fresh=False).end == ("0", "-")
    assert list(box.folder.glob("in/*")) == []
    box.ask("sweep", box.folder, box.id, env=later(box, 2))
    assert box.run("s1", fresh=False).words == ["refused", "collected"]
    assert box.run("s2", fresh=False).words == ["refused", "killed"]
    assert [one.name for one in box.folder.glob("steps/*")] == ["s3"]
    box.ask("sweep", box.folder, box.id, env=later(box, 20))
    assert list(box.folder.glob("marks/*")) == []
    assert box.status("s3").lines[0][1] == "running"


def test_sweeping_is_done_once_an_hour(box):
    box.ask("sweep", box.folder, box.id)
    first = (box.folder / "swept").read_text()
    box.ask("sweep", box.folder, box.id)
    assert (box.folder / "swept").read_text() == first
