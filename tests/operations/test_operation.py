import asyncio
import sys

import pytest
from tests.operations.actions import halt

from brookline.errors import Cancelled, CommandFailed, InvalidInput, StepFailed
from brookline.model.effectors import effector
from brookline.model.entity import Entity
from brookline.model.live import live_of
from brookline.model.types import Types
from brookline.operations.operation import current
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import Status


class Door(Entity):
    TYPE = "test.Door"

    @effector
    async def knock(self, op, times: int = 1) -> str:
        """Knock at the door."""
        return await op.step("sound", lambda: "knock " * times)


def a_door():
    record = {"type": "test.Door", "name": "front", "app": "door1"}
    return live_of(Types([Door]), {"door1": record}, {}).entity("door1")


async def test_a_step_returns_what_its_action_returns(bench):
    async def body(op):
        return await op.step("add", lambda a, b: a + b, 2, b=3)

    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, task.result) == (Status.COMPLETED, 5)
    [step] = task.children
    assert (step.name, step.status, step.result) == ("add", Status.COMPLETED, 5)


async def test_steps_are_recorded_below_their_operation(bench):
    async def body(op):
        await op.step("one", lambda: None)
        await op.step("one", lambda: None)

    task = await bench.submit(body)
    await task.wait(5)
    records = [bench.record(child) for child in task.children]
    assert [record["parent"] for record in records] == [task.id, task.id]
    assert [record["status"] for record in records] == ["completed", "completed"]
    assert len({child.id for child in task.children}) == 2


async def test_ids_of_steps_follow_from_the_operation(bench):
    ids = []

    async def body(op):
        await op.step("one", lambda: ids.append(current().task.id))
        await op.join_all([op.begin_step("two", lambda: ids.append(current().task.id))])

    first = await bench.submit(body)
    await first.wait(5)
    seen = list(ids)
    for task in [first, *first.children]:
        bench.tasks.refresh(task.id, None)
    again = type(first)(id=first.id, name="work")
    await bench.supervisor.submit(again, body).wait(5)
    assert ids == seen * 2


async def test_the_error_of_a_step_ends_the_operation_with_its_text(bench):
    def fail():
        raise CommandFailed("launch ended with exit code 3", 3, details="stderr: no such file")

    async def body(op):
        await op.step("launch", fail)

    task = await bench.submit(body)
    await task.wait(5)
    assert task.status is Status.FAILED
    assert task.error == "launch ended with exit code 3\n\nstderr: no such file"
    assert bench.record(task)["error"] == task.error
    assert task.children[0].status is Status.FAILED


async def test_an_unexpected_error_keeps_its_trace(bench):
    async def body(op):
        return {}["missing"]

    task = await bench.submit(body)
    await task.wait(5)
    assert task.error.startswith("KeyError: 'missing'\n\n")
    assert "in body" in task.error


async def test_an_effector_is_called_as_a_part(bench):
    door = a_door()

    async def body(op):
        return await op.call(door, "knock", {"times": "2", "unknown": 1})

    task = await bench.submit(body)
    await task.wait(5)
    assert task.result == "knock knock "
    [call] = task.children
    assert (call.effector, call.entity_id, call.entity_name) == ("knock", "door1", "front")
    assert "EFFECTOR" in call.tags
    assert call.description == (
        "Invoking effector knock on front with parameters {times=2, unknown=1}"
    )
    assert [part.name for part in call.children] == ["sound"]
    assert bench.tasks.of_entity("door1") == [call, call.children[0]]


async def test_an_unknown_effector_is_refused(bench):
    async def body(op):
        with pytest.raises(InvalidInput, match="front has no effector 'ring'"):
            await op.call(a_door(), "ring")

    task = await bench.submit(body)
    await task.wait(5)
    assert task.status is Status.COMPLETED


async def test_parts_run_side_by_side_and_all_end_before_the_first_failure_is_told(bench):
    gate = asyncio.Event()
    ended = []

    async def slow():
        await gate.wait()
        ended.append("slow")

    async def failing():
        gate.set()
        raise InvalidInput("no")

    async def body(op):
        try:
            await op.join_all([op.begin_step("slow", slow), op.begin_step("failing", failing)])
        finally:
            ended.append("joined")

    task = await bench.submit(body)
    await task.wait(5)
    assert ended == ["slow", "joined"]
    assert (task.status, task.error) == (Status.FAILED, "no")


async def test_what_was_begun_and_not_joined_does_not_outlive_the_operation(bench):
    ends = []

    async def for_ever():
        try:
            await asyncio.Event().wait()
        finally:
            ends.append("ended")

    async def body(op):
        begun = asyncio.Event()

        async def part():
            begun.set()
            await for_ever()

        op.begin_step("left", part)
        await begun.wait()
        return "done"

    task = await bench.submit(body)
    await task.wait(5)
    assert (task.status, ends) == (Status.COMPLETED, ["ended"])
    assert task.children[0].status is Status.CANCELLED


async def test_cancelling_reaches_the_parts_and_waits_for_their_ends(bench, until):
    order = []

    async def careful():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            order.append("part")
            raise

    async def body(op):
        try:
            await op.step("careful", careful)
        finally:
            order.append("whole")

    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].status is Status.RUNNING)
    assert await bench.supervisor.cancel(task)
    assert order == ["part", "whole"]
    assert (task.status, task.error) == (Status.CANCELLED, "work was cancelled")
    assert bench.record(task)["status"] == "cancelled"
    assert not await bench.supervisor.cancel(task)


async def test_a_part_can_be_cancelled_alone(bench, until):
    async def body(op):
        with pytest.raises(Cancelled, match="wait was cancelled"):
            await op.step("wait", asyncio.Event().wait)
        return "went on"

    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].status is Status.RUNNING)
    assert await bench.supervisor.cancel(task.children[0])
    await task.wait(5)
    assert (task.status, task.result) == (Status.COMPLETED, "went on")


async def test_a_step_waits_for_the_lease(bench, until):
    done = []

    async def body(op):
        bench.recorder.acts = False
        await op.step("act", lambda: done.append(1))

    task = await bench.submit(body)
    await until(lambda: task.children and task.children[0].waits_for == "for this node's lease")
    assert not done
    bench.recorder.acts = True
    await task.wait(5)
    assert done == [1]


async def test_what_was_begun_apart_runs_though_its_caller_was_cancelled_meanwhile(bench, until):
    ran = []
    commit = bench.recorder.commit
    door = a_door()

    async def body(op):
        async def cancelled_on_the_way(decide, **ids):
            bench.recorder.commit = commit
            done = await commit(decide, **ids)
            op.cancel()
            await asyncio.sleep(0)
            return done

        bench.recorder.commit = cancelled_on_the_way
        await op.begin_apart(door, "knock")

    async def knocks(op):
        ran.append(op.task.name)

    bench.supervisor.works.register("effector", lambda _task: knocks)
    task = await bench.submit(body)
    await task.wait(5)
    assert task.status is Status.CANCELLED
    await until(lambda: ran == ["knock"])


@pytest.mark.parametrize("mark", [guarded, repeatable, pytest.param(lambda one: one, id="once")])
async def test_a_step_that_ends_the_program_ends_itself_only(bench, mark, ran, gate):
    async def other(op):
        await op.step("wait", halt(ran, gate))

    async def body(op):
        with pytest.raises(StepFailed) as failed:
            await op.step("exit", mark(lambda: sys.exit(3)))
        assert failed.value.raised == "SystemExit"
        sys.exit(4)

    waiting = await bench.submit(other)
    task = await bench.submit(body)
    assert await task.wait(5)
    assert (task.status, task.error.partition("\n")[0]) == (Status.FAILED, "SystemExit: 4")
    assert task.children[0].error.startswith("SystemExit: 3")
    gate.set()
    assert await waiting.wait(5)
    assert waiting.status is Status.COMPLETED
