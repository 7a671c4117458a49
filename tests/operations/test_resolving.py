"""What people can do with an interrupted operation: nothing is done twice but what they ask for."""

import asyncio

import pytest
from tests.operations.actions import Caller, Thing, act, halt

from brookline.errors import Conflict, NotFound
from brookline.journal.queue import Decision
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.kept import Kept, Moments
from brookline.operations.operation import current
from brookline.operations.prospects import prospects
from brookline.operations.resolving import abandon, find, replay, resume
from brookline.operations.retention import with_parts
from brookline.operations.running import Running
from brookline.operations.safety import guarded, repeatable
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge


class Story:
    """An order that is interrupted while it pays, and goes on when somebody says so."""

    def __init__(self, bench, until, ran, gate):
        self.bench, self.until, self.ran, self.gate = bench, until, ran, gate

    async def body(self, op):
        @repeatable
        def pick():
            self.ran.append("pick")

        async def pay():
            self.ran.append("pay")
            await self.gate.wait()
            return "paid"

        await op.step("pick", pick)
        paid = await op.step("pay", pay)
        await op.step("ship", lambda: self.ran.append("ship"))
        return paid

    async def interrupted(self, **fields):
        about = {"entity_id": "e1", "entity_name": "shop"}
        task = await self.bench.submit(self.body, name="order", **about, **fields)
        await self.until(lambda: self.ran == ["pick", "pay"])
        await self.bench.fail_over()
        task = self.bench.tasks.get(task.id)
        await task.wait(5)
        assert task.status is Status.INTERRUPTED
        return task

    def find(self, task):
        return found(self.bench, task)

    async def resume(self, task, by="ann"):
        await commit(self.bench, resume(self.find(task), by, 6000))
        self.bench.supervisor.take_up(task)


def found(bench, task):
    return find(bench.recorder.records, [one.id for one in with_parts(task)])


async def commit(bench, changes):
    await bench.recorder.commit(lambda _view: Decision(changes))


@pytest.fixture
async def story(bench, until, ran, gate):
    return Story(bench, until, ran, gate)


async def test_what_is_resumed_goes_on_with_the_step_in_doubt(story, bench, ran, gate):
    task = await story.interrupted()
    await story.resume(task)
    assert task.status is Status.RUNNING
    assert not task.interruption
    waiting = asyncio.ensure_future(task.wait(5))
    gate.set()
    assert await waiting
    assert (task.status, task.result) == (Status.COMPLETED, "paid")
    assert ran == ["pick", "pay", "pay", "ship"], "pick is not done again"
    assert (task.taken["count"], task.taken["by"]) == (1, "ann")
    assert bench.record(task)["taken"]["by"] == "ann"


async def test_what_was_resumed_is_interrupted_again_by_the_next_failover(story, bench, until, ran):
    task = await story.interrupted()
    await story.resume(task)
    await until(lambda: ran == ["pick", "pay", "pay"])
    await bench.fail_over()
    task = bench.tasks.get(task.id)
    assert task.status is Status.INTERRUPTED
    assert task.interruption["cause"] == Cause.ONCE.value
    assert ran == ["pick", "pay", "pay"]


async def test_a_resumption_whose_master_dies_is_brought_about_by_the_next(story, bench, ran, gate):
    task = await story.interrupted()
    await commit(bench, resume(story.find(task), "ann", 6000))
    await bench.fail_over()  # before it was taken up
    gate.set()
    task = await bench.ended(task)
    assert (task.status, ran) == (Status.COMPLETED, ["pick", "pay", "pay", "ship"])


async def test_what_is_resumed_does_not_wait_for_a_lock_that_its_own_part_had(
    bench, until, ran, gate
):
    pay = halt(ran, gate, "pay", mark=lambda action: action)

    async def part(op):
        async with op.exclusive(Thing()):
            await op.step("pay", pay)

    async def body(op):
        async with op.exclusive(Thing()):
            await op.step("pick", act(ran, "pick"))
        await op.call(Caller(part), "go")

    task = await bench.submit(body)
    await until(lambda: ran == ["pick", "pay"])
    task = await bench.ended_by_next(task)
    await commit(bench, resume(found(bench, task), "ann", 6000))
    task = await bench.ended_by_next(task, gate)
    assert (task.status, ran) == (Status.COMPLETED, ["pick", "pay", "pay"])


async def test_a_resumption_of_which_nothing_was_heard_is_brought_about(story, bench, until, gate):
    task = await story.interrupted()
    bench.supervisor.take_up_if_recorded(task)
    await commit(bench, resume(story.find(task), "ann", 6000))
    gate.set()
    assert await task.wait(5)
    assert task.status is Status.COMPLETED


async def test_a_resumption_that_was_not_committed_is_not_brought_about(story, bench, until, ran):
    task = await story.interrupted()
    bench.supervisor.take_up_if_recorded(task)
    other = await bench.submit(lambda _op: asyncio.sleep(0))
    await other.wait(5)
    assert (task.status, ran) == (Status.INTERRUPTED, ["pick", "pay"])


@pytest.mark.parametrize("heard", [True, False], ids=["heard-of", "nothing-heard"])
async def test_a_command_that_was_lost_with_its_machine_is_run_anew(bench, until, ran, heard):
    @guarded
    async def command():
        ran.append((current().guard_id(), current().fresh))
        if len(ran) == 1:
            raise StepInterrupted(Cause.REBOOTED, "the machine was started anew")

    async def body(op):
        await op.step("launch", command)

    task = await bench.submit(body)
    await until(lambda: task.status.ended)
    [part] = task.children
    assert task.interruption["part"] == part.id
    again = found(bench, task)
    assert again.doubtful == [part.id]
    lost = []
    if not heard:
        bench.supervisor.take_up_if_recorded(task, lost)  # who asked is gone before it is decided
    await commit(bench, resume(again, "ann", 6000))
    lost += again.lost
    if heard:
        bench.supervisor.take_up(task, lost)
    assert await task.wait(5)
    assert ran == [(part.id, True), (f"{part.id}-1001", True)], "the guard knows the first one"


async def test_a_time_out_does_not_count_while_work_stood_still(bench, until, ran, gate):
    @repeatable
    async def wait():
        ran.append("wait")
        await gate.wait()

    async def once():
        ran.append("once")
        await gate.wait()

    async def body(op):
        slow = op.begin_step("slow", wait, timeout_s=60)
        await op.join_all([op.begin_step("once", once), slow])

    task = await bench.submit(body)
    await until(lambda: sorted(ran) == ["once", "wait"])
    await until(lambda: len(task.children) == 2 and all(map(bench.record, task.children)))
    await bench.fail_over()
    task = bench.tasks.get(task.id)
    slow = next(part for part in task.children if part.name == "slow")
    started = bench.record(slow)["started"]
    bench.recorder.note(Merge(KIND, slow.id, {"ended": started + 1000}))
    await commit(bench, resume(found(bench, task), "ann", started + 3_600_000))
    assert bench.record(slow)["started"] == started + 3_599_000


async def test_nor_does_what_is_kept_of_waits(bench, until, ran, gate):
    async def once():
        ran.append("once")
        await gate.wait()

    async def body(op):
        await op.kept("whole").put(Moments({"began": 1000, "since": 2000}, {"state": None}))
        await op.join_all([op.begin_call(Caller(called), "go"), op.begin_step("once", once)])

    async def called(op):
        await op.kept("part").put(Moments({"began": 3000}, {}))
        ran.append("part")
        await gate.wait()

    task = await bench.submit(body)
    await until(lambda: sorted(ran) == ["once", "part"])
    await bench.fail_over()
    task = bench.tasks.get(task.id)
    part = next(one for one in task.children if one.effector)
    ended = {one.id: bench.record(one)["ended"] for one in (task, part)}
    assert len(set(ended.values())) == 1
    await commit(bench, resume(found(bench, task), "ann", ended[task.id] + 60_000))
    assert Kept(
        bench.supervisor.ledger, Running(task, None, fresh=False), "whole"
    ).get() == Moments({"began": 61_000, "since": 62_000}, {"state": None})
    assert bench.record(part)["+since part"]["moments"] == {"began": 63_000}


async def test_what_is_given_up_says_who_and_why_and_stays_interrupted(story, bench):
    task = await story.interrupted()
    await commit(bench, abandon(story.find(task), "paid by hand", "ann", 6000))
    assert task.status is Status.INTERRUPTED
    assert "abandoned by ann: paid by hand" in task.error
    with pytest.raises(Conflict, match="was abandoned by ann: paid by hand"):
        story.find(task)


async def test_what_is_replayed_says_as_what(story, bench):
    task = await story.interrupted()
    await commit(bench, replay(story.find(task), "t2", "ann", 6000))
    assert "replayed by ann as t2" in task.error
    with pytest.raises(Conflict, match="was replayed by ann as t2"):
        story.find(task)


async def test_what_is_not_interrupted_says_how_it_stands(story, bench, until, ran, gate):
    task = await story.interrupted()
    with pytest.raises(Conflict, match=f"is a part of {task.id}"):
        story.find(task.children[0])
    with pytest.raises(NotFound, match="no task 'nobody'"):
        find(bench.recorder.records, ["nobody"])
    await story.resume(task)
    with pytest.raises(Conflict, match="was resumed by ann and runs"):
        story.find(task)
    gate.set()
    await task.wait(5)
    with pytest.raises(Conflict, match="was resumed by ann and has completed"):
        story.find(task)


async def test_what_has_no_recorded_work_can_only_be_abandoned(story, bench):
    task = await story.interrupted()
    bench.recorder.note(Merge(KIND, task.id, {}, ("work",)))
    cut_off = story.find(task)
    for choice in (lambda: resume(cut_off, "ann", 1), lambda: replay(cut_off, "t2", "ann", 1)):
        with pytest.raises(Conflict, match="can only be abandoned"):
            choice()
    told = prospects(cut_off)
    assert [told[name].possible for name in ("resume", "replay", "abandon")] == [False, False, True]


async def test_each_choice_says_before_what_it_will_do(story):
    task = await story.interrupted()
    [pay] = story.find(task).doubtful
    told = prospects(story.find(task), may_run=[pay])
    resuming = "\n".join(told["resume"].texts)
    assert f"same task {task.id}" in resuming
    assert "finished steps: pick of shop" in resuming
    assert "does again what may have been done: pay of shop" in resuming
    replaying = "\n".join(told["replay"].texts)
    assert "the command of pay of shop" in replaying
    assert "pick of shop, pay of shop" in replaying
    abandoning = "\n".join(told["abandon"].texts)
    assert "nothing more of it" in abandoning
    assert "the command of pay of shop" in abandoning
    assert "nobody knows whether this was done: pay of shop" in abandoning


async def test_a_choice_warns_where_the_code_has_changed(bench, until, ran, gate):
    @repeatable
    async def halt():
        ran.append("halt")
        await gate.wait()

    async def before(op):
        await op.step("wait", halt)

    async def after(op):
        await op.step("else", halt)

    task = await bench.submit(before)
    await until(lambda: ran == ["halt"])
    await until(lambda: task.children and bench.record(task.children[0]))
    bench.bodies[task.id] = after
    await bench.fail_over()
    task = bench.tasks.get(task.id)
    await until(lambda: task.status.ended)
    assert "interrupted again" in prospects(found(bench, task))["resume"].texts[-1]
