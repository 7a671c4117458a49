import asyncio

import pytest
from tests.operations.actions import Caller, Thing

from brookline.operations.safety import repeatable
from brookline.operations.task import Status


async def hold(op, inside, let_go, ends=()):
    async with op.exclusive(Thing(), ends=ends):
        inside.append(op.task.name)
        await let_go.wait()


async def test_the_second_waits_for_the_first_and_says_so(bench, until):
    inside, let_go = [], asyncio.Event()
    work = lambda op: hold(op, inside, let_go)  # noqa: E731
    first = await bench.submit(work, name="start", entity_name="web")
    await until(lambda: inside == ["start"])
    second = await bench.submit(work, name="stop")
    await until(lambda: second.waits_for)
    assert second.waits_for == "for start of web to end"
    assert second.blocked_by is first
    let_go.set()
    await second.wait(5)
    assert inside == ["start", "stop"]
    assert second.waits_for == ""


async def test_those_who_wait_come_in_order(bench, until):
    inside, let_go = [], asyncio.Event()
    tasks = []
    for name in ("a", "b", "c", "d"):
        task = await bench.submit(lambda op: hold(op, inside, let_go), name=name)
        await until(lambda task=task: task.waits_for or inside)
        tasks.append(task)
    assert await bench.supervisor.cancel(tasks[1])
    let_go.set()
    for task in tasks:
        await task.wait(5)
    assert inside == ["a", "c", "d"]


async def test_a_part_may_hold_what_the_whole_holds(bench):
    async def body(op):
        async with op.exclusive(Thing()):
            inside, go = [], asyncio.Event()
            go.set()
            await op.step("part", lambda: None)
            part = op.begin_step("inner", lambda: hold(part, inside, go))
            await op.join(part)
            return inside

    task = await bench.submit(body)
    await task.wait(5)
    assert (task.status, task.result) == (Status.COMPLETED, ["inner"])


async def test_a_stop_ends_the_start_that_holds_the_lock(bench, until):
    inside, never = [], asyncio.Event()
    start = await bench.submit(lambda op: hold(op, inside, never), name="start", effector="start")
    await until(lambda: inside)
    go = asyncio.Event()
    go.set()
    stop = await bench.submit(
        lambda op: hold(op, inside, go, ends=("start", "restart")), name="stop", effector="stop"
    )
    await stop.wait(5)
    assert (start.status, stop.status) == (Status.CANCELLED, Status.COMPLETED)
    assert inside == ["start", "stop"]


async def test_a_stop_also_ends_the_start_that_waits_before_it(bench, until):
    inside, let_go = [], asyncio.Event()
    first = await bench.submit(lambda op: hold(op, inside, let_go), name="other")
    await until(lambda: inside == ["other"])
    start = await bench.submit(lambda op: hold(op, inside, asyncio.Event()), effector="start")
    await until(lambda: start.waits_for)
    stop = await bench.submit(
        lambda op: hold(op, inside, let_go, ends=("start",)), name="stop", effector="stop"
    )
    await until(lambda: stop.waits_for)
    let_go.set()
    for task in (first, start, stop):
        assert await task.wait(5)
    assert (start.status, stop.status) == (Status.CANCELLED, Status.COMPLETED)
    assert inside[-1] == "stop"


async def test_a_newcomer_does_not_pass_those_who_wait(bench, until):
    inside, gates = [], {name: asyncio.Event() for name in "abc"}
    tasks = {}
    for name in "ab":
        tasks[name] = await bench.submit(
            lambda op, name=name: hold(op, inside, gates[name]), name=name
        )
        await until(lambda name=name: inside == ["a"] or tasks[name].waits_for)
    await until(lambda: tasks["b"].waits_for)

    async def let_go_and_come_at_once(op):
        gates["a"].set()
        await tasks["a"].wait(5)
        await hold(op, inside, gates["c"])

    gates["b"].set()
    gates["c"].set()
    tasks["c"] = await bench.submit(let_go_and_come_at_once, name="c")
    for task in tasks.values():
        assert await task.wait(5)
    assert inside == ["a", "b", "c"]


@pytest.mark.parametrize("fails", [False, True], ids=["ends-well", "fails"])
async def test_the_lock_is_free_after_its_holder_ended(bench, fails):
    async def body(op):
        async with op.exclusive(Thing()):
            if fails:
                raise ValueError

    for _ in range(2):
        task = await bench.submit(body)
        assert await task.wait(5)


async def test_a_lock_is_passed_on_only_once_all_that_was_begun_under_it_has_ended(bench, until):
    order, cleaning = [], asyncio.Event()

    async def slow_to_end(name):
        try:
            await asyncio.Event().wait()
        finally:
            await cleaning.wait()
            order.append(f"{name} ended")

    async def body(op):
        async with op.exclusive(Thing()):
            parts = [op.begin_step(name, slow_to_end, name) for name in ("one", "two")]
            await op.join_all(parts)

    async def next_one(op):
        async with op.exclusive(Thing()):
            order.append("next")

    task = await bench.submit(body)
    await until(lambda: [part.status for part in task.children] == [Status.RUNNING] * 2)
    waiting = await bench.submit(next_one)
    await until(lambda: waiting.waits_for)
    cancelling = asyncio.ensure_future(bench.supervisor.cancel(task))
    await until(lambda: task.cancelling)
    await asyncio.sleep(0.05)
    cleaning.set()
    assert await cancelling
    await waiting.wait(5)
    assert order[-1] == "next"
    assert len(order) == 3


async def test_a_section_that_is_past_is_gone_through_with_all_sections_in_it(bench, until):
    gate, ran = asyncio.Event(), []

    @repeatable
    async def halt():
        ran.append("halt")
        await gate.wait()

    async def part(op):
        async with op.exclusive(Thing()):
            await op.step("halt", halt)

    async def body(op):
        async with op.exclusive(Thing()), op.exclusive(Thing()):
            await op.step("first", repeatable(lambda: ran.append("first")))
        await op.join(op.begin_call(Caller(part), "go"))

    task = await bench.submit(body)
    await until(lambda: "halt" in ran)
    await bench.fail_over()
    await until(lambda: ran.count("halt") == 2)
    gate.set()
    assert await bench.tasks.get(task.id).wait(5)
    assert ran == ["first", "halt", "halt"]


async def test_one_that_is_cancelled_as_its_turn_comes_holds_up_nobody(bench, until):
    inside, let_go = [], asyncio.Event()
    first, second, third = [
        await bench.submit(lambda op: hold(op, inside, let_go), name=name) for name in "abc"
    ]
    await until(lambda: third.waits_for)
    let_go.set()
    bench.supervisor._running[second.id].cancel()  # and has not noticed when the first goes
    await asyncio.gather(*(task.wait(5) for task in (first, second, third)))
    statuses = [task.status.value for task in (first, second, third)]
    assert (inside, statuses) == (["a", "c"], ["completed", "cancelled", "completed"])
