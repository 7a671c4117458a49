"""Folders that go while a command runs: lost, moved, replaced, or given back with their machine."""

import os
import shutil
import signal
import subprocess
import time

import pytest

WAITS = "echo $$ >>{0}/trace; while ! test -e {0}/go; do sleep 0.01; done; echo ended >>{0}/trace"


def waiting(box, until, step="s1"):
    """Begin a command that waits for a sign; return who follows it, once it runs."""
    process = box.begin_run(step, WAITS.format(box.tmp_path))
    until(lambda: traced(box))
    until(lambda: box.runner(step))
    return process


def traced(box):
    trace = box.tmp_path / "trace"
    return trace.read_text().split() if trace.exists() else []


def remove(box):
    return box.ask("remove", box.folder, box.id).words


def test_whoever_follows_a_step_whose_folder_is_lost_is_told_so(box, until):
    first = waiting(box, until)
    second = box.begin("attach", box.folder, box.id, 1, "s1", 0, 0)
    third = box.begin_run("s1", "echo again", fresh=False)
    for process in (second, third):
        assert process.stdout.read(6) == b"began "
    shutil.rmtree(box.folder)
    for process in (first, second, third):
        assert box.end_of(process).words == ["refused", "gone"]
    (box.tmp_path / "go").touch()
    until(lambda: traced(box)[1:] == ["ended"])
    assert not box.folder.exists()


@pytest.mark.parametrize("anew", ["made", "copied"])
def test_a_runner_writes_into_its_own_folder_only(box, until, anew):
    first = waiting(box, until)
    moved = box.tmp_path / "moved"
    box.folder.rename(moved)
    if anew == "copied":
        shutil.copytree(moved, box.folder, symlinks=True)
    else:
        assert box.end_of(first).words == ["refused", "gone"]
        box.init()
        box.step("s1").mkdir()
        shutil.copy(moved / "steps" / "s1" / "end", box.step("s1"))
    blank = (box.step("s1") / "end").read_text()
    (box.tmp_path / "go").touch()
    until(lambda: (moved / "steps" / "s1" / "end").read_text() != blank)
    assert traced(box)[1:] == ["ended"]
    assert (moved / "steps" / "s1" / "end").read_text().split()[0] == "0"
    assert (box.step("s1") / "end").read_text() == blank


def test_a_step_whose_folder_is_put_back_meanwhile_keeps_its_outcome(box, until):
    first = waiting(box, until)
    moved = box.tmp_path / "moved"
    box.folder.rename(moved)
    assert box.end_of(first).words == ["refused", "gone"]
    (box.tmp_path / "go").touch()
    until(lambda: traced(box)[1:] == ["ended"])
    until(lambda: (moved / "steps" / "s1" / "end").read_text().strip())
    moved.rename(box.folder)
    assert box.run("s1", "echo again", fresh=False).end == ("0", "-")


def test_a_runner_that_comes_late_begins_nothing_in_another_folder(box):
    box.folder.rename(box.tmp_path / "moved")
    old = box.id.partition(".")[0]
    box.ask("init", box.folder, "second")
    box.step("s1").mkdir()
    box.ask("runner", box.step("s1"), box.boot, old)
    assert list(box.step("s1").iterdir()) == []


def test_a_machine_that_is_given_back_keeps_nothing_but_a_mark(box):
    box.run("s1")
    assert remove(box) == ["ok"]
    assert not box.folder.exists()
    for answer in (box.run("s1", fresh=False), box.run("s2"), box.kill("s1"), box.status("s1")):
        assert answer.words == ["refused", "removed"]
    assert remove(box) == ["refused", "reset"]
    [mark] = box.folder.parent.glob("removed/*/*")
    assert box.id.startswith(f"{mark.name}.")


def test_the_marks_of_machines_are_kept_for_a_week(box):
    old = box.folder.parent / "removed" / "1"
    old.mkdir(parents=True)
    (old / "other").touch()
    box.ask("sweep", box.folder, box.id)
    assert not old.exists()
    old.mkdir()
    remove(box)
    assert not old.exists()


def test_a_removal_in_whose_midst_somebody_died_is_finished_by_whoever_makes_it_anew(
    box, until, alive
):
    first = waiting(box, until)
    marks = box.folder.parent / "removed" / str(int(time.time()) // 86400)
    marks.mkdir(parents=True)
    (marks / box.id.partition(".")[0]).touch()
    assert box.run("s2").words == ["refused", "removed"]
    assert box.ask("init", box.folder, "second").lines[0][1].startswith("second.")
    assert box.end_of(first).end[1] == "removed"
    assert not alive(int(traced(box)[0]))
    assert list(box.folder.glob("steps/*")) == []


def test_a_machine_that_is_obtained_again_by_the_same_entity_is_another(box):
    remove(box)
    box.ask("init", box.folder, "second")
    box.id = f"second.{box.folder.stat().st_ino}"
    assert box.run("s1", "exit 3").end == ("3", "-")


STUBBORN = "trap '' TERM; echo $$ >>{0}/trace; while :; do sleep 0.05; done"
LEAVES = "sleep 100 & echo $! >>{0}/trace; echo $$ >>{0}/trace; exec sleep 100"


def test_what_runs_on_a_machine_that_is_given_back_is_ended_and_told_so(box, until, alive):
    followers = [
        box.begin_run(f"s{number}", script.format(box.tmp_path))
        for number, script in enumerate((STUBBORN, LEAVES))
    ]
    until(lambda: len(traced(box)) == 3)
    assert remove(box) == ["ok"]
    assert not any(alive(int(pid)) for pid in traced(box))
    for process in followers:
        assert box.end_of(process).end[1] == "removed"


def test_what_is_being_killed_when_its_folder_goes_is_killed_and_nothing_else(box, until, alive):
    """Not all that there is: the family of no process would be that."""
    other = subprocess.Popen(["sleep", "100"], start_new_session=True)
    box.begin_run("s1", STUBBORN.format(box.tmp_path))
    until(lambda: traced(box))
    killing = box.begin("kill", box.folder, box.id, 1, "s1", "cancelled", 20)
    until((box.step("s1") / "kill").exists)
    box.remove()
    assert box.end_of(killing).words == ["refused", "gone"]
    until(lambda: not alive(int(traced(box)[0])))
    assert other.poll() is None
    other.kill()
    other.wait()


def test_so_is_what_was_left_of_a_step_whose_runner_was_killed(box, until, alive):
    waiting(box, until)
    os.kill(box.runner("s1"), signal.SIGKILL)
    assert remove(box) == ["ok"]
    assert not alive(int(traced(box)[0]))


def test_what_a_step_left_running_that_ended_before_is_left_alone(box, alive):
    box.run("s1", f"sleep 100 & echo $! >>{box.tmp_path}/trace")
    assert remove(box) == ["ok"]
    [pid] = traced(box)
    assert alive(int(pid))
    os.kill(int(pid), signal.SIGKILL)
