"""Which operations masters may have died of: those whose code ran there, and not what waited for its turn."""

import asyncio

import pytest

from brookline.operations.interruption import Cause
from brookline.operations.runner import HANDED_OVER
from brookline.operations.taking_up import AT_ONCE
from brookline.operations.task import Status

SOON = {"submitted_ms": 4000}
"""So soon before a master ends, in these tests, that it may have died of it."""


@pytest.fixture
def busy(bench, ran, gate):
    """Begin an operation that notes its number and goes on in its own code, until a gate opens."""

    async def begin(number):
        async def body(op):
            ran.append(number)
            await gate.wait()

        return await bench.submit(body, **SOON)

    return begin


@pytest.fixture
def resting(gate):
    """The code of an operation that comes to rest once the gate opens, and does not end."""

    async def body(op):
        await gate.wait()
        with op.waiting("for ever"):
            await asyncio.Event().wait()

    return body


def numbers(tasks, ids):
    return [number for number, task in enumerate(tasks) if task.id in ids]


async def test_only_what_ran_where_masters_died_is_suspect_and_what_waited_goes_on(
    bench, until, ran, gate, busy
):
    tasks = [await busy(number) for number in range(AT_ONCE + 8)]
    await until(lambda: len(ran) == len(tasks))
    ran.clear()
    found = await bench.fail_over()
    assert numbers(tasks, found.going_on) == list(range(AT_ONCE + 8))
    await until(lambda: len(ran) == AT_ONCE)
    ran.clear()

    found = await bench.fail_over()

    assert numbers(tasks, found.interrupted) == list(range(AT_ONCE))
    await until(lambda: len(ran) == 8)
    assert ran == list(range(AT_ONCE, AT_ONCE + 8))
    gate.set()
    ended = [await bench.ended(task) for task in tasks]
    assert [task.status for task in ended] == [Status.INTERRUPTED] * AT_ONCE + [
        Status.COMPLETED
    ] * 8
    assert {task.interruption["cause"] for task in ended[:AT_ONCE]} == {Cause.SUSPECT.value}
    assert {task.taken["count"] for task in ended[AT_ONCE:]} == {2}


async def test_what_waited_and_then_ran_where_the_next_master_died_is_suspect(
    bench, until, ran, busy
):
    tasks = [await busy(number) for number in range(AT_ONCE + 1)]
    await bench.fail_over()
    await bench.fail_over()
    await until(lambda: AT_ONCE in ran[-1:])

    found = await bench.fail_over()

    assert numbers(tasks, found.interrupted) == [AT_ONCE]


async def test_that_its_turn_has_come_is_recorded_before_its_code_runs(
    bench, until, ran, gate, busy, resting
):
    for _ in range(AT_ONCE):
        await bench.submit(resting, **SOON)
    last = await busy("last")
    await until(lambda: ran == ["last"])
    await bench.fail_over()
    assert bench.record(last)["taken"]["waits"]
    bench.recorder.said.clear()
    gate.set()
    await until(lambda: "waits" not in bench.record(last)["taken"])
    assert ran == ["last"]
    bench.recorder.said.set()
    await until(lambda: ran == ["last", "last"])


async def test_what_waits_does_not_begin_while_what_runs_is_handed_over(bench, until, ran, busy):
    let_go = asyncio.Event()

    async def slow(op):
        ran.append("slow")
        try:
            await asyncio.Event().wait()
        finally:
            await let_go.wait()

    await bench.submit(slow, **SOON)
    for number in range(AT_ONCE):
        last = await busy(number)
    await bench.fail_over()
    await until(lambda: len(ran) == AT_ONCE)
    handed_over = [task for task in bench.tasks if task.id != last.id]
    ending = asyncio.ensure_future(bench.supervisor.deactivate())
    await until(lambda: sum(task.waits_for == HANDED_OVER for task in handed_over) == AT_ONCE - 1)
    assert bench.tasks.get(last.id).waits_for == HANDED_OVER
    let_go.set()
    await ending
    assert ran == ["slow", *range(AT_ONCE - 1)], "nobody has the places of what is handed over"


async def test_what_is_cancelled_while_its_turn_comes_is_cancelled(
    bench, until, gate, resting, monkeypatch
):
    for _ in range(AT_ONCE + 1):
        last = await bench.submit(resting, **SOON)
    await bench.fail_over()
    last = bench.tasks.get(last.id)
    await until(lambda: last.waits_for)
    asked, gone = [], asyncio.Semaphore(0)
    commit = bench.recorder.commit

    async def in_order(decide, **more):
        asked.append(decide)
        await gone.acquire()
        return await commit(decide, **more)

    monkeypatch.setattr(bench.recorder, "commit", in_order)
    gate.set()
    await until(lambda: any("_may_begin" in decide.__qualname__ for decide in asked))
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(last))
    await until(lambda: any("ask_to_cancel" in decide.__qualname__ for decide in asked))
    for _ in range(1000):
        gone.release()
    assert await cancelling
    assert last.status is Status.CANCELLED
