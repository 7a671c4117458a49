"""Planes that move to another store while they are written to, under a nemesis.

python -m tests.simulation.moves 100            # seeds 0 to 99
python -m tests.simulation.moves --seed 4711    # one seed, with its transcript

An operator does what `brookline store copy --online` does, in its order, and again until it is done,
though the command is killed and stores do not answer. In some planes another does so at once, to the same
store or to a third one. Nodes that have ended are started again where
the plane is then, and at times too early. The oracle sees all logs as one: what was acknowledged before or
after is in it once, nothing follows the old log's last fence, and one of the other stores is opened.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from tests.simulation.minute import RAGE_S, Minute, Written, options_for, written
from tests.simulation.models import model_for
from tests.simulation.seeds import Seeds

from brookline.errors import BrooklineError
from brookline.journal.keys import PLANE
from brookline.journal.moving import Move
from brookline.plane.living import living
from brookline.stores.memory import MemoryStore
from brookline.testing.clock import SimClock
from brookline.testing.host import Run
from brookline.testing.oracle import WatchedShelf
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.models import StoreModel

    from brookline.stores.shelf import Shelf
    from brookline.testing.harness import PlaneHarness, PlaneOptions
    from brookline.testing.host import Host
    from brookline.values.clock import Clock

ENDING_S = 12.0
"""How long nodes are waited for that are to end; then the new store is opened all the same."""

TARGETS = ("elsewhere", "far-away")
"""Names of stores to which planes move."""

LONGEST_S = 120.0
"""From the end of all faults until the move must be done."""


class Operator:
    """Moves a plane, and starts its nodes again.

    Args:
        harness: The plane.
        closes: Whether the old log is closed; without that, what was acknowledged may be lost.
    """

    def __init__(self, harness: PlaneHarness, *, closes: bool = True) -> None:
        self.harness = harness
        self.closes = closes
        self.random = harness.random
        self.old = harness.shelf
        self.targets = {
            name: WatchedShelf(SimClock(harness.loop.true_time), harness.oracle) for name in TARGETS
        }
        self.rival = self.random.choice([*TARGETS, "", ""])
        self.early = self.random.random() < 0.3
        self.tries = 0
        self.over = False

    @property
    def done(self) -> bool:
        """Whether nodes may begin in the new store."""
        return bool(self.open_ones())

    def open_ones(self) -> list[str]:
        """Return the stores in which nodes may begin."""
        return [name for name, shelf in self.targets.items() if shelf.get(PLANE) is not None]

    async def move(self, to: str) -> None:
        """Run the command until the plane has moved; some of its processes are killed."""
        await self.harness.sleep(2 + 20 * self.random.random())
        while not (self.done or self.over):
            self.tries += 1
            host = self.harness.loop.host(f"mover-{self.tries}")
            work = host.spawn(self._command(host, to))
            if self.random.random() < 0.6:
                host.after(self.random.randrange(1, 400), host.kill)
            await self.harness.until(lambda h=host, w=work: w.done() or h.run is Run.DEAD, 60)
            host.kill()
            await self.harness.sleep(2 * self.random.random())
        self.harness.transcript.note("the plane has moved", to=to, tries=self.tries)
        if len(self.open_ones()) > 1:
            self.harness.oracle.wrong("two stores are open")

    async def tend(self) -> None:
        """Start nodes that have ended, where their plane is by now."""
        harness = self.harness
        while not self.over:
            await harness.sleep(0.5 + self.random.random())
            closed = harness.oracle.closed
            if self.done:
                harness.shelf = self.targets[self.open_ones()[0]]
            elif self.early and closed is not None and isinstance(closed.payload, Fence):
                harness.shelf = self.targets[closed.payload.moved]
            for server in harness.servers.values():
                if closed is not None and not server.lives and self.random.random() < 0.5:
                    harness.transcript.note("start", server=server.name)
                    server.start()

    async def _command(self, host: Host, to: str) -> None:
        target = self._store(host, self.targets[to], to)
        move = Move(
            self._store(host, self.old, "old"), target, host.clock,
            gone_to=to if self.closes else "", randomness=self.random,
        )  # fmt: skip
        try:
            await self._steps(move, host.clock)
        except BrooklineError as error:
            self.harness.transcript.note("the move is cut short", to=to, why=error.message)

    async def _steps(self, move: Move, clock: Clock) -> None:
        before = await move.look()
        await move.copy()
        await move.copy()
        await move.check_patiently()
        if not before and self.closes:
            await move.close()
        await move.copy()
        await move.check_patiently()
        try:
            async with asyncio.timeout(ENDING_S):
                while await living(MemoryStore(self.old, "operator"), clock):
                    pass
        except TimeoutError:
            self.harness.transcript.note("nodes go on in the old store")
        await move.open()

    def _store(self, host: Host, shelf: Shelf, which: str) -> MemoryStore:
        harness, later = self.harness, self.harness.loop.call_truly_later
        return MemoryStore(shelf, f"{host.name}/{which}", faults=harness.faults, later=later)


class MovingMinute(Minute):
    """A plane, its clients, its nemesis, and an operator who moves it."""

    def __init__(self, options: PlaneOptions, store: StoreModel, *, closes: bool = True) -> None:
        super().__init__(options, store)
        self.operator = Operator(self.harness, closes=closes)

    async def pass_by(self) -> None:
        """Let the nemesis rage while the plane moves, then see that everything becomes well."""
        await self.begin()
        async with asyncio.TaskGroup() as group:
            group.create_task(self.operator.move(TARGETS[0]))
            if self.operator.rival:
                group.create_task(self.operator.move(self.operator.rival))
            group.create_task(self.operator.tend())
            await self.nemesis.rage(RAGE_S)
            await self.nemesis.mend()
            if not await self.harness.until(lambda: self.operator.done, LONGEST_S):
                self.harness.oracle.wrong("the move is not done in time")
            await self.settle()
            self.operator.over = True
        await self.end()


def run_seed(seed: int, *, closes: bool = True) -> Written:
    """Run one seed."""
    return written(seed, MovingMinute(options_for(seed), model_for(seed), closes=closes))


def main(arguments: Sequence[str]) -> int:
    """Run what is asked for; return 0 if nothing went wrong."""
    seeds = Seeds("tests.simulation.moves", "Move planes under a nemesis, one a seed.")
    asked, began = seeds.parser.parse_args(arguments), time.perf_counter()
    moved = failed = writes = 0
    for verdict in seeds.run(asked, run_seed):
        moved, failed = moved + 1, failed + bool(verdict.violations)
        writes += verdict.acknowledged
    took = time.perf_counter() - began
    print(
        f"{moved} planes moved in {took:.0f} s: {writes:,} writes acknowledged,"
        f" {failed or 'no'} seeds failed"
    )
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
