"""What a failover makes of work: nothing twice, nothing lost, or a person is asked."""

import asyncio
from dataclasses import dataclass

import pytest
from tests.operations.actions import Thing, act, halt

from brookline.errors import CommandFailed, InvalidInput, StepFailed
from brookline.journal.queue import Decision
from brookline.operations.interruption import Cause
from brookline.operations.locks import KIND as LOCK
from brookline.operations.operation import current
from brookline.operations.retry import Retry
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge, Put


class Strange(Exception):
    """An error that cannot be made again."""

    def __init__(self, one, two):
        super().__init__(one, two)


async def test_what_had_ended_is_not_done_again_and_returns_what_it_returned(
    bench, until, ran, gate
):
    async def body(op):
        first = await op.step("one", act(ran, "one", {"a": [1]}))
        second = await op.step("one", act(ran, "again", 2))
        await op.step("wait", halt(ran, gate))
        return [first, second]

    task = await bench.submit(body)
    await until(lambda: ran == ["one", "again", "halt"])
    await bench.fail_over()
    await until(lambda: ran == ["one", "again", "halt", "halt"])
    gate.set()
    task = await bench.ended(task)
    assert (task.status, task.result) == (Status.COMPLETED, [{"a": [1]}, 2])
    assert [child.name for child in task.children] == ["one", "one", "wait"]
    assert {key: task.taken[key] for key in ("count", "finished", "resumed")} == {
        "count": 1, "finished": 2, "resumed": 1,
    }  # fmt: skip


async def test_the_first_run_sees_a_result_as_a_later_one_does(bench):
    async def body(op):
        return await op.step("pair", lambda: (1, {2: "x"}))

    task = await bench.submit(body)
    await task.wait(5)
    assert task.result == [1, {"2": "x"}]


@dataclass
class Found:
    at: str
    port: int


async def test_a_result_of_a_class_comes_back_as_that_class(bench, until, ran, gate):
    @guarded(returns=Found)
    async def look():
        ran.append("look")
        return Found("web", 80)

    async def body(op):
        found = await op.step("look", look)
        await op.step("wait", halt(ran, gate))
        return [type(found).__name__, found.port]

    task = await bench.submit(body)
    await until(lambda: ran == ["look", "halt"])
    task = await bench.ended_by_next(task, gate)
    assert (task.result, ran.count("look")) == (["Found", 80], 1)


@pytest.mark.parametrize(
    ("error", "caught"),
    [
        (CommandFailed("launch ended with exit code 3", 3), "CommandFailed 3"),
        (InvalidInput("no"), "InvalidInput no"),
        (ValueError("odd"), "ValueError odd"),
        (Strange("a", "b"), "StepFailed Strange"),
    ],
)
async def test_an_error_is_caught_as_it_was_before(bench, until, ran, gate, error, caught):
    @repeatable
    def fail():
        ran.append("fail")
        raise error

    async def body(op):
        try:
            await op.step("fail", fail)
        except CommandFailed as failed:
            how = f"CommandFailed {failed.exit_code}"
        except StepFailed as failed:
            how = f"StepFailed {failed.raised}"
        except (InvalidInput, ValueError) as failed:
            how = f"{type(failed).__name__} {failed}"
        await op.step("wait", halt(ran, gate))
        return how

    task = await bench.submit(body)
    await until(lambda: ran == ["fail", "halt"])
    task = await bench.ended_by_next(task, gate)
    assert (task.result, ran.count("fail")) == (caught, 1)


@pytest.mark.parametrize(
    ("result", "said"), [(object(), "step 'x' returned what cannot"), ("x" * 300_000, "300002")]
)
async def test_a_result_that_cannot_be_stored_is_an_error_that_names_the_step(bench, result, said):
    async def body(op):
        await op.step("x", lambda: result)

    task = await bench.submit(body)
    await task.wait(5)
    assert task.status is Status.FAILED
    assert said in task.error
    assert "'x'" in task.error


async def test_a_step_that_may_have_been_done_is_not_done_again_but_shown(bench, until, ran, gate):
    async def body(op):
        try:
            await op.step("pay", halt(ran, gate, "pay", mark=lambda action: action))
        finally:
            await op.record(lambda _view: Decision([Put("note", "n1", {})]))

    task = await bench.submit(body, name="order", entity_id="e1", entity_name="shop")
    await until(lambda: ran == ["pay"])
    task = await bench.ended_by_next(task)
    assert (task.status, ran) == (Status.INTERRUPTED, ["pay"])
    assert task.interruption["cause"] == Cause.ONCE.value
    assert task.interruption["step"] == "pay"
    assert "'pay'" in task.error
    assert "brookline interrupted" in task.error
    assert task.children[0].status is Status.INTERRUPTED
    assert bench.recorder.records.get("note", "n1") is None, "no clean-up of what goes on"


async def test_a_step_that_had_not_begun_is_done(bench, until, ran, gate):
    async def body(op):
        await op.step("wait", halt(ran, gate))
        await op.step("pay", lambda: ran.append("pay"))

    task = await bench.submit(body)
    await until(lambda: ran == ["halt"])
    await bench.ended_by_next(task, gate)
    assert ran == ["halt", "halt", "pay"]


@pytest.mark.parametrize(
    ("then", "said"),
    [
        (["prepare", "install"], "'install' was recorded where 'prepare' comes now"),
        ([], "not taken any more"),
    ],
    ids=["other steps", "none"],
)
async def test_other_steps_than_before_interrupt_instead_of_doing_something_wrong(
    bench, until, ran, gate, then, said
):
    async def before(op):
        await op.step("install", act(ran, "install"))
        await op.step("wait", halt(ran, gate))

    async def after(op):
        for name in then:
            await op.step(name, act(ran, name))

    task = await bench.submit(before)
    await until(lambda: ran == ["install", "halt"])
    bench.bodies[task.id] = after
    task = await bench.ended_by_next(task)
    assert task.interruption["cause"] == Cause.CHANGED.value
    assert said in task.error
    assert ran == ["install", "halt"]


async def test_work_that_nobody_knows_any_more_says_what_is_missing(bench, until, ran, gate):
    async def body(op):
        await op.step("wait", halt(ran, gate))

    task = await bench.submit(body)
    await until(lambda: ran)
    changed = {"work": {"do": "dance"}}
    bench.recorder.note(Merge(KIND, task.id, changed))
    task = await bench.ended_by_next(task)
    assert task.interruption["cause"] == Cause.GONE.value
    assert "'dance'" in task.error


async def test_records_are_changed_once_and_answer_the_same(bench, until, ran, gate):
    def decide(view):
        count = (view.get("counter", "c") or {"n": 0})["n"] + 1
        return Decision([Put("counter", "c", {"n": count})], count)

    async def body(op):
        answers = [await op.record(decide), await op.record(decide)]
        chosen = await op.remember("chosen", lambda: len(ran))
        ids = [op.new_id("x"), op.new_id("x")]
        await op.step("wait", halt(ran, gate))
        return [answers, chosen, ids]

    task = await bench.submit(body)
    await until(lambda: ran)
    task = await bench.ended_by_next(task, gate)
    answers, chosen, ids = task.result
    assert (answers, chosen) == ([1, 2], 0)
    assert bench.recorder.records.get("counter", "c") == {"n": 2}
    assert len(set(ids)) == 2
    assert not any(name.startswith("+") for name in bench.record(task)), "marks go with the end"


async def test_parallel_parts_are_found_again(bench, until, ran, gate):
    async def body(op):
        quick = op.begin_step("quick", act(ran, "quick", 1))
        slow = op.begin_step("slow", halt(ran, gate, "slow"))
        return await op.join_all([quick, slow])

    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].status is Status.COMPLETED)
    await until(lambda: "slow" in ran)
    task = await bench.ended_by_next(task, gate)
    assert task.result == [1, "slow"]
    assert ran.count("quick") == 1


async def test_what_is_done_behind_the_last_outcome_is_fresh(bench, until, ran, gate):
    fresh = []

    @guarded
    async def look():
        fresh.append(current().fresh)
        await gate.wait()

    async def body(op):
        await op.step("first", look)
        await op.step("second", look)

    task = await bench.submit(body)
    await until(lambda: fresh == [True])
    await bench.ended_by_next(task, gate)
    assert fresh == [True, False, True]


async def test_a_lock_stays_with_the_one_who_had_it(bench, until, ran, gate):
    async def second(op):
        async with op.exclusive(Thing()):
            ran.append("second")

    async def first(op):
        await op.step("think", act(ran, "think"))
        async with op.exclusive(Thing()):
            await op.step("wait", halt(ran, gate, "first"))

    early = await bench.submit(second, name="early")
    await early.wait(5)
    ran.clear()
    holder = await bench.submit(first, name="holder")
    await until(lambda: ran == ["think", "first"])
    waiting = await bench.submit(second, name="waits")
    await until(lambda: waiting.waits_for)
    # The one that waits comes first in the order of taking up.
    records = bench.recorder.records.all(KIND)
    held = records.pop(holder.id)
    records[holder.id] = held
    await bench.fail_over()
    await until(lambda: ran == ["think", "first", "first"])
    waiting = bench.tasks.get(waiting.id)
    assert waiting.waits_for
    assert bench.recorder.records.get(LOCK, "e1")["operation"] == holder.id
    gate.set()
    await waiting.wait(5)
    assert ran == ["think", "first", "first", "second"]


async def test_a_lock_of_what_is_interrupted_is_free(bench, until, ran, gate):
    async def first(op):
        async with op.exclusive(Thing()):
            await op.step("pay", halt(ran, gate, "pay", mark=lambda action: action))

    async def second(op):
        async with op.exclusive(Thing()):
            ran.append("second")

    await bench.submit(first)
    await until(lambda: ran == ["pay"])
    waiting = await bench.submit(second)
    await until(lambda: waiting.waits_for)
    await bench.fail_over()
    assert await bench.tasks.get(waiting.id).wait(5)
    assert ran == ["pay", "second"]


async def test_two_masters_that_die_of_it_are_enough(bench, until, ran):
    async def body(op):
        ran.append("dies")
        await asyncio.Event().wait()  # its own code: not at a step, a timer or a lock

    task = await bench.submit(body, submitted_ms=4000)
    await until(lambda: len(ran) == 1)
    found = await bench.fail_over()
    assert found.going_on == [task.id]
    await until(lambda: len(ran) == 2)
    found = await bench.fail_over()
    task = bench.tasks.get(task.id)
    assert (found.going_on, task.interruption["cause"]) == ([], Cause.SUSPECT.value)
    assert len(ran) == 2


async def test_what_came_to_rest_since_is_no_suspect(bench, until, ran, gate):
    async def body(op):
        await op.step("wait", halt(ran, gate, mark=guarded))

    task = await bench.submit(body, submitted_ms=4000)
    for times in (1, 2, 3):
        await until(lambda times=times: len(ran) == times)
        await until(lambda: bench.record(task).get("settled"))
        found = await bench.fail_over()
        assert found.going_on == [task.id]


async def test_a_cancellation_goes_on_with_the_next_master(bench, until, ran, gate):
    ended = []

    @guarded
    async def command():
        ran.append("command")
        try:
            await gate.wait()
        except asyncio.CancelledError:
            ended.append(current().handed_over)
            raise

    async def body(op):
        try:
            await op.step("command", command)
        finally:
            await op.step("clean", act(ran, "clean"))

    task = await bench.submit(body)
    await until(lambda: ran == ["command"])
    await bench.supervisor.ledger.ask_to_cancel(task)
    task = await bench.ended_by_next(task)
    assert task.status is Status.CANCELLED
    assert (ran, ended) == (["command", "command", "clean"], [True, False])


async def test_a_part_that_was_cancelled_at_once_is_found_again_below_what_it_is_a_part_of(
    bench, until, ran, gate
):
    async def body(op):
        await op.step("try", halt(ran, gate), retry=Retry(attempts=2))

    task = await bench.submit(body)
    await until(lambda: ran)
    [part] = task.children[0].children
    # It is asked for, and its master dies before it has ended.
    await bench.supervisor.ledger.ask_to_cancel(part)
    await bench.fail_over()
    task, part = bench.tasks.get(task.id), bench.tasks.get(part.id)
    assert part.parent.parent is task
    assert list(bench.recorder.records.ids(KIND)).index(part.id) == 2
