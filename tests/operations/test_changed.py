"""Code that has changed since an operation was begun: noticed, and never a wrong replay."""

import asyncio
import dataclasses

import pytest
from tests.operations.actions import Caller, halt

from brookline.errors import RemoteError
from brookline.journal.queue import Decision
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import Status
from brookline.wire.changes import Put


class Door(Caller):
    """It can be knocked at and kicked, which does nothing."""

    def __init__(self):
        super().__init__(None)
        self.EFFECTORS = {"knock": self, "kick": self}


class Versions:
    """Two versions of the code of an operation, and what they do."""

    def __init__(self, bench, gate):
        self.bench = bench
        self.gate = gate
        self.second = False
        self.counts = 0

    def count(self, _view):
        self.counts += 1
        return Decision([Put("count", str(self.counts), {})], self.counts)

    async def wait(self, op):
        await op.step("wait", halt([], self.gate))

    async def replaced(self, body):
        """Return the task of code that is replaced by its second version while it waits."""
        task = await self.bench.submit(body)
        while not (task.children and self.bench.record(task.children[-1])):  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # it is told within a second that a part runs
        self.second = True
        return await self.bench.ended_by_next(task, self.gate)


@pytest.fixture
def versions(bench, gate):
    return Versions(bench, gate)


def is_changed(task, said):
    assert task.status is Status.INTERRUPTED
    assert task.interruption["cause"] == "changed"
    assert said in task.interruption["reason"]
    return True


async def test_a_record_under_another_name_is_not_made_again(versions):
    async def body(op):
        await op.record(versions.count, name="counted" if versions.second else "count")
        await versions.wait(op)

    task = await versions.replaced(body)
    assert is_changed(task, "'count' was recorded and does not come before 'counted' any more")
    assert versions.counts == 1


@pytest.mark.parametrize("kind", ["record", "remember", "sleep", "apart"])
async def test_what_was_recorded_and_is_not_taken_any_more_is_noticed(versions, kind):
    async def body(op):
        if not versions.second:
            match kind:
                case "record":
                    await op.record(versions.count, name="it")
                case "remember":
                    await op.remember("it", lambda: 1)
                case "sleep":
                    await op.sleep(0.01)
                case _:
                    await op.begin_apart(Door(), "knock")
        await versions.wait(op)

    assert is_changed(await versions.replaced(body), "was recorded and is not taken any more")


async def test_another_effector_is_not_begun_apart_in_place_of_one_that_was(versions, bench):
    async def body(op):
        await op.begin_apart(Door(), "kick" if versions.second else "knock")
        await versions.wait(op)

    assert is_changed(await versions.replaced(body), "'knock of e2' was recorded")
    assert [task.name for task in bench.tasks.top_level() if task.name == "kick"] == []


async def test_what_is_new_may_come_behind(versions):
    async def body(op):
        first = await op.record(versions.count, name="count")
        await op.sleep(0.01)
        await versions.wait(op)
        if versions.second:
            await op.remember("new", lambda: 1)
            await op.step("more", int)
        return first

    task = await versions.replaced(body)
    assert (task.status, task.result, versions.counts) == (Status.COMPLETED, 1, 1)


async def test_what_a_step_records_is_its_own_business(versions):
    async def body(op):
        await op.step("act", act, op)

    @repeatable
    async def act(op):
        (part,) = op.parts()
        await part.record(versions.count, name="second" if versions.second else "first")
        await versions.gate.wait()

    task = await versions.replaced(body)
    assert (task.status, versions.counts) == (Status.COMPLETED, 2)


async def test_what_clean_up_records_does_not_have_to_come_again(versions, bench):
    async def body(op):
        try:
            await versions.wait(op)
        finally:
            await op.remember("second" if versions.second else "first", lambda: 1)
            await op.step("linger", halt([], versions.gate))

    task = await bench.submit(body)
    await bench.supervisor.clock.sleep(0.05)
    task.cancelling = True
    await bench.supervisor.ledger.ask_to_cancel(task)
    bench.supervisor._running[task.id].cancel()
    await bench.supervisor.clock.sleep(0.05)
    assert "+chance first#1" in bench.record(task)
    versions.second = True
    task = await bench.ended_by_next(task, versions.gate)
    assert task.status is not Status.INTERRUPTED


async def test_code_that_fails_before_what_may_still_run_is_interrupted(versions):
    async def body(op):
        if versions.second:
            raise RemoteError("it is not as it was")
        await versions.wait(op)

    assert is_changed(await versions.replaced(body), "'wait' had begun and is not taken any more")


async def test_code_that_fails_behind_what_has_ended_has_failed(versions):
    async def body(op):
        await op.step("first", int)
        await versions.wait(op)
        raise RemoteError("it failed")

    assert (await versions.replaced(body)).status is Status.FAILED


@dataclasses.dataclass
class Size:
    """How large something is."""

    wide: int


@dataclasses.dataclass
class Sized:
    """The same in another version."""

    wide: int
    high: int


async def test_a_result_that_its_class_does_not_take_any_more_interrupts(versions):
    @guarded(returns=Size)
    def measured():
        return Size(1)

    @guarded(returns=Sized)
    def with_height():
        return Sized(1, 2)

    async def body(op):
        caught = None
        try:
            await op.step("measure", with_height if versions.second else measured)
        except Exception as error:  # noqa: BLE001 - code that handles failures of a step
            caught = error
        await versions.wait(op)
        return str(caught)

    assert is_changed(await versions.replaced(body), "'measure' returned is no Sized any more")
