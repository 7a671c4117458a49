"""The guard, killed before each command of its script: what is left can be read, and gone on with.

All points if EVERYTHING is set, as by ``make guard``; else some, other ones under each shell.
"""

import os

import pytest
from tests.locations.guard.box import shell
from tests.locations.guard.conftest import SHELLS
from tests.locations.guard.killing import deadly, tracing

EVERYTHING = bool(os.environ.get("EVERYTHING"))


def points_of(box, act):
    """Return the lines that the script comes to, in order."""
    trace = box.tmp_path / "lines"
    act(script=box.copy("tracing.sh", tracing), env={"TRACE": str(trace)})
    return list(dict.fromkeys(map(int, trace.read_text().split())))


def chosen(points, every, name="dash"):
    """Return one of so many points, others under each shell."""
    return points if EVERYTHING else points[SHELLS.index(name) % every :: every]


def dies_at(box, number):
    """Return the variables with which somebody dies at a line, once."""
    life = box.tmp_path / "life"
    life.touch()
    return {"DIES": str(number), "LIFE": str(life)}


def runs(trace):
    return len(trace.read_text().splitlines()) if trace.exists() else 0


@pytest.fixture(params=["flock", "link"])
def locked(request, boxes, name):
    """A box that locks in one of both ways."""
    if request.param == "link" and name != "dash" and not EVERYTHING:
        pytest.skip("under another shell with EVERYTHING only")
    box = boxes(name)
    box.init()
    box.name, box.locking = name, request.param
    file = box.folder / "id"
    file.write_text(file.read_text().replace("flock", request.param))
    return box


@pytest.mark.slow
def test_a_run_that_is_killed_anywhere_is_taken_up_and_the_command_runs_once(locked):
    box = locked
    script = "echo run >>{}; echo out; exit 3"
    dying = box.copy("deadly.sh", deadly)
    points = points_of(box, lambda **more: box.run("s0", script.format(box.tmp_path / "0"), **more))
    assert len(points) > 100
    every = {("dash", "flock"): 3, ("dash", "link"): 8}.get((box.name, box.locking), 16)
    for epoch, number in enumerate(chosen(points, every, box.name), 2):
        trace, step = box.tmp_path / f"{number}", f"s{number}"
        command = script.format(trace)
        box.run(step, command, epoch=epoch, script=dying, env=dies_at(box, number))
        assert box.status(step).words[0] in ("end", "refused"), number
        answer = box.run(step, command, epoch=epoch, fresh=False)
        if answer.words[2] == "lost":
            # Its runner was killed between the gate and the end: nobody knows, and nobody tries again.
            assert runs(trace) <= 1, number
            assert in_runner(box, number), number
        else:
            assert (answer.end, answer.out, runs(trace)) == (("3", "-"), b"out\n", 1), number
        assert box.run(step, command, epoch=epoch, fresh=False).end == answer.end


@pytest.mark.slow
def test_a_kill_that_is_killed_anywhere_is_done_again_and_nothing_runs(locked, until, alive):
    box = locked
    dying = box.copy("deadly.sh", deadly)

    def begin(step):
        box.begin_run(step, f"echo $$ >>{box.tmp_path / step}; exec sleep 100", epoch=0)
        until(lambda: box.output(step, "stdout") and (box.tmp_path / step).exists())

    def points(step):
        return points_of(box, lambda **more: box.kill(step, grace=1, **more))

    begin("s0")
    for begun, lines in ((True, points("s0")), (False, points("x0"))):
        for number in chosen(lines, 16, box.name):
            step = f"{'s' if begun else 'x'}{number}"
            if begun:
                begin(step)
            box.kill(step, grace=1, script=dying, env=dies_at(box, number))
            assert box.status(step).words[0] in ("end", "refused"), number
            box.kill(step, grace=1)
            answer = box.run(step, f"echo again >>{box.tmp_path / step}", fresh=False)
            if begun:
                assert answer.end in (("143", "cancelled"), ("143", "-"), ("-", "cancelled")), (
                    number
                )
                [pid] = (box.tmp_path / step).read_text().split()
                assert not alive(int(pid)), number
            else:
                assert answer.words == ["refused", "killed"], number
                assert not (box.tmp_path / step).exists(), number


@pytest.mark.slow
def test_a_collection_that_is_killed_anywhere_leaves_the_outcome_or_a_mark(plain):
    box = plain
    dying = box.copy("deadly.sh", deadly)
    box.run("s0")
    points = points_of(box, lambda **more: box.collect("s0", **more))
    for number in chosen(points, 4):
        trace, step = box.tmp_path / f"{number}", f"s{number}"
        (box.folder / "swept").unlink(missing_ok=True)
        box.run(step, f"echo run >>{trace}; exit 3")
        box.collect(step, script=dying, env=dies_at(box, number))
        answer = box.run(step, f"echo run >>{trace}; exit 3", fresh=False)
        assert answer.words[:2] == ["refused", "collected"] or answer.end == ("3", "-"), number
        box.collect(step)
        assert box.run(step, f"echo run >>{trace}", fresh=False).words == ["refused", "collected"]
        assert runs(trace) == 1, number
        assert not box.step(step).exists()


def test_a_folder_whose_making_is_killed_anywhere_is_made_by_the_next(boxes):
    name = "dash" if shell("dash") else "bash"
    first = boxes(name)
    for number in chosen(points_of(first, first.init), 2):
        box = boxes(name)
        dying = box.copy("deadly.sh", deadly)
        box.init(script=dying, env=dies_at(box, number))
        assert box.init().words == ["ok"], number
        assert box.run("s1", "exit 3").end == ("3", "-"), number


def in_runner(box, number):
    """Tell whether a line of the script is of what runs beside the guard."""
    lines = box.script.read_text().splitlines()
    names = [line.split("(")[0] for line in lines[: number + 1] if "() {" in line]
    return names[-1] in ("g_runner", "g_become", "g_cannot", "g_clock", "g_sizes", "g_start_of")
