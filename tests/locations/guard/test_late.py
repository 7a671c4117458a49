"""Late, deposed and racing masters: nobody runs a step twice, or one that was given up."""

import pytest
from tests.locations.guard.box import all_at_once


@pytest.mark.parametrize("epoch", [1, 2])
def test_a_step_that_was_killed_before_it_began_never_begins(box, epoch):
    trace = box.tmp_path / "trace"
    assert box.kill("s1", epoch=2).end == ("-", "cancelled")
    late = box.run("s1", f"touch {trace}", epoch=epoch)
    assert late.words == (["refused", "killed"] if epoch == 2 else ["refused", "epoch", "2"])
    assert not trace.exists()
    assert list(box.folder.glob("in/*")) == list(box.folder.glob("steps/*")) == []


def test_a_step_that_was_collected_is_not_run_again(box):
    trace = box.tmp_path / "trace"
    script = f"echo run >>{trace}"
    box.run("s1", script)
    box.run("s1-2", script)
    box.collect("s1", "s2")
    for step in ("s1", "s1-2", "s2"):
        assert box.run(step, script, fresh=False).words == ["refused", "collected"]
        assert box.kill(step).words == ["refused", "collected"]
        assert box.status(step).words == ["refused", "collected"]
    assert trace.read_text() == "run\nrun\n"
    assert list(box.folder.glob("steps/*")) == []


def test_a_running_step_is_not_collected(box, until):
    box.begin_run("s1", "sleep 100")
    until(lambda: box.runner("s1"))
    box.collect("s1")
    assert box.status("s1").lines[0][1] == "running"


def test_a_lower_epoch_is_refused_whatever_it_wants(box):
    box.run("s1", epoch=10)
    for answer in (box.run("s1", epoch=9), box.kill("s1", epoch=9), box.collect("s1", epoch=9)):
        assert answer.words == ["refused", "epoch", "10"]
    assert box.ask("attach", box.folder, box.id, 9, "s1", 0, 0).words == ["refused", "epoch", "10"]
    assert box.run("s2", epoch=0).end == ("0", "-")


def test_attaching_begins_nothing(box):
    assert box.ask("attach", box.folder, box.id, 1, "s1", 0, 0).words == ["refused", "absent"]
    box.run("s1", "echo out; exit 2")
    answer = box.ask("attach", box.folder, box.id, 1, "s1", 0, 0)
    assert (answer.end, answer.out) == (("2", "-"), b"out\n")


@pytest.mark.parametrize("locking", ["flock", "link"])
def test_twenty_masters_run_a_step_once(box, locking):
    file = box.folder / "id"
    file.write_text(file.read_text().replace("flock", locking))
    trace = box.tmp_path / "trace"
    script = f"echo run >>{trace}; echo out; sleep 0.1; exit 5"
    answers = all_at_once(
        lambda epoch: box.run("s1", script, epoch=epoch, fresh=False), range(1, 21)
    )
    assert trace.read_text() == "run\n"
    assert answers[-1].end == ("5", "-")
    for epoch, answer in enumerate(answers, 1):
        if answer.words[0] == "refused":
            assert answer.words[1] == "epoch"
            assert int(answer.words[2]) > epoch
        else:
            assert (answer.end, answer.out) == (("5", "-"), b"out\n")
    assert (box.folder / "epoch").read_text() == "20\n"
    assert list(box.folder.glob("held*")) == list(box.folder.glob("lock.*")) == []


def test_a_kill_and_runs_that_race_leave_no_command_running(plain, alive):
    for round_ in range(5):
        step, trace = f"s{round_}", plain.tmp_path / f"trace{round_}"
        script = f"echo $$ >>{trace}; exec sleep 100"
        runs = [plain.begin_run(step, script, epoch=1, fresh=False) for _ in range(3)]
        end = plain.kill(step, epoch=1, grace=1)
        runs.append(plain.begin_run(step, script, epoch=1, fresh=False))
        for process in runs:
            answer = plain.end_of(process)
            assert answer.words[:2] in (["refused", "killed"], ["end", "143"], ["end", "-"])
        assert end.words[0] == "end"
        pids = trace.read_text().split() if trace.exists() else []
        assert len(pids) <= 1
        assert not any(alive(pid) for pid in pids)
