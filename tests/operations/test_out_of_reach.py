"""A machine that is out of reach: a command there is waited for, or ended later, and never called failed.

The way to the machine is a process that is really cut; see `tests.locations.link`.
"""

import asyncio
import shutil
from pathlib import Path

import pytest
from tests.conftest import is_alive
from tests.operations.far import SILENT_S, completes, ends

from brookline.errors import Unreachable
from brookline.locations import way
from brookline.locations.command import Command, words
from brookline.locations.guard import GUARD
from brookline.locations.ports import LOCATION
from brookline.operations.operation import current
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import Status
from brookline.wire.changes import Put

pytestmark = pytest.mark.slow


async def test_a_step_waits_for_a_machine_to_which_nobody_can_connect(far, until):
    far.go.touch()
    far.set("down")
    task = await far.submit()
    await until(lambda: far.waits(task))
    assert far.waits(task).startswith("for the machine far, out of reach since 20")
    assert far.waits(task).endswith(" UTC: connection refused")
    assert far.task(task).status is Status.RUNNING
    far.set("up")
    await completes(far, task)


async def test_what_was_never_sent_runs_on_a_machine_that_was_started_anew_meanwhile(far, until):
    record = far.bench.recorder.records.get(LOCATION, "m1")
    before = {**record["config"][GUARD], "boot": "earlier"}
    far.bench.recorder.note(Put(LOCATION, "m1", {**record, "config": {GUARD: before}}))
    far.go.touch()
    far.set("down")
    task = await far.submit()
    await until(lambda: far.waits(task))
    far.set("up")
    await completes(far, task)


@pytest.mark.parametrize("how", ["breaking", "deaf", "half", "silent"])
async def test_a_command_of_which_nobody_knows_whether_it_came_there_runs_once(far, until, how):
    far.set(how)
    task = await far.submit()
    await until(lambda: far.waits(task))
    assert far.pids() == [] or how in ("breaking", "deaf")
    far.go.touch()
    far.set("up")
    await completes(far, task)


@pytest.mark.parametrize("how", ["down", "deaf", "silent"])
async def test_a_command_that_ends_while_nobody_hears_of_it_has_not_failed(far, until, how):
    task = await far.begins(until, how)
    [pid] = far.pids()
    far.set(how)
    await until(lambda: far.waits(task))
    far.go.touch()
    await until(lambda: not is_alive(pid))
    asked = far.link.opened
    if how != "down":
        await until(lambda: far.link.opened > asked + 2)
    assert far.task(task).status is Status.RUNNING
    far.set("up")
    await completes(far, task)


async def test_a_server_that_cannot_go_on_takes_no_command_with_it(far, until):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    far.bench.supervisor.let_go()
    for work in asyncio.all_tasks():
        if work.get_name().startswith("operations/"):
            work.cancel()  # as the end of an event loop does, which asks nobody
    await far.bench.fail_over()
    assert is_alive(pid)
    far.go.touch()
    await completes(far, task)


@pytest.mark.parametrize("how", ["down", "silent"])
async def test_the_next_master_waits_for_it_too(far, until, how):
    task = await far.begins(until, how)
    far.set(how)
    await until(lambda: far.waits(task))
    await far.bench.fail_over()
    await until(lambda: far.waits(task))
    far.go.touch()
    far.set("up")
    await completes(far, task)


async def test_an_operation_that_is_cancelled_meanwhile_ends_at_once_and_its_command_later(
    far, until
):
    task = await far.submit()
    await until(far.pids)
    [pid] = far.pids()
    far.set("down")
    await until(lambda: far.waits(task))
    assert await far.bench.supervisor.cancel(task)
    assert (task.status, is_alive(pid)) == (Status.CANCELLED, True)
    for one in (task, *task.children):
        assert (
            "the command of install may still run on the machine far, out of reach since"
            in one.error
        )
    [end] = far.endings()
    await until(lambda: far.waits(end).startswith("for the machine far, out of reach since"))
    far.set("up")
    assert (await ends(far, end)).result == 1
    assert not is_alive(pid)


@pytest.mark.parametrize("how", ["down", "deaf", "silent"])
async def test_a_command_that_cannot_be_killed_is_killed_by_the_next_master(far, until, how):
    task = await far.begins(until, how)
    [pid] = far.pids()
    far.set(how)
    assert await far.bench.supervisor.cancel(task)
    assert task.status is Status.CANCELLED
    await far.bench.fail_over()
    [end] = far.endings()
    await until(lambda: far.waits(end))
    far.set("up")
    await ends(far, end)
    assert not is_alive(pid)
    assert far.task(task).error == task.error


async def test_a_command_that_no_kill_ends_is_ended_later(far, until, monkeypatch):
    name, guard = way.script()
    powerless = guard.replace(b'kill "-$1" "-$g_pid"', b":")
    monkeypatch.setattr(way, "script", lambda: (f"powerless-{name}", powerless))
    task = await far.begins(until, "up")
    [pid] = far.pids()
    assert await far.bench.supervisor.cancel(task)
    does_not = "far, which does not do what it is asked, since 20"
    assert f"the command of install may still run on the machine {does_not}" in task.error
    [end] = far.endings()
    assert task.error.endswith(f"it does not end. Task {end.id} ends it as soon as it can")
    await until(lambda: far.waits(end).startswith(f"for the machine {does_not}"))
    monkeypatch.undo()
    await ends(far, end)
    assert not is_alive(pid)


async def test_who_ends_a_command_waits_for_a_guard_that_cannot_be_run(far, until):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    far.set("down")
    await until(lambda: far.waits(task))
    assert await far.bench.supervisor.cancel(task)
    guard = Path(far.home) / way.script()[0]
    guard.unlink()
    guard.mkdir()
    far.set("up")
    [end] = far.endings()
    await until(lambda: "does not do what it is asked" in far.waits(end))
    shutil.rmtree(guard)
    assert (await ends(far, end)).result == 1
    assert not is_alive(pid)


async def test_what_was_cancelled_before_it_came_there_never_begins(far, until):
    far.silent_s = SILENT_S["silent"]
    await far.machine().run("true")  # the guard is there from then on
    far.set("silent")
    task = await far.submit()
    await until(lambda: far.waits(task))
    step = task.children[0].id
    assert await far.bench.supervisor.cancel(task)
    far.set("up")
    [end] = far.endings()
    assert (await ends(far, end)).result == 0
    guard, *_ = far.guards.values()
    assert (await guard.status(step)).state == "killed"
    assert far.pids() == []


@pytest.mark.parametrize("cancelled", [True, False], ids=["cancelled", "overdue"])
async def test_what_never_left_this_server_is_not_ended_anywhere(far, until, cancelled):
    far.set("down")
    task = await far.submit(far.command(timeout_s=None if cancelled else 1.0))
    await until(lambda: far.waits(task))
    if cancelled:
        assert await far.bench.supervisor.cancel(task)
    task = await ends(far, task, Status.CANCELLED if cancelled else Status.FAILED)
    said = (
        "work was cancelled" if cancelled else "install was not begun within 1s; its machine is out"
    )
    assert task.error.startswith(said)
    assert "may still run" not in task.error
    assert far.endings() == []


async def test_the_time_of_a_step_goes_on_and_its_error_says_what_may_still_run(far, until):
    task = await far.submit(timeout_s=3600)
    await until(far.pids)
    [pid] = far.pids()
    far.set("down")
    far.step.run_out()  # as the timer says after that time
    task = await ends(far, task, Status.FAILED)
    assert task.error.startswith(
        "install did not end within 3600s; the command of install may still run on the machine far, out"
    )
    [end] = far.endings()
    assert task.error.endswith(f". Task {end.id} ends it as soon as it can")
    far.set("up")
    await ends(far, far.endings()[0])
    assert not is_alive(pid)


@pytest.mark.parametrize("begun", [True, False], ids=["begun", "never heard of"])
async def test_the_time_of_a_command_goes_on(far, until, begun):
    far.set("silent")
    far.link.set("up" if begun else "silent")
    task = await far.submit(far.command(timeout_s=1.0))
    if begun:
        await until(far.pids)
        far.set("silent")
    task = await ends(far, task, Status.FAILED)
    assert task.error.startswith(
        "install was not seen to end within 1s; the command of install may"
    )
    far.set("up")
    await ends(far, far.endings()[0])
    assert not any(is_alive(pid) for pid in far.pids())


async def test_a_command_that_was_ended_in_the_end_is_not_ended_again(far, until):
    task = await far.submit()
    await until(far.pids)
    far.set("down")
    await until(lambda: far.waits(task))
    await far.bench.supervisor.cancel(task)
    [end] = far.endings()
    far.set("up")
    await ends(far, end)
    await far.bench.fail_over()
    assert [one.id for one in far.endings()] == [end.id]


async def test_two_commands_in_one_step_run_once_each_and_their_output_comes_once(far, until):
    first = Command("first", f"echo first; echo 1 >>{words(str(far.tmp_path / 'first'))}")

    @guarded
    async def both(machine):
        return [(await machine.run(one)).stdout for one in (first, far.command())]

    async def body(op):
        return await op.step("both", both, far.machine())

    task = await far.bench.submit(body)
    await until(far.pids)
    far.set("breaking")
    await until(lambda: far.waits(task))
    far.go.touch()
    far.set("up")
    task = await ends(far, task)
    assert task.result == ["first\n", "one\ntwo\n"]
    assert far.output(task) == b"first\none\ntwo\n"
    assert ((far.tmp_path / "first").read_text(), len(far.pids())) == ("1\n", 1)


async def test_a_command_outside_of_all_operations_is_not_waited_for(far):
    far.set("down")
    with pytest.raises(Unreachable, match="far is out of reach: connection refused"):
        await far.machine().run("true")


@pytest.mark.parametrize("mark", [guarded, repeatable], ids=["guarded", "repeatable"])
async def test_only_a_guarded_step_waits_whatever_in_it_finds_its_machine_out_of_reach(far, mark):
    ran = []

    @mark
    async def act():
        ran.append(current().fresh)
        if len(ran) == 1:
            raise Unreachable("far", "nobody there", sent=False)

    async def body(op):
        await op.step("act", act)

    task = await far.bench.submit(body)
    await ends(far, task, Status.COMPLETED if mark is guarded else Status.FAILED)
    assert ran == ([True, True] if mark is guarded else [True])
    assert asyncio.current_task() is not None
