"""The matrix: whenever and however the master ends, each command is run once, and in order.

A third of the cells is tried, so that any two choices come together; all of them with MATRIX=all.
"""

from __future__ import annotations

import signal

import pytest
from tests.e2e.servers import eventually
from tests.matrix import cells
from tests.matrix.cells import Cell, End, Moment


def param(cell):
    # One row is one worker's, on the same pair of servers.
    return pytest.param(cell, id=cell.name, marks=pytest.mark.xdist_group(cell.phase.name))


def test_in_the_choice_any_two_come_together():
    of = {(c.phase, c.moment) for c in cells.pairwise()}
    of |= {(c.phase, c.end) for c in cells.pairwise()}
    of |= {(c.moment, c.end) for c in cells.pairwise()}
    phases, moments, ends = len(cells.PHASES), len(Moment), len(End)
    assert len(of) == phases * moments + phases * ends + moments * ends


@pytest.mark.e2e
@pytest.mark.slow
@pytest.mark.timeout(150)
@pytest.mark.parametrize("cell", [param(one) for one in cells.chosen()])
def test_each_command_is_run_once(benches, app, cell):
    bench = benches()
    try:
        Play(bench, app, cell).play()
    except BaseException as failure:
        failure.add_note("\n".join(app.lines()))
        failure.add_note(bench.log())
        benches(anew=True)
        raise


class Play:
    """One cell."""

    def __init__(self, bench, app, cell: Cell) -> None:
        self.bench, self.app, self.cell, self.phase = bench, app, cell, cell.phase
        self.master, self.standby = bench.ready()
        self.entity = "herd" if cell.phase.beside else "process"
        self.before: list[str] = []

    def play(self) -> None:
        phase, app = self.phase, self.app
        if phase.effector:
            app.deploy(self.master, [*cells.START, "stop"])
            assert app.finished(self.master)["currentStatus"] == "Completed"
            self.before = app.lines()
            assert self.before == told(cells.START)
        self.arm()
        self.begin()
        self.reach()
        old = self.master.pid
        self.end()
        self.bench.holds.release(old)
        app.open_gates()
        task = app.finished(self.standby)
        self.judge(task)
        if self.cell.end is End.STOP and self.cell.moment is not Moment.WHILE:
            self.wake()
            self.judge(app.finished(self.master))

    def arm(self) -> None:
        if self.cell.moment is Moment.WHILE:
            self.app.close_gates(self.phase.at)
        else:
            self.bench.holds.hold(self.master, self.cell.moment.value, self.phase.step)

    def begin(self) -> None:
        phase, app = self.phase, self.app
        if not phase.effector:
            app.deploy(self.master, [*phase.commands, "stop"])
            return
        params = {
            "poke": {"script": app.script("poke")},
            "grow": {"children": [app.config(one) for one in cells.CHILDREN]},
        }
        app.call(self.master, self.entity, phase.effector, params.get(phase.effector, {}))

    def reach(self) -> None:
        """Wait until the master is where it is to end."""
        at = self.phase.at
        if self.cell.moment is Moment.WHILE:
            begun = [f"begin {one}" for one in at]
            eventually("it runs", lambda: set(begun) <= set(self.news()))
        else:
            eventually("it is held", lambda: self.bench.holds.held(self.master) == len(at))
        ended = self.cell.moment is Moment.AFTER
        assert [f"end {one}" in self.news() for one in at] == [ended] * len(at)

    def end(self) -> None:
        """End the master, and see that the other one has come to the same place."""
        match self.cell.end:
            case End.KILL:
                self.master.kill()
            case End.TERM:
                self.master.signal(signal.SIGTERM)
            case End.STOP:
                self.master.pause()
        self.standby.becomes("master")
        if self.cell.end is End.TERM:
            assert self.master.wait() == 0
        if self.cell.moment is Moment.WHILE:
            self.sees_them_run()
            if self.cell.end is End.STOP:
                self.wake()
                self.sees_them_run()

    def sees_them_run(self) -> None:
        wanted = ["begin\n"] * len(self.phase.at)
        eventually(
            "the next master shows what they write",
            lambda: self.app.streams(self.standby, self.phase.step) == wanted,
        )

    def wake(self) -> None:
        self.master.resume()
        self.master.becomes("standby").becomes("read")

    def judge(self, task) -> None:
        phase, app = self.phase, self.app
        assert (task["id"], task["currentStatus"]) == (app.task, "Completed"), task
        taken = task["takenUp"]
        assert (taken["count"], taken["attached"]) == (1, len(phase.at)), taken
        called = self.standby.get(f"{app.path(task['entityId'])}/activities?limit=-1")
        tasks = {one["id"]: one["displayName"] for one in called if "submittedByTask" not in one}
        assert tasks == {app.task: phase.effector or "start"}
        states = f"{app.path(self.entity)}/sensors/service.state"
        eventually("its state", lambda: self.standby.get(states) == phase.ends_in)
        written = app.streams(self.standby, phase.step)
        assert written == ["begin\nend\n"] * len(phase.at)
        self.judge_commands()

    def judge_commands(self) -> None:
        news = self.news()
        if self.phase.beside:
            assert sorted(news) == sorted(told(self.phase.commands))
            assert all(news.index(f"begin {c}") < news.index(f"end {c}") for c in self.phase.at)
        else:
            assert news == told(self.phase.commands)

    def news(self) -> list[str]:
        return self.app.lines()[len(self.before) :]


def told(commands) -> list[str]:
    return [line for one in commands for line in (f"begin {one}", f"end {one}")]
