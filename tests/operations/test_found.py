"""What simulations have found, each told once more on purpose."""

import asyncio

import pytest
from tests.operations.actions import Thing, act, halt

from brookline.journal.queue import Decision
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.operation import current
from brookline.operations.safety import repeatable
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge


async def again(bench):
    """Have the same master, whose lease had lapsed, go on."""
    await bench.supervisor.deactivate()
    await bench.supervisor.activate(1)


async def test_a_pause_ends_though_the_clock_was_set_back(bench, until):
    async def body(op):
        await op.sleep(0.01)
        await op.sleep(0.05)

    task = await bench.submit(body)
    await until(lambda: "+sleep until#2" in bench.record(task))
    far = bench.supervisor.clock.wall_ms() + 86_400_000
    bench.recorder.note(Merge(KIND, task.id, {"+sleep until#1": far, "+sleep until#2": far}))
    await bench.ended_by_next(task)


async def test_no_other_comes_between_two_turns_of_a_lock_when_the_first_is_run_again(
    bench, until, ran, gate
):
    async def twice(op):
        async with op.exclusive(Thing()):
            await op.step("one", act(ran, "one"))
            for _ in range(10):
                await asyncio.sleep(0)
        async with op.exclusive(Thing()):
            await op.step("two", halt(ran, gate, "two"))

    async def other(op):
        async with op.exclusive(Thing()):
            await op.step("other", act(ran, "other"))

    await bench.submit(twice)
    await until(lambda: ran == ["one", "two"])
    waiting = await bench.submit(other)
    await until(lambda: waiting.waits_for)
    await bench.fail_over()
    await until(lambda: len(ran) > 2)
    gate.set()
    assert await bench.tasks.get(waiting.id).wait(5)
    assert ran == ["one", "two", "two", "other"]


async def test_what_had_given_up_a_lock_does_not_wait_for_who_has_it_now(bench, until, ran, gate):
    async def both(op):
        async with op.exclusive(Thing()):
            await op.step("one", act(ran, "one"))
        async with op.exclusive(Thing("e2")):
            await op.step("two", halt(ran, gate, "two"))

    async def inner(op):
        async with op.exclusive(Thing()), op.exclusive(Thing("e2")):
            await op.step("last", act(ran, "last"))

    first = await bench.submit(both)
    await until(lambda: ran == ["one", "two"])
    second = await bench.submit(inner)
    await until(lambda: second.waits_for)
    await bench.fail_over()
    gate.set()
    assert await bench.tasks.get(first.id).wait(5)
    assert await bench.tasks.get(second.id).wait(5)
    assert ran[-1] == "last"


async def test_a_step_whose_beginning_was_not_committed_has_not_begun(bench, until, ran):
    async def body(op):
        await op.step("pay", lambda: ran.append("pay"))

    bench.recorder.acts = False
    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].recorded)
    bench.recorder.away = bench.recorder.acts = True
    await until(lambda: task.children[0].waits_for == "for the store")
    waiting = asyncio.ensure_future(again(bench))
    await until(lambda: not bench.supervisor._running)
    bench.recorder.away = False
    await waiting
    assert await bench.tasks.get(task.id).wait(5)
    assert (bench.tasks.get(task.id).status, ran) == (Status.COMPLETED, ["pay"])


async def test_what_waits_for_the_store_says_afterwards_what_it_waits_for_still(bench, until, gate):
    async def body(op):
        with op.waiting("for the gate"):
            await op.record(lambda _view: Decision([]))
            await gate.wait()

    task = await bench.submit(body)
    bench.recorder.away = True
    await until(lambda: task.waits_for == "for the store")
    bench.recorder.away = False
    await until(lambda: task.waits_for == "for the gate")
    gate.set()
    await task.wait(5)
    assert task.waits_for == ""


async def test_an_outcome_that_was_recorded_just_as_it_was_handed_over_counts(
    bench, until, ran, gate
):
    async def body(op):
        await op.step("one", act(ran, "one"))

    task = await bench.submit(body)
    bench.recorder.said.clear()
    await until(lambda: any("place" in one for one in bench.recorder.records.all(KIND).values()))
    await bench.supervisor.deactivate()
    bench.recorder.said.set()
    await bench.supervisor.activate(1)
    assert await bench.tasks.get(task.id).wait(5)
    assert ran == ["one"]


async def test_what_must_not_be_done_twice_is_not_done_without_a_lease(bench, until, ran):
    async def body(op):
        await op.step("pay", lambda: ran.append("pay"))

    task = await bench.submit(body)
    bench.recorder.said.clear()
    await until(lambda: any(one.get("once") for one in bench.recorder.records.all(KIND).values()))
    bench.recorder.acts = False
    bench.recorder.said.set()
    await until(lambda: task.children[0].waits_for == "for this node's lease")
    assert ran == []
    bench.recorder.acts = True
    assert await task.wait(5)
    assert ran == ["pay"]


async def test_a_part_that_was_recorded_as_its_operation_was_interrupted_is_so_too(bench, until):
    lost = asyncio.Event()

    async def forgotten():
        await lost.wait()
        raise StepInterrupted(Cause.RESET, "all is lost")

    async def body(op):
        reset = op.begin_step("reset", repeatable(forgotten))
        await op.join_all([reset, op.begin_step("pay", lambda: None)])

    task = await bench.submit(body)
    bench.recorder.said.clear()
    bench.recorder.followers.clear()  # nobody is told of it before it is given up
    await until(lambda: any(one.get("once") for one in bench.recorder.records.all(KIND).values()))
    lost.set()
    await until(lambda: bench.record(task)["status"] == "interrupted")
    bench.recorder.said.set()
    assert await task.wait(5)
    [pay] = [one for one in bench.recorder.records.all(KIND).values() if one.get("once")]
    assert pay["status"] == "interrupted"


@pytest.mark.parametrize("first", ["time", "person"])
async def test_neither_a_time_out_nor_a_cancellation_cuts_short_the_clean_up_of_the_other(
    bench, until, ran, gate, first
):
    @repeatable
    async def slow():
        ran.append("begins")
        try:
            await asyncio.Event().wait()
        finally:
            ran.append("cleans up")
            await gate.wait()
            ran.append("clean")

    async def body(op):
        await op.step("slow", slow, timeout_s=0.05 if first == "time" else 0.3)

    loop = asyncio.get_running_loop()
    task = await bench.submit(body)
    await until(lambda: ran == ["begins"])
    if first == "time":
        await until(lambda: "cleans up" in ran)
    over_s = loop.time() + 0.4
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(task))
    await until(lambda: loop.time() > over_s)
    gate.set()
    await cancelling
    assert ran == ["begins", "cleans up", "clean"]


async def test_what_was_written_just_before_a_hand_over_is_shown_by_who_goes_on(
    bench, until, ran, gate
):
    @repeatable
    async def write():
        part = current()
        if not part.written("stdout"):
            part.write("stdout", b"all of it")
            ran.append("wrote")
            await gate.wait()

    async def body(op):
        await op.step("write", write)

    task = await bench.submit(body)
    await until(lambda: ran and task.children[0].recorded)
    [part] = task.children
    bench.recorder.note(Merge(KIND, part.id, {"streams": {"stdout": 4}}))
    await bench.ended_by_next(task)
    assert bench.record(part)["streams"] == {"stdout": 9}


async def test_what_comes_behind_something_by_chance_may_have_been_begun_before(bench, until, gate):
    fresh = []

    async def body(op):
        chance = {"name": f"found {len(fresh)}", "by_chance": True}
        await op.record(lambda _view: Decision([]), **chance)
        fresh.append(op.fresh)
        await op.step("halt", halt([], gate))
        fresh.append(op.fresh)

    task = await bench.submit(body)
    await until(lambda: task.children)
    await bench.ended_by_next(task, gate)
    assert fresh == [True, False, True]
