"""Many that are taken up wait for their turn."""

import asyncio

from tests.operations.actions import act

from brookline.operations.runner import HANDED_OVER
from brookline.operations.task import Status


async def test_many_are_taken_up_in_their_order_and_say_how_long_they_wait(bench, until, gate):
    order = []

    def halting(number):
        async def body(op):
            order.append(number)
            await gate.wait()  # its own code

        return body

    tasks = [await bench.submit(halting(n), submitted_ms=1) for n in range(40)]
    await until(lambda: len(order) == 40)
    order.clear()
    await bench.fail_over()
    await until(lambda: len(order) == 32)
    assert order == list(range(32))
    last = bench.tasks.get(tasks[39].id)
    assert last.waits_for == "for its turn: 39 operations are taken up before it"
    gate.set()
    await until(lambda: len(order) == 40)
    assert order == list(range(40))


async def test_what_waits_for_its_turn_when_it_is_handed_over_waits_for_the_next_master(
    bench, until, gate
):
    async def body(op):
        await gate.wait()  # its own code

    for _ in range(33):
        last = await bench.submit(body, submitted_ms=1)
    await bench.fail_over()
    last = bench.tasks.get(last.id)
    await until(lambda: last.waits_for.startswith("for its turn"))
    await bench.supervisor.deactivate()
    assert last.waits_for == HANDED_OVER


async def test_what_waits_for_its_turn_can_be_cancelled(bench, until, gate):
    async def body(op):
        await gate.wait()  # its own code

    async def resting(op):
        with op.waiting("for ever"):
            await asyncio.Event().wait()

    for _ in range(32):
        await bench.submit(body, submitted_ms=1)
    last = await bench.submit(resting, submitted_ms=1)
    await bench.fail_over()
    last = bench.tasks.get(last.id)
    await until(lambda: last.waits_for)
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(last))
    await until(lambda: bench.record(last).get("cancelling"))
    gate.set()
    assert await cancelling
    assert last.status is Status.CANCELLED


async def test_what_was_committed_while_a_master_began_is_begun_once(bench, until, ran):
    async def body(op):
        await op.step("one", act(ran, "one"))

    await bench.supervisor.deactivate()
    task = await bench.submit(body)
    await bench.supervisor.activate(2)
    bench.supervisor.submit(task)  # as its caller does, who learns only now that it is recorded
    assert await task.wait(5)
    await until(lambda: not bench.supervisor._running)
    assert ran == ["one"]
