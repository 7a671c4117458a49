import logging

import pytest
from tests.operations.test_operation import Door

from brookline.model.effectors import effector
from brookline.model.live import live_of
from brookline.model.types import Types
from brookline.operations.effectors import effector_body
from brookline.operations.retention import Limits
from brookline.operations.safety import repeatable
from brookline.operations.task import KIND, Status
from brookline.testing.clock import SimClock


async def body(op):
    op.write("stdout", b"hello")
    await op.step("one", lambda: "x" * 10_000)


@pytest.fixture
def bench(bench):
    bench.now_s = 1000.0
    bench.clock = SimClock(lambda: bench.now_s)
    return bench


async def three(bench, **limits):
    """Return three tasks that have ended, an hour after each other, under these limits."""
    await bench.replace(limits=Limits(**limits))
    tasks = []
    for _ in range(3):
        task = await bench.submit(body, entity_id="e1")
        tasks.append(await bench.ended(task))
        bench.now_s += 3600
    await bench.supervisor.forgetting.forget_old()
    return tasks


@pytest.mark.parametrize(
    "limits",
    [{"per_name": 2}, {"per_entity": 2}, {"total": 4}, {"age_s": 8000}, {"total_bytes": 25_000}],
    ids=repr,
)
async def test_old_tasks_are_forgotten_with_their_parts_and_streams(bench, limits):
    tasks = await three(bench, **limits)
    assert [bench.tasks.find(task.id) for task in tasks] == [None, *tasks[1:]]
    assert len(list(bench.recorder.records.ids(KIND))) == 4
    assert bench.streams.names(tasks[0].id) == []
    assert bench.streams.names(tasks[1].id) == ["stdout"]


async def test_what_begins_anew_apart_each_turn_leaves_no_more_than_its_last_turns(bench, until):
    turns = []

    class Watch(Door):
        TYPE = "test.Watch"

        @effector
        async def watch(self, op) -> None:
            """Look once, and again."""
            await op.step("look", repeatable(lambda: turns.append(op.task.id)))
            if len(turns) < 50:
                await op.begin_apart(self, "watch")

    record = {"type": "test.Watch", "name": "tower", "app": "e1"}
    tower = live_of(Types([Watch]), {"e1": record}, {}).entity("e1")
    bench.kinds["effector"] = lambda task: effector_body(tower, task.effector, task.params)
    await bench.replace(limits=Limits(per_name=3))
    await bench.submit(effector_body(tower, "watch", {}), name="watch", entity_id="e1")
    await until(lambda: len(turns) == 50 and bench.tasks.get(turns[-1]).status.ended)
    await bench.supervisor.forgetting.forget_old()
    assert len(set(turns)) == 50
    assert len(list(bench.recorder.records.ids(KIND))) == 2 * 3


async def test_what_waits_for_a_decision_is_forgotten_for_its_own_limit_only_and_told(
    bench, caplog, until
):
    caplog.set_level(logging.WARNING, "brookline.operations")
    tasks = [await bench.submit(body, name=f"n{n}", entity_name="web") for n in range(3)]
    for number, task in enumerate(map(bench.tasks.get, [one.id for one in tasks])):
        await bench.ended(task)
        task.status, task.ended_ms = Status.INTERRUPTED, number
    limits = {"per_name": 0, "per_entity": 0, "total": 0, "age_s": 0.0, "total_bytes": 0}
    await bench.replace(limits=Limits(**limits))
    await bench.supervisor.forgetting.forget_old()
    assert all(bench.tasks.find(task.id) for task in tasks)
    assert caplog.records == []
    await bench.replace(limits=Limits(**limits, undecided=2))  # which looks at once
    await until(lambda: bench.tasks.find(tasks[0].id) is None)
    assert [bench.tasks.find(task.id) is None for task in tasks] == [True, False, False]
    [said] = caplog.records
    assert said.message == "interrupted work is forgotten undecided"
    assert said.fields["count"] == 1
    assert said.fields["operations"] == [f"n0 of web ({tasks[0].id})"]
