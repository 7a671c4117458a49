"""Rows: what durable operations cost, and how soon they go on after a failover.

In one process, on a directory store: a writer, its replica, the tasks that follow it, a supervisor.
"""

from __future__ import annotations

import asyncio
import contextlib
import statistics
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

from bench.figures import Figure, Row, Setting, at_least, at_most, told
from bench.journal import CALLERS, writing

from brookline.journal.queue import Decision
from brookline.journal.replica import Replica
from brookline.operations.opening import unfinished
from brookline.operations.safety import repeatable
from brookline.operations.streams import Streams
from brookline.operations.supervisor import Supervisor
from brookline.operations.task import KIND, Task, begun
from brookline.operations.tasks import Tasks
from brookline.operations.works import work
from brookline.values.clock import SystemClock
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
    from pathlib import Path

    from brookline.journal.queue import Committed
    from brookline.journal.records import Records, View
    from brookline.journal.writer import Writer
    from brookline.operations.operation import Operation
    from brookline.wire.changes import Change

    Body = Callable[[Operation], Awaitable[Any]]

STEPS = 300
SECONDS = 3.0
UNFINISHED = 1_000
WAITING = 2_000


class Shown:
    """The tasks, as they follow the replica: an audience of it."""

    def __init__(self, replica: Replica) -> None:
        self.tasks = Tasks()
        self._replica = replica

    async def prepare(self, changes: Sequence[Change]) -> None:
        """Prepare nothing."""

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        """Show what was applied."""
        del prepared, seq
        for place in {(change.kind, change.id) for change in changes}:
            if place[0] == KIND:
                self.tasks.refresh(place[1], self._replica.records.get(*place))

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records."""
        del seq
        self.tasks.reset(records)


class Book:
    """A recorder on a writer: the plane without its nodes."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    async def commit(
        self, decide: Callable[[View], Decision], *, request: str = "", user: str = ""
    ) -> Committed:
        """Commit a decision."""
        return await self._writer.commit(decide, request=request, user=user)

    def note(self, change: Change) -> None:
        """Note nothing: no sensor is read here."""

    def may_act(self, *, guarded: bool = False) -> bool:
        """Tell that it may."""
        del guarded
        return True


class Bench:
    """A master of operations."""

    def __init__(self, writer: Writer, replica: Replica, folder: Path) -> None:
        self.replica = replica
        self.book = Book(writer)
        self.shown = Shown(replica)
        replica.audience = self.shown
        self.streams = Streams(folder / "streams")
        self.bodies: dict[str, Body] = {}
        self.supervisor = self._supervisor()

    def _supervisor(self) -> Supervisor:
        supervisor = Supervisor(
            self.shown.tasks, self.streams, recorder=self.book, clock=SystemClock()
        )
        supervisor.works.register("bench", lambda task: self.bodies[task.work["body"]])
        return supervisor

    async def begin(self, body: str) -> Task:
        """Commit an operation, and begin it."""
        task = Task(new_id(), body, submitted_ms=SystemClock().wall_ms())
        task.work = work("bench", body=body)
        await self.book.commit(lambda _: Decision([begun(task)]))
        return self.supervisor.submit(task)

    async def end(self) -> None:
        """Leave all that runs, as a master that is replaced does."""
        await self.supervisor.deactivate()
        self.shown.tasks.reset(self.replica.records)

    async def take_up(self) -> None:
        """Have another supervisor find what was left and go on with it, as a new master does."""
        now = SystemClock().wall_ms()
        await self.book.commit(lambda view: Decision(unfinished(view, now).changes))
        self.supervisor = self._supervisor()
        await self.supervisor.activate(2)


@contextlib.asynccontextmanager
async def leading(folder: Path) -> AsyncIterator[Bench]:
    """Lead a plane in a new directory store, and run operations on it."""
    folder.mkdir(parents=True)
    replica = Replica("plane")
    async with writing(folder / "store", replica) as (writer, _):
        bench = Bench(writer, replica, folder)
        await bench.supervisor.activate(1)
        yield bench
        await bench.supervisor.deactivate()


@repeatable
def nothing() -> None:
    """Do nothing."""


async def _step_overhead(folder: Path) -> tuple[float, float]:
    """Return the median seconds of a step, and of a bare commit of a like change, by turns."""
    steps: list[float] = []
    commits: list[float] = []
    async with leading(folder) as bench:

        async def body(op: Operation) -> None:
            for number in range(STEPS):
                began = time.perf_counter()
                await op.step(f"step {number}", nothing)
                steps.append(time.perf_counter() - began)
                change = begun(Task(f"t{number}", "like a step", submitted_ms=1))
                began = time.perf_counter()
                await bench.book.commit(lambda _, change=change: Decision([change]))  # type: ignore[misc]
                commits.append(time.perf_counter() - began)

        bench.bodies["steps"] = body
        await (await bench.begin("steps")).wait()
    return statistics.median(steps), statistics.median(commits)


async def _rate(folder: Path) -> float:
    """Return how many operations of three trivial steps end in a second, for 64 callers."""
    async with leading(folder) as bench:

        async def body(op: Operation) -> None:
            for name in ("one", "two", "three"):
                await op.step(name, nothing)

        bench.bodies["three"] = body
        over, done = time.perf_counter() + SECONDS, 0

        async def call() -> None:
            nonlocal done
            while time.perf_counter() < over:
                task = await bench.begin("three")
                await task.wait()
                done += 1

        began = time.perf_counter()
        await asyncio.gather(*(call() for _ in range(CALLERS)))
        return done / (time.perf_counter() - began)


async def _memory(folder: Path) -> float:
    """Return the bytes that an operation takes that waits in a step, its records included."""
    async with leading(folder) as bench:
        gate = asyncio.Event()

        @repeatable
        async def wait() -> None:
            await gate.wait()

        async def body(op: Operation) -> None:
            await op.step("wait", wait)

        bench.bodies["waits"] = body
        await bench.begin("waits")
        await asyncio.sleep(1.5)
        tracemalloc.start()
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(WAITING):
            await bench.begin("waits")
        await asyncio.sleep(2.5)
        taken = tracemalloc.get_traced_memory()[0] - before
        tracemalloc.stop()
        gate.set()
        return taken / WAITING


async def _taking_up(folder: Path) -> tuple[float, float]:
    """Return the seconds from the promotion to the first step that goes on, and to all going on."""
    async with leading(folder) as bench:
        going_on: list[float] = []
        gate, all_there = asyncio.Event(), asyncio.Event()

        @repeatable
        async def wait() -> None:
            going_on.append(time.perf_counter())
            if len(going_on) >= UNFINISHED:
                all_there.set()
            await gate.wait()

        async def body(op: Operation) -> None:
            await op.step("first", nothing)
            await op.step("second", nothing)
            await op.step("wait", wait)

        bench.bodies["waits"] = body
        for _ in range(UNFINISHED):
            await bench.begin("waits")
        await all_there.wait()
        going_on.clear()
        all_there.clear()
        await bench.end()
        began = time.perf_counter()
        await bench.take_up()
        await all_there.wait()
        gate.set()
        return going_on[0] - began, going_on[-1] - began


def steps(setting: Setting) -> Sequence[Figure]:
    """One journalled step after the other, beside a bare commit."""
    pairs = [
        asyncio.run(_step_overhead(setting.folder / f"steps-{n}")) for n in range(setting.rounds)
    ]
    extra = [1000 * (step - commit) for step, commit in pairs]
    return [
        at_most(
            "a journalled step, over the bare action and one bare commit", extra, 0.5,
            form="{:.2f} ms",
        ),
        told("the same: a bare commit", [1000 * commit for _, commit in pairs], form="{:.2f} ms"),
    ]  # fmt: skip


def operations(setting: Setting) -> Sequence[Figure]:
    """Operations of three trivial steps, by 64 concurrent callers in the process."""
    rates = [asyncio.run(_rate(setting.folder / f"rate-{n}")) for n in range(setting.rounds)]
    what = f"operations a second, {CALLERS} concurrent, three trivial steps each"
    return [at_least(what, rates, 1_000, form="{:,.0f}")]


def memory(setting: Setting) -> Sequence[Figure]:
    """What an operation takes of memory that waits in a step, its records included."""
    sizes = [
        asyncio.run(_memory(setting.folder / f"memory-{n}")) / 1000
        for n in range(min(setting.rounds, 3))
    ]
    return [at_most("memory of an operation that waits", sizes, 10.0, form="{:.1f} kB")]


def taking_up(setting: Setting) -> Sequence[Figure]:
    """A thousand unfinished operations, from the promotion on."""
    pairs = [
        asyncio.run(_taking_up(setting.folder / f"taking-up-{n}")) for n in range(setting.rounds)
    ]
    what = f"{UNFINISHED:,} unfinished operations, from the promotion to"
    return [
        at_most(f"{what} the first step going on", [a for a, _ in pairs], 0.3, form="{:.3f} s"),
        at_most(f"{what} all going on", [b for _, b in pairs], 3.0, form="{:.2f} s"),
    ]


ROWS = (
    Row("steps", steps),
    Row("operations", operations),
    Row("memory", memory),
    Row("taking-up", taking_up),
)
