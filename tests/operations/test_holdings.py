"""Records of locks: they are there as long as somebody may need them, and no longer."""

import asyncio

import pytest
from tests.operations.actions import act, halt
from tests.operations.test_resolving import commit, found

from brookline.errors import Cancelled
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.locks import KIND as LOCK
from brookline.operations.resolving import abandon, resume
from brookline.operations.retention import Limits
from brookline.operations.task import Status
from brookline.wire.changes import Put


def locks(bench):
    """Return who is recorded to have locks, by what is locked."""
    return {what: lock["operation"] for what, lock in bench.recorder.records.all(LOCK).items()}


async def interrupts():
    raise StepInterrupted(Cause.RESET, "all is lost")


async def doubtful(op):
    """Hold a lock in a step that nobody can say of whether it was done."""
    async with op.exclusive_use("shared"):
        await op.step("lost", interrupts)


@pytest.mark.parametrize("fails", [None, ValueError, Cancelled], ids=str)
async def test_no_record_is_left_of_a_lock_whose_operation_has_ended(bench, ran, fails):
    async def body(op):
        for number in range(20):
            async with op.exclusive_use(f"name {number}"):
                await op.step("one", act(ran, number))
        if fails:
            raise fails("as it should")

    await bench.ended(await bench.submit(body))
    assert len(ran) == 20
    assert locks(bench) == {}


async def test_the_next_master_drops_the_record_of_a_lock_with_the_end_of_its_operation(
    bench, until, ran, gate
):
    async def body(op):
        async with op.exclusive_use("shared"):
            await op.step("halt", halt(ran, gate))

    task = await bench.submit(body)
    await until(lambda: ran)
    await bench.fail_over()
    assert locks(bench) == {"shared": task.id}
    gate.set()
    assert (await bench.ended(task)).status is Status.COMPLETED
    assert locks(bench) == {}


async def test_the_end_of_who_had_a_lock_takes_it_from_nobody_who_has_it_now(
    bench, until, ran, gate
):
    held = asyncio.Event()

    async def first(op):
        async with op.exclusive_use("shared"):
            await op.step("one", act(ran, "first"))
        await gate.wait()

    async def second(op):
        async with op.exclusive_use("shared"):
            await op.step("two", halt(ran, held, "second"))

    one = await bench.submit(first)
    await until(lambda: ran == ["first"])
    two = await bench.submit(second)
    await until(lambda: ran == ["first", "second"])
    gate.set()
    await bench.ended(one)
    assert locks(bench) == {"shared": two.id}
    held.set()
    await bench.ended(two)
    assert locks(bench) == {}


async def test_what_is_interrupted_again_before_it_has_its_lock_again_says_of_what_it_had_it(
    bench, until
):
    told = []

    def consequences(view, about, why, now_ms):
        told.append([one for one, effector in about if not effector])
        return ()

    async def lost_before(op):
        if len(told) > 0:
            await op.step("early", interrupts)
        await doubtful(op)

    bench.supervisor.ledger.consequences = consequences
    task = await bench.submit(lost_before)
    await bench.ended(task)
    assert (task.status, told) == (Status.INTERRUPTED, [["shared"]])
    assert locks(bench) == {"shared": task.id}
    await commit(bench, resume(found(bench, task), "ann", 6000))
    bench.supervisor.take_up(task)
    await bench.ended(task)
    assert (task.status, told) == (Status.INTERRUPTED, [["shared"], ["shared"]])


async def test_the_record_goes_with_what_is_forgotten_though_nobody_decided_on_it(bench):
    await bench.replace(limits=Limits(undecided=0))
    task = await bench.submit(doubtful)
    await bench.ended(task)
    assert locks(bench) == {"shared": task.id}
    await bench.supervisor.forgetting.forget_old()
    assert bench.tasks.find(task.id) is None
    assert locks(bench) == {}


async def test_a_new_master_drops_what_earlier_versions_left_and_what_was_given_up(
    bench, ran, gate
):
    task, given_up = [await bench.submit(doubtful) for _ in range(2)]
    for one in (task, given_up):
        await bench.ended(one)
    await commit(bench, abandon(found(bench, given_up), "no use", "ann", 6000))
    gone = {"holder": "gone", "operation": "gone", "turn": 1}
    left = [Put(LOCK, f"name {n}", gone) for n in range(200)]
    past = Put(LOCK, "past", {**gone, "operation": given_up.id})
    await commit(bench, [*left, past, Put(LOCK, "shared", {**gone, "operation": task.id})])
    await bench.fail_over()
    assert locks(bench) == {"shared": task.id}
