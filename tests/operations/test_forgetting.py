import logging

import pytest

from brookline.operations.retention import Limits
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
