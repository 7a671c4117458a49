"""No command of an operation that has ended runs on unless somebody ends it, whichever master began it."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.conftest import is_alive
from tests.operations.actions import halt
from tests.operations.far import ends
from tests.operations.test_resolving import commit, found

from brookline.management.leftovers import leftovers
from brookline.operations.remains import Leftover
from brookline.operations.resolving import Interrupted, resume
from brookline.operations.task import Status


async def holds(bench):
    """Have another operation hold what is shared, until it is told."""
    let_go = asyncio.Event()

    async def body(op):
        async with op.exclusive_use("shared"):
            await op.step("hold", halt([], let_go))

    await bench.submit(body)
    return let_go


def runs_beside(far, once):
    """Return code that runs a command beside a step that must not be done twice."""

    async def body(op):
        async with op.exclusive_use("shared"):
            command = op.begin_step("install", far.machine().run, far.command())
            await op.join_all([command, op.begin_step("pay", once)])

    return body


@pytest.mark.slow
async def test_what_is_cancelled_while_it_waits_for_the_lease_is_ended_on_its_machine(far, until):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    recorder = far.bench.recorder
    recorder.acts = False
    await far.bench.fail_over()
    await until(lambda: "lease" in far.waits(task))
    cancelling = asyncio.create_task(far.bench.supervisor.cancel(far.task(task)))
    await until(lambda: far.bench.record(task).get("cancelling"))
    await asyncio.sleep(0.1)
    assert (far.task(task).status, is_alive(pid)) == (Status.RUNNING, True)
    recorder.acts = True
    assert await cancelling
    assert (far.task(task).status, is_alive(pid)) == (Status.CANCELLED, False)


@pytest.mark.slow
async def test_a_lease_that_does_not_come_holds_up_no_cancellation_for_long(far, until):
    task = await far.begins(until, "up")
    [pid] = far.pids()
    await until(lambda: all("commands" in (far.bench.record(one) or {}) for one in task.children))
    recorder = far.bench.recorder
    recorder.acts = False
    await far.bench.fail_over()
    assert await far.bench.supervisor.cancel(far.task(task))
    assert (far.task(task).status, is_alive(pid)) == (Status.CANCELLED, True)
    [end] = far.endings()
    assert end.id in far.task(task).error
    recorder.acts = True
    assert (await ends(far, end)).result == 1
    assert not is_alive(pid)


@pytest.mark.slow
@pytest.mark.parametrize("masters", [1, 2])
async def test_what_is_cancelled_before_it_comes_again_to_its_command_has_that_ended(
    far, until, masters
):
    bench, paid = far.bench, asyncio.Event()
    task = await bench.submit(runs_beside(far, paid.wait))
    await until(far.pids)
    [pid] = far.pids()
    await until(
        lambda: any("commands" in (bench.record(one) or {}) for one in far.task(task).children)
    )
    await bench.fail_over()
    task = await ends(far, task, Status.INTERRUPTED)
    let_go = await holds(bench)
    await asyncio.sleep(0.05)
    await commit(bench, resume(found(bench, task), "ann", 6000))
    bench.supervisor.take_up(task)
    await until(lambda: "for work" in task.waits_for)
    if masters == 2:
        await bench.fail_over()
        task = far.task(task)
        await until(lambda: "for work" in far.task(task).waits_for)
    assert await bench.supervisor.cancel(task)
    assert task.status is Status.CANCELLED
    [end] = far.endings()
    assert "the command of install may still run on its machine" in task.error
    assert end.id in task.error
    assert (await ends(far, end)).result == 1
    assert not is_alive(pid)
    let_go.set()


@pytest.mark.slow
async def test_a_step_records_soon_on_which_machine_its_command_runs(far, until):
    task = await far.submit()
    await until(far.pids)
    [part] = far.task(task).children
    await until(lambda: (far.bench.record(part) or {}).get("commands") == ["m1"])
    far.go.touch()
    await ends(far, task)
    assert far.endings() == []
    assert far.bench.record(part)["commands"] == ["m1"]


def test_what_may_still_run_is_looked_for_where_it_was_begun():
    step = {"name": "back up", "status": "interrupted", "parent": "t0", "entity": "web"}
    step["commands"] = ["db", "db", "archive"]
    interrupted = Interrupted("t0", {"status": "interrupted"}, {"t1": step})
    platform = SimpleNamespace(live=SimpleNamespace(entity=lambda _: None))
    assert leftovers(interrupted, platform) == [
        Leftover("t1", "back up", "web", machine="db", count=3),
        Leftover("t1", "back up", "web", machine="archive", count=3),
    ]
