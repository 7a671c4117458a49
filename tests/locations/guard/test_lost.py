"""Machines that are not what they were: started anew, set back, with their folder lost."""

import os
import shutil
import signal
import subprocess


def test_a_lost_folder_is_told_and_runs_nothing(box):
    box.run("s1")
    box.remove()
    for answer in (box.run("s1", fresh=False), box.run("s2"), box.kill("s1"), box.status("s1")):
        assert answer.words == ["refused", "reset"]
    assert not box.folder.exists()


def test_a_folder_that_was_made_anew_is_another(box):
    old = box.id
    box.remove()
    assert box.init().words == ["ok"]
    box.ask("init", box.folder, "later")
    assert box.id.startswith("first.")
    (box.folder / "id").write_text("second flock fork\n")
    assert box.run("s1").words == ["refused", "reset"]
    box.id = old
    assert box.run("s1").words == ["refused", "reset"]


def test_a_folder_that_was_set_back_to_an_older_state_runs_nothing_again(box):
    trace, backup = box.tmp_path / "trace", box.tmp_path / "backup"
    script = f"echo run >>{trace}"
    box.run("s1", script)
    shutil.copytree(box.folder, backup, symlinks=True)
    box.run("s2", script)
    box.remove()
    shutil.move(backup, box.folder)
    assert box.run("s2", script, fresh=False).words == ["refused", "reset"]
    assert trace.read_text() == "run\nrun\n"


def test_a_machine_that_was_set_back_was_started_anew_and_runs_nothing_again(box):
    trace = box.tmp_path / "trace"
    box.run("s1", f"echo run >>{trace}")
    shutil.rmtree(box.step("s1"))  # as in a snapshot of the disk
    box.reboot()
    assert box.run("s1", f"echo run >>{trace}", fresh=False).words == ["refused", "rebooted"]
    assert trace.read_text() == "run\n"


def test_a_command_that_a_reboot_ended_is_told_and_not_run_again(box, until):
    box.begin_run("s1", "sleep 100")
    pid = until(lambda: box.runner("s1"))
    box.reboot()
    os.killpg(pid, signal.SIGKILL)
    assert box.run("s1", fresh=False).words == ["refused", "rebooted"]
    assert box.run("s1", fresh=True).words == ["refused", "rebooted"]
    assert box.status("s1").lines[0][1] == "rebooted"
    box.collect("s1")
    assert box.run("s1", fresh=True).words == ["refused", "collected"]


def test_what_ended_before_a_reboot_keeps_its_outcome(box):
    box.run("s1", "echo out; exit 3")
    box.reboot()
    answer = box.run("s1", fresh=False)
    assert (answer.end, answer.out) == (("3", "-"), b"out\n")


def test_an_outcome_whose_output_was_lost_in_a_crash_does_not_count(box):
    box.run("s1", "echo out; exit 3")
    os.truncate(box.step("s1") / "stdout", 1)
    box.reboot()
    assert box.run("s1", fresh=False).words == ["refused", "rebooted"]


def test_what_nobody_can_have_begun_runs_after_a_reboot(box):
    box.reboot()
    answer = box.run("s1", "echo out")
    assert (answer.end, answer.out) == (("0", "-"), b"out\n")
    assert answer.lines[0][-1] == "boot-1x"
    assert box.run("s2", fresh=False, boot="boot-1x").end == ("0", "-")


def test_a_runner_that_was_killed_is_told_once_its_command_has_ended(box, until):
    go, trace = box.tmp_path / "go", box.tmp_path / "trace"
    script = f"echo on; while ! test -e {go}; do sleep 0.01; done; echo run >>{trace}"
    process = box.begin_run("s1", script)
    box.await_output("s1", size=1)
    os.kill(box.runner("s1"), signal.SIGKILL)
    assert box.status("s1").lines[0][1] == "running"
    go.touch()
    answer = box.end_of(process)
    assert (answer.end, answer.out) == (("-", "lost"), b"on\n")
    assert box.run("s1", script, fresh=False).end == ("-", "lost")
    assert trace.read_text() == "run\n"


def test_a_command_without_its_runner_is_killed_like_another(box, until, alive):
    box.begin_run("s1", "echo $$; exec sleep 100")
    pid = int(box.await_output("s1", lines=1))
    os.kill(box.runner("s1"), signal.SIGKILL)
    assert box.kill("s1").end == ("-", "cancelled")
    assert not alive(pid)


def test_another_process_with_the_number_of_a_dead_runner_is_left_alone(box, alive):
    box.run("s1")
    other = subprocess.Popen(["sleep", "100"], start_new_session=True)
    try:
        (box.step("s1") / "end").write_text("\n")
        (box.step("s1") / "started").write_text(f"{other.pid} 1 1.0 {box.boot}\n")
        assert box.kill("s1").end == ("-", "lost")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
