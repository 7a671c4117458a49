"""Whole planes on one loop: real nodes over a simulated store, network and world.

harness = PlaneHarness(seed=7, nodes=("a", "b"))

async def story():
harness.start("a")
await harness.until(lambda: harness.master() == "a")
harness["a"].host.kill()

harness.run(story())
print(harness.transcript)
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import random
import traceback
from typing import TYPE_CHECKING, Any

from brookline.errors import Damaged
from brookline.journal.reader import Place, Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES, Rules
from brookline.plane.settings import PlaneSettings
from brookline.stores.memory import MemoryStore
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop
from brookline.testing.network import Network
from brookline.testing.oracle import Oracle, WatchedShelf
from brookline.testing.planned import PlannedFaults
from brookline.testing.sim_server import SimServer, SimTenant
from brookline.testing.toy import ToyTenant
from brookline.testing.transcript import Transcript, TranscriptHandler

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator, Sequence

QUICK = PlaneSettings(
    poll_s=1.0,
    timeout_s=5.0,
    write_wait_s=3.0,
    persist_period_s=0.5,
    snapshot_entries=4,
    snapshot_age_s=1.0,
    grace_s=3.0,
    hop_wait_s=1.0,
    exit_wait_s=3.0,
    forget_s=30.0,
    gap_alarm_s=30.0,
)
"""Settings under which a minute holds many elections, snapshots and collections."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlaneOptions:
    """What a plane is like.

    Attributes:
        nodes: Names of its servers.
        seed: Decides everything that is random.
        settings: Of all nodes.
        rules: Of all nodes.
        rates: Of the nodes' clocks, in their order; 1 for those beyond.
        one_machine: Whether all nodes run on one machine, so that deaths can be proved.
        log_level: Of what the nodes log, as far as the transcript has it.
    """

    nodes: Sequence[str] = ("a", "b")
    seed: int = 0
    settings: PlaneSettings = QUICK
    rules: Rules = ALL_RULES
    rates: Sequence[float] = ()
    one_machine: bool = False
    log_level: int = logging.INFO


class PlaneHarness:
    """A plane, the world around it, and what is to be known of both.

    Attributes:
        options: What it is like.
        loop: Carries everything.
        random: Seeded.
        transcript: What happened.
        oracle: What is true, and what went wrong.
        network: Between nodes, and to clients.
        shelf: The store's content.
        faults: What goes wrong with the store.
        servers: By name.
        make_tenant: Returns what lives on a server that starts.
    """

    def __init__(self, options: PlaneOptions) -> None:
        self.options = options
        self.loop = SimLoop()
        self.random = random.Random(options.seed)  # noqa: S311 - a simulation must be foreseeable
        self.transcript = Transcript(self.loop.true_time)
        self.oracle = Oracle(self.transcript)
        self.network = Network(self.loop, self.random)
        self.shelf = WatchedShelf(SimClock(self.loop.true_time), self.oracle)
        self.faults = PlannedFaults(self.random)
        self.servers: dict[str, SimServer] = {}
        self.make_tenant: Callable[[SimServer], SimTenant] = self._toy
        for i, name in enumerate(options.nodes):
            rate = options.rates[i] if i < len(options.rates) else 1.0
            self.servers[name] = SimServer(self, name, rate)

    def __getitem__(self, name: str) -> SimServer:
        return self.servers[name]

    def run(self, story: Coroutine[Any, Any, Any]) -> None:
        """Run a story to its end; what went wrong is in the oracle."""
        try:
            with self._logging():
                self.loop.run(story)
        finally:
            for accident in self.loop.accidents:
                error = accident.get("exception")
                self.oracle.wrong(
                    f"an error that nobody looks at: {error!r}; {accident['message']}"
                )
                if error is not None:
                    self.transcript.note("".join(traceback.format_exception(error)))

    def store(self, name: str) -> MemoryStore:
        """Return a connection to the store, by whose name faults know it."""
        later = self.loop.call_truly_later
        return MemoryStore(self.shelf, name, faults=self.faults, later=later)

    def living(self) -> list[SimServer]:
        """Return the servers whose process runs, or is only stopped."""
        return [server for server in self.servers.values() if server.lives]

    def master(self) -> str:
        """Return the name of the server that leads at this moment, or nothing."""
        leading = [server.name for server in self.living() if server.leads()]
        return leading[0] if leading else ""

    async def until(self, true: Callable[[], object], within_s: float = 60.0) -> bool:
        """Wait until something is true; tell whether it was so in time."""
        deadline = self.loop.true_time() + within_s
        while not true():
            if self.loop.true_time() >= deadline:
                return False
            await asyncio.sleep(0.02)  # noqa: TID251 - true time, of no clock
        return True

    async def sleep(self, seconds: float) -> None:
        """Let true time pass."""
        await asyncio.sleep(seconds)  # noqa: TID251 - true time, of no clock

    async def read_afresh(self) -> Replica:
        """Return what somebody sees who reads the whole log now, from a store without faults."""
        clock = SimClock(self.loop.true_time)
        plane = self.oracle.entries[0].header.plane if self.oracle.entries else ""
        replica = Replica(plane)
        store = MemoryStore(self.shelf, "fresh")
        reader = Reader(store, replica, clock=clock, rules=self.options.rules, gap_alarm_s=30)
        await reader.load()
        while await reader.catch_up() is not Place.TAIL:
            await clock.sleep(0.1)
        return replica

    async def check_afresh(self) -> None:
        """Check that who reads the whole log now sees the whole history."""
        try:
            replica = await self.read_afresh()
        except Damaged as error:
            self.oracle.wrong(f"a fresh reader cannot read the log: {error.message}")
            return
        if replica.seq != self.oracle.seq:
            self.oracle.wrong(f"the log ends at {replica.seq} to readers, not at {self.oracle.seq}")
        self.oracle.shown("a fresh reader", replica.seq, replica.records)

    def _toy(self, server: SimServer) -> SimTenant:
        return ToyTenant(server.name, server.clock, self.oracle)

    @contextlib.contextmanager
    def _logging(self) -> Iterator[None]:
        log = logging.getLogger("brookline")
        handler = TranscriptHandler(self.transcript, self.options.log_level)
        before = log.level, log.propagate
        log.setLevel(self.options.log_level)
        log.propagate = False
        log.addHandler(handler)
        try:
            yield
        finally:
            log.removeHandler(handler)
            log.level, log.propagate = before
