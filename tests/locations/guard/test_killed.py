"""The guard, killed before each command of its script: what is left can be read, and gone on with.

Commands in functions that only read are passed over: nothing is different there than before the call. There is a
machine for each point, and a few are tried at a time, for some are waited out: a runner that was killed is missed
only after a while.
"""

import functools
import time

import pytest
from tests.locations.guard.box import SCRIPT, all_at_once
from tests.locations.guard.killing import deadly, function_at, readers, traced, tracing

AT_ONCE = 6
RUNNER = {"g_runner", "g_become", "g_cannot"}


def lines_of(box, act):
    """Return the lines that the script comes to, each as often as it does, in order."""
    trace = box.tmp_path / "lines"
    act(script=box.copy("tracing.sh", tracing), env={"TRACE": str(trace)})
    return traced(trace)


def since_lock(lines):
    """Return the lines from the first on that has to do with the lock: before, most change nothing."""
    return lines[[function_of(line) for line in lines].index("g_lock") :]


def while_locking(lines):
    """Return the lines from the first to the last that has to do with the lock."""
    lines = since_lock(lines)
    last = max(n for n, line in enumerate(lines) if function_of(line) == "g_unlock")
    return lines[: last + 1]


def function_of(line):
    return function_at(SCRIPT.read_text(), line)


def at_each(lines, box, attempt):
    """Make an attempt on a box of its own for each line: ``attempt(box, dying)``.

    With the arguments `dying`, whoever comes first to the line dies, and nobody else.
    """
    script = box.copy("deadly.sh", deadly)

    def attempt_at(line):
        one = box.twin(str(line))
        try:
            attempt(one, dying_at(line, one, script))
        except Exception as error:
            error.add_note(f"died at line {line + 1}, in {function_of(line) or 'none'}")
            raise
        return not (one.tmp_path / "life").exists()

    passed = readers(SCRIPT.read_text())
    points = [line for line in dict.fromkeys(lines) if function_of(line) not in passed]
    died = all_at_once(attempt_at, points, threads=AT_ONCE)
    assert sum(died) > 0.9 * len(points)  # by and by there are lines that not every run comes to


def dying_at(line, box, script):
    """Return the arguments with which whoever comes first to a line dies, and nobody else."""
    life = box.tmp_path / "life"
    life.touch()
    return {"script": script, "env": {"DIES": str(line), "LIFE": str(life)}}


def runs(box):
    trace = box.tmp_path / "trace"
    return trace.read_text().splitlines() if trace.exists() else []


@pytest.fixture(params=["flock", "link"])
def locked(request, box):
    """A box that locks in one of both ways."""
    file = box.folder / "id"
    file.write_text(file.read_text().replace("flock", request.param))
    box.locking = request.param
    return box


def points_of(box, act, *, of=list):
    """Return the lines that are tried: if it locks by links, those where that makes a difference."""
    lines = lines_of(box, act)
    return while_locking(lines) if box.locking == "link" else of(lines)


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_is_taken_up_and_the_command_runs_once(locked):
    def run(box, *, fresh=False, **dying):
        command = f"echo run >>{box.tmp_path}/trace; echo out; exit 3"
        return box.run("s1", command, epoch=2, fresh=fresh, **dying)

    def attempt(box, dying):
        run(box, fresh=True, **dying)
        assert box.status("s1").words[0] in ("end", "refused")
        answer = run(box)
        if answer.words[2] == "lost":
            # Its runner was killed between the gate and the end: nobody knows, and nobody tries again.
            assert function_of(int(dying["env"]["DIES"])) in RUNNER
            assert runs(box) in ([], ["run"])
        else:
            assert (answer.end, answer.out, runs(box)) == (("3", "-"), b"out\n", ["run"])
        assert run(box).end == answer.end

    points = points_of(locked, functools.partial(run, locked.twin("traced"), fresh=True))
    assert len(points) > 50
    at_each(points, locked, attempt)


@pytest.mark.slow
def test_a_kill_that_is_killed_anywhere_is_done_again_and_nothing_runs(locked, until, alive):
    def begin(box):
        command = f"echo $$ >>{box.tmp_path}/trace; exec sleep 100"
        process = box.begin_run("s1", command, epoch=0)
        until(lambda: runs(box))
        box.leave(process)

    def attempt(box, dying):
        begin(box)
        box.kill("s1", grace=1, **dying)
        assert box.status("s1").words[0] in ("end", "refused")
        box.kill("s1", grace=1)
        answer = box.run("s1", f"echo again >>{box.tmp_path}/trace", fresh=False)
        assert answer.end in (("143", "cancelled"), ("143", "-"), ("-", "cancelled"))
        [pid] = runs(box)
        assert not alive(int(pid))

    other = locked.twin("traced")
    begin(other)
    kill = functools.partial(other.kill, "s1", grace=1)
    at_each(points_of(locked, kill, of=since_lock), locked, attempt)


def claim(box, step):
    """Have a step claimed by somebody who dies before he starts it."""
    lines = lines_of(box, functools.partial(box.twin("claimed").run, step))
    spawning = next(line for line in lines if function_of(line) == "g_spawn")
    box.run(step, **dying_at(spawning, box, box.copy("deadly.sh", deadly)))
    assert box.status(step).lines[0][1] == "claimed"


@pytest.mark.slow
@pytest.mark.parametrize("step", ["claimed", "unknown"])
def test_a_kill_of_what_was_not_begun_that_is_killed_anywhere_is_done_again(locked, step):
    def attempt(box, dying):
        box.kill(step, **dying)
        assert box.status(step).words[0] in ("end", "refused")
        box.kill(step)
        answer = box.run(step, f"echo run >>{box.tmp_path}/trace", fresh=False)
        assert answer.words == ["refused", "killed"] or answer.end == ("-", "killed")
        assert runs(box) == []

    claim(locked, "claimed")
    (locked.tmp_path / "lines").unlink()
    kill = functools.partial(locked.twin("traced").kill, step)
    at_each(points_of(locked, kill, of=since_lock), locked, attempt)


def collect(box, **dying):
    (box.folder / "swept").write_text(f"{int(time.time())}\n")
    box.collect("s1", **dying)


def sweep(box, **dying):
    (box.folder / "swept").unlink(missing_ok=True)
    box.ask("sweep", box.folder, box.id, **dying)


@pytest.mark.slow
@pytest.mark.parametrize("forget", [collect, sweep])
def test_a_collection_that_is_killed_anywhere_leaves_the_outcome_or_a_mark(box, forget):
    def run_again(box):
        return box.run("s1", f"echo run >>{box.tmp_path}/trace", fresh=False)

    def attempt(box, dying):
        forget(box, **dying)
        answer = run_again(box)
        assert answer.words == ["refused", "collected"] or answer.end == ("3", "-")
        forget(box)
        assert run_again(box).words == ["refused", "collected"]
        assert runs(box) == []
        assert not box.step("s1").exists()

    box.run("s1", "exit 3")
    (box.step("s1") / "seen").write_text("1\n")  # by a sweep that is long ago
    at_each(lines_of(box, functools.partial(forget, box.twin("traced"))), box, attempt)


@pytest.mark.slow
def test_a_folder_whose_making_is_killed_anywhere_is_made_by_the_next(boxes, name):
    def attempt(box, dying):
        box.init(**dying)
        assert box.init().words == ["ok"]
        assert box.run("s1", "exit 3").end == ("3", "-")

    box = boxes(name)
    at_each(lines_of(box, box.twin("traced").init), box, attempt)
