import asyncio
import contextlib
import os
import signal

import pytest
from tests.operations.far import Far, Hasty

from brookline.journal.queue import Decision
from brookline.journal.records import Records
from brookline.operations.opening import unfinished
from brookline.operations.streams import Streams
from brookline.operations.supervisor import Supervisor
from brookline.operations.task import KIND, Task, begun
from brookline.operations.tasks import Tasks
from brookline.operations.works import work
from brookline.testing.recorder import MemoryRecorder
from brookline.values.clock import SystemClock
from brookline.values.ids import new_id


class Bench:
    """A supervisor on records in memory."""

    def __init__(self, folder, clock=None):
        self.clock = clock or SystemClock()
        self.kinds = {}
        self.recorder = MemoryRecorder()
        self.tasks = Tasks()
        self.recorder.followers.append(self._follow)
        self.streams = Streams(folder)
        self.supervisor = None
        self.bodies = {}

    async def begin(self, **options):
        """Have a supervisor, with these options."""
        self.supervisor = Supervisor(
            self.tasks, self.streams, recorder=self.recorder, clock=self.clock, **options
        )
        for kind, maker in self.kinds.items():
            self.supervisor.works.register(kind, maker)
        self.supervisor.works.register("test", lambda task: self.bodies[task.work["body"]])
        await self.supervisor.activate(1)

    async def replace(self, **options):
        """Have another supervisor, with these options."""
        await self.supervisor.deactivate()
        await self.begin(**options)

    async def fail_over(self):
        """End as a master does whose process dies, and let the next one begin."""
        self.recorder.leads = False
        await self.supervisor.deactivate()
        self.recorder.leads = True
        self.tasks.reset(Records())
        self.tasks.reset(self.recorder.records)
        found = unfinished(self.recorder.records, 5000)
        await self.recorder.commit(lambda _view: Decision(found.changes))
        await self.begin()
        return found

    async def ended(self, task):
        """Return a task, as it is known now, once it has ended."""
        task = self.tasks.get(task.id)
        assert await task.wait(10)
        return task

    async def ended_by_next(self, task, gate=None):
        """Return a task once it has ended on the next master, for which a gate opens."""
        await self.fail_over()
        if gate is not None:
            gate.set()
        return await self.ended(task)

    def _follow(self, changes):
        for change in changes:
            if change.kind == KIND:
                self.tasks.refresh(change.id, self.recorder.records.get(KIND, change.id))

    async def submit(self, body, **fields):
        task = Task(id=new_id(), **{"name": "work", "submitted_ms": 1, **fields})
        self.bodies[task.id] = body
        task.work = work("test", body=task.id)
        await self.recorder.commit(lambda _view: Decision([begun(task)]))
        return self.supervisor.submit(task)

    def record(self, task):
        return self.recorder.records.get(KIND, task.id)


@pytest.fixture
async def bench(tmp_path):
    bench = Bench(tmp_path / "streams")
    await bench.begin()
    yield bench
    await bench.supervisor.deactivate()


@pytest.fixture
def ran():
    """What ran, in this order."""
    return []


@pytest.fixture
def gate():
    """Opened once something may go on."""
    return asyncio.Event()


@pytest.fixture
async def far(tmp_path):
    bench = Bench(tmp_path / "streams", Hasty())
    far = Far(bench, tmp_path)
    await bench.begin()
    await far.begin()
    yield far
    far.set("up")
    await bench.supervisor.deactivate()
    for pid in far.pids():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)
