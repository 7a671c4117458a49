"""What operations have read of what may change."""

import pytest
from tests.operations.actions import halt

from brookline.operations.storing import MOST_BYTES
from brookline.operations.task import Status

LARGE = "x" * MOST_BYTES


class Reader:
    """An operation that reads something that changes, before it waits and after it."""

    def __init__(self, bench, gate):
        self.bench = bench
        self.gate = gate
        self.now = {"value": 1}
        self.changes = True
        self.seen = []

    async def body(self, op):
        self.seen.append(await self.read(op))
        await op.step("wait", halt([], self.gate))
        self.seen.append(await self.read(op))

    async def read(self, op):
        found = op.readings.find("e1", "key")
        if found is None:
            found = self.now
            await op.readings.add("e1", "key", found, changes=self.changes)
        return found["value"]

    async def begins(self):
        task = await self.bench.submit(self.body)
        await self.bench.supervisor.clock.sleep(0.1)
        return task


@pytest.fixture
def reader(bench, gate):
    return Reader(bench, gate)


async def test_it_is_read_once_whoever_leads(reader, bench, gate):
    task = await reader.begins()
    reader.now = {"value": 2}
    task = await bench.ended_by_next(task, gate)
    assert (task.status, reader.seen) == (Status.COMPLETED, [1, 1, 1])


async def test_it_is_gone_with_the_end(reader, bench, gate):
    task = await reader.begins()
    assert "+read e1 key" in bench.record(task)
    gate.set()
    await bench.ended(task)
    assert "+read e1 key" not in bench.record(task)


async def test_what_is_set_by_requests_is_not_recorded_by_itself(reader, bench):
    reader.changes = False
    task = await reader.begins()
    assert "+read e1 key" not in bench.record(task)
    found = bench.supervisor.unrecorded_readings(lambda entity, name: (entity, name) != ("e2", ""))
    assert [(one.task.id, marks) for one, marks in found.items()] == [
        (task.id, {"read e1 key": {"value": 1}})
    ]
    assert bench.supervisor.unrecorded_readings(lambda entity, _name: entity == "e2") == {}


async def test_what_is_too_large_is_recorded_as_a_digest_and_read_again(reader, bench, gate):
    reader.now = {"value": LARGE}
    task = await reader.begins()
    assert list(bench.record(task)["+read e1 key"]) == ["digest"]
    task = await bench.ended_by_next(task, gate)
    assert (task.status, reader.seen) == (Status.COMPLETED, [LARGE] * 3)


async def test_what_is_too_large_and_has_changed_interrupts(reader, bench, gate):
    reader.now = {"value": LARGE}
    task = await reader.begins()
    reader.now = {"value": LARGE + "y"}
    task = await bench.ended_by_next(task, gate)
    assert (task.status, task.interruption["cause"]) == (Status.INTERRUPTED, "changed")
    assert "'key' is another than when it was read" in task.interruption["reason"]
