import asyncio

import pytest

from brookline.errors import BrooklineError, Outcome, Unavailable
from brookline.operations.runner import HANDED_OVER
from brookline.operations.storing import shown
from brookline.operations.task import KIND, Status


async def test_the_end_is_told_only_once_it_is_recorded(bench, until):
    reached, let_go = asyncio.Event(), asyncio.Event()
    commit = bench.recorder.commit

    async def slow_commit(decide, **ids):
        reached.set()
        await let_go.wait()
        return await commit(decide, **ids)

    async def body(op):
        bench.recorder.commit = slow_commit
        return 7

    task = await bench.submit(body)
    await reached.wait()
    assert (task.status, bench.record(task)["status"]) == (Status.RUNNING, "running")
    let_go.set()
    await task.wait(5)
    assert (task.status, bench.record(task)["result"]) == (Status.COMPLETED, 7)


async def test_an_end_that_cannot_be_recorded_any_more_is_no_end(bench):
    async def body(op):
        bench.recorder.leads = False
        return 7

    task = await bench.submit(body)
    assert not await task.wait(5)
    assert (task.status, task.waits_for) == (Status.RUNNING, HANDED_OVER)
    assert bench.record(task)["status"] == "running"


async def test_a_store_that_is_away_for_a_while_costs_no_end(bench):
    commit, failures = bench.recorder.commit, [1, 2]

    async def failing_commit(decide, **ids):
        if failures:
            failures.pop()
            raise Unavailable("the store has not answered in time", Outcome.UNKNOWN)
        return await commit(decide, **ids)

    async def body(op):
        bench.recorder.commit = failing_commit

    task = await bench.submit(body)
    assert await task.wait(10)
    assert (failures, bench.record(task)["status"]) == ([], "completed")


async def test_handing_over_ends_work_without_calling_it_failed_and_records_nothing(bench, until):
    cleaned = []

    async def body(op):
        try:
            await op.step("wait", asyncio.Event().wait)
        except asyncio.CancelledError:
            with pytest.raises(asyncio.CancelledError):
                await op.step("clean", lambda: cleaned.append(1))
            raise

    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].status is Status.RUNNING)
    waiting = asyncio.ensure_future(task.wait())
    before = bench.record(task)
    await bench.supervisor.deactivate()
    assert (task.status, task.waits_for) == (Status.RUNNING, HANDED_OVER)
    assert not await waiting
    assert bench.record(task) == before
    assert not cleaned


async def test_work_that_is_handed_over_before_it_began_never_begins(bench):
    ran = []

    async def body(op):
        ran.append(1)

    task = await bench.submit(body)
    await bench.supervisor.deactivate()
    assert (task.status, ran) == (Status.RUNNING, [])


async def test_work_whose_record_was_committed_as_this_node_ceased_to_act_begins_when_it_acts(
    bench,
):
    ran = []

    async def body(op):
        ran.append(1)

    await bench.supervisor.deactivate()
    task = await bench.submit(body)
    assert (task.status, ran) == (Status.RUNNING, [])
    await bench.supervisor.activate(2)
    assert (await task.wait(5), ran) == (True, [1])


async def test_a_clean_up_that_waits_for_the_store_does_not_hold_up_the_hand_over(bench, until):
    waits = []

    async def never(decide, **ids):
        waits.append(1)
        await asyncio.Event().wait()

    async def body(op):
        try:
            await asyncio.Event().wait()
        finally:
            bench.recorder.commit = never
            await op.record(lambda view: None)

    task = await bench.submit(body)
    await until(lambda: task.status is Status.RUNNING)
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(task))
    await until(lambda: waits)
    async with asyncio.timeout(5):
        await bench.supervisor.deactivate()
    assert (await cancelling, task.status) == (False, Status.RUNNING)


async def test_a_task_that_is_gone_is_not_brought_back_by_its_end(bench):
    async def body(op):
        bench.recorder.records.all(KIND).pop(op.task.id)

    task = await bench.submit(body)
    await task.wait(5)
    assert bench.record(task) is None


def test_a_result_that_json_cannot_hold_becomes_text():
    assert shown({1: Status.FAILED, "b": {2}}) == {"1": "FAILED", "b": [2]}


def test_a_huge_result_is_not_kept():
    assert shown("x" * 300_000) == "(a result of 300002 bytes is not kept)"


async def test_losing_the_lead_is_no_failure_that_code_could_handle(bench):
    handled = []

    async def body(op):
        try:
            await op.step("write", lambda: setattr(bench.recorder, "leads", False))
        except BrooklineError:
            handled.append("error")
        handled.append("went on")

    task = await bench.submit(body)
    assert not await task.wait(5)
    assert (task.status, handled) == (Status.RUNNING, [])
