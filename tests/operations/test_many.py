"""With a hundred thousand records, what is done for one operation looks at those of that operation."""

import asyncio
from types import SimpleNamespace

import pytest
from tests.operations import actions
from tests.operations.actions import act

from brookline.entities.unmanage import unmanaged
from brookline.journal.records import Records
from brookline.locations.ports import LOCATION, PORTS
from brookline.management.context import Caller
from brookline.management.interruptions import Interruptions
from brookline.management.opening import opening
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.locks import KIND as LOCK
from brookline.operations.retention import Limits
from brookline.operations.safety import repeatable
from brookline.operations.task import KIND, Status
from brookline.values.ids import new_id

TASKS, LOCKS = 100_000, 20_000
MOST = 40
"""Records that may be looked at for one operation of two parts, from its beginning to its end."""


class Counting(Records):
    """Records that count how many of them are looked at."""

    def __init__(self):
        super().__init__()
        self.looks = 0

    def get(self, kind, record_id):
        self.looks += 1
        return super().get(kind, record_id)

    def ids(self, kind):
        for one in super().ids(kind):
            self.looks += 1
            yield one


def fill(records, now_ms=1):
    """Have records of many operations with parts that have ended, and of locks that one still has."""
    ended = {"name": "x", "entity": "e", "ended": now_ms}
    for number in range(TASKS):
        whole = number // 10 * 10
        parent = {} if number == whole else {"parent": f"t{whole}"}
        records.put(KIND, f"t{number}", {**ended, "status": "completed", **parent})
    records.put(KIND, "holder", {**ended, "status": "interrupted"})
    for number in range(LOCKS):
        records.put(LOCK, f"e{number}", {"operation": "holder", "holder": "holder", "turn": 1})


@pytest.fixture
async def many(bench):
    records = bench.recorder.records = Counting()
    fill(records, bench.clock.wall_ms())
    bench.tasks.reset(records)
    await bench.replace(limits=Limits(per_name=TASKS, per_entity=TASKS))
    return bench


async def lost():
    raise StepInterrupted(Cause.RESET, "all is lost")


async def test_a_thousand_interruptions_look_at_no_records_of_others(many, ran):
    async def body(op):
        async with op.exclusive_use(op.task.id):
            await op.step("one", act(ran, "one"))
            await op.step("lost", repeatable(lost))

    many.recorder.records.looks = 0
    tasks = [await many.submit(body) for _ in range(1000)]
    await asyncio.gather(*(task.wait(60) for task in tasks))
    assert {task.status for task in tasks} == {Status.INTERRUPTED}
    assert len(ran) == 1000
    assert many.recorder.records.looks < 1000 * MOST


async def test_a_thousand_ends_look_at_no_records_of_others(many, ran):
    async def body(op):
        async with op.exclusive_use(op.task.id):
            await op.step("one", act(ran, "one"))

    many.recorder.records.looks = 0
    tasks = [await many.submit(body) for _ in range(1000)]
    await asyncio.gather(*(task.wait(60) for task in tasks))
    assert {task.status for task in tasks} == {Status.COMPLETED}
    assert many.recorder.records.looks < 1000 * MOST


def test_an_opening_looks_at_each_record_a_few_times_however_much_is_interrupted():
    records = Counting()
    fill(records)
    for number in range(1000):
        records.put(KIND, f"left {number}", {"name": "left", "status": "running"})
    records.looks = 0
    assert len(opening(records, 1).interrupted) == 1000
    assert records.looks < 5 * (TASKS + LOCKS)


async def test_a_decision_on_one_looks_at_no_tasks_of_other_entities(many):
    def looked_at():
        for task in every():
            looks.append(task.id)
            yield task

    async def commit(decide, _ctx):
        await many.recorder.commit(decide)

    tasks = [await many.submit(lambda _op: lost(), entity_id=f"e{n % 5}") for n in range(20)]
    for task in tasks:
        await many.ended(task)
    platform = SimpleNamespace(live=SimpleNamespace(entity=lambda _: None))
    decides = Interruptions(many.supervisor, platform, commit=commit, new_id=new_id)
    looks, every = [], many.tasks.top_level
    many.tasks.top_level = looked_at
    many.recorder.records.looks = 0
    for task in tasks:
        await decides.abandon(task, "no use", Caller("ann"))
    assert all(not many.tasks.get(task.id).undecided for task in tasks)
    assert looks == []
    assert many.recorder.records.looks < 20 * MOST


def test_the_removal_of_many_looks_at_each_record_a_few_times():
    records, many = Counting(), 1000
    records.put("entity", "app", {"parent": ""})
    for number in range(many):
        entity, source = f"e{number}", f"source {number}"
        records.put("entity", entity, {"parent": "app", "locations": [source, f"m{number}"]})
        records.put(LOCATION, source, {"config": {}})
        machine = {"entity": entity, PORTS: {entity: {"http.port": number}}}
        records.put(LOCATION, f"m{number}", {"parent": source, "config": machine})
    records.put(LOCATION, "of others", {"parent": "source 7", "config": {"entity": "other"}})
    records.looks = 0
    drops = unmanaged(records, "app")
    assert records.looks < 10 * 3 * many
    gone = {one.id for one in drops if one.kind == LOCATION}
    assert len(gone) == 2 * many - 1
    assert not gone & {"source 7", "of others"}


async def test_parts_whose_beginnings_are_told_only_after_they_were_given_up_are_cut_off_too(
    bench, until
):
    come = asyncio.Event()

    @repeatable
    async def breaks():
        await come.wait()
        await lost()

    async def inner(op):
        await op.step("pay", lambda: None)

    async def body(op):
        breaking = op.begin_step("breaks", breaks)
        await op.join_all([breaking, op.begin_call(actions.Caller(inner), "go")])

    task = await bench.submit(body)
    bench.recorder.said.clear()
    bench.recorder.followers.clear()  # nobody is told of them before they are given up
    records = bench.recorder.records.all(KIND)
    await until(lambda: any(one.get("once") for one in records.values()))
    come.set()
    await until(lambda: bench.record(task)["status"] == "interrupted")
    bench.recorder.said.set()
    assert await task.wait(5)
    by_name = {one["name"]: one["status"] for one in records.values()}
    assert by_name == dict.fromkeys(("work", "breaks", "go", "pay"), "interrupted")
