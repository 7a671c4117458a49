from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from brookline.entities.startable import Startable
from brookline.entities.stock import BasicApplication, BasicEntity, BasicStartable
from brookline.entities.vanilla import VanillaSoftwareProcess
from brookline.errors import RemoteError
from brookline.journal.rules import ALL_RULES
from brookline.locations.kinds import Locations
from brookline.locations.localhost import Localhost
from brookline.management.building import build
from brookline.management.context import Caller
from brookline.model.declarations import config
from brookline.model.effectors import effector
from brookline.model.types import Types
from brookline.operations.streams import Streams
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.peers import NotSent, Peers, Probe
from brookline.plane.settings import PlaneSettings
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.values.clock import SystemClock
from brookline.values.durations import Duration
from brookline.values.ids import SYSTEM_RANDOM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from pathlib import Path

    from brookline.management.building import Built
    from brookline.management.management import Management
    from brookline.model.entity import Entity
    from brookline.operations.operation import Operation
    from brookline.values.clock import Clock
    from brookline.wire.heartbeats import Heartbeat


class Stubborn(Startable):
    """Starts when it is let, and stops if it can."""

    TYPE = "org.example.Stubborn"
    gates: dict[str, asyncio.Event] = {}  # noqa: RUF012

    holds = config("holds", bool, default=False, description="Whether its start waits")
    stays = config("stays", bool, default=False, description="Whether its stop fails")
    patience = config("patience", Duration, default="1m", flags=("patience.flag",))
    fixed = config("fixed", str, reconfigurable=False)

    async def do_start(self, op: Operation) -> None:
        if self.holds:
            gate = self.gates.setdefault(self.id, asyncio.Event())
            await op.step("wait", gate.wait)

    async def do_stop(self, op: Operation) -> None:
        if self.stays:
            raise RemoteError("it would not go")

    @effector
    async def add(self, op: Operation, a: int, b: int = 1) -> int:
        """Add two numbers."""
        return a + b

    @effector
    async def ponder(self, op: Operation) -> None:
        """Think until the gate opens."""
        gate = self.gates.setdefault(self.id, asyncio.Event())
        await op.step("think", gate.wait)


CLASSES = (BasicApplication, BasicEntity, BasicStartable, VanillaSoftwareProcess, Stubborn)
SETTINGS = PlaneSettings(poll_s=0.02, timeout_s=5.0, persist_period_s=0.02)


class Alone:
    """Peers of a node that reaches nobody."""

    async def line(self, master: Heartbeat) -> AsyncIterator[int]:
        raise NotSent
        yield 0

    async def nudge(self, node: Heartbeat) -> None:
        """Nobody hears it."""

    async def probe(self, node: Heartbeat) -> Probe:
        return Probe.UNKNOWN

    async def proved_dead(self, node: Heartbeat) -> bool:
        return False

    async def forward(self, node: Heartbeat, epoch: int, request: Any) -> Any:
        raise NotSent


class Server:
    """A node on a shared memory store, with management on it."""

    def __init__(
        self,
        name: str,
        shelf: Shelf,
        folder: Path,
        *,
        classes: Iterable[type[Entity]],
        clock: Clock,
    ) -> None:
        self.built: Built = build(
            Types(classes),
            Locations([Localhost(clock)]),
            streams=Streams(folder / name),
            clock=clock,
        )
        peers: Peers = Alone()
        self.store = MemoryStore(shelf)
        self.node = PlaneNode(
            self.store, peers, clock=clock, randomness=SYSTEM_RANDOM,
            identity=Identity(instance=f"i-{name}", name=name, home=f"h-{name}"),
            settings=SETTINGS, tenant=self.built.tenant,
            pulse=LocalPulse(MemoryStore(shelf), clock, poll_s=SETTINGS.poll_s, rules=ALL_RULES),
        )  # fmt: skip
        self.built.outlet.plug(self.node)

    @property
    def management(self) -> Management:
        return self.built.management

    async def start(self) -> Server:
        await self.node.start()
        return self

    async def leads(self) -> Server:
        async with asyncio.timeout(20):
            while not self.node.leads():  # noqa: ASYNC110 - the node tells nobody
                await asyncio.sleep(0.005)
        return self

    def named(self, name: str) -> Entity:
        return next(e for e in self.management.live.entities() if e.name == name)

    async def deployed(self, plan: str) -> Entity:
        """Deploy a plan, wait for the end of its start, and return the application."""
        task = await self.management.deploy(plan, ctx=CTX)
        assert await task.wait(20)
        found = self.management.live.entity(task.entity_id)
        assert found is not None
        return found

    def record(self, kind: str, record_id: str) -> Any:
        return self.node.replica.records.get(kind, record_id)


CTX = Caller("tester", "request-1")


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Callable[[str], Any]]:
    """Return how to start a server of one plane, with these types; all are stopped in the end."""
    shelf, servers = Shelf(SystemClock()), []

    async def begin(
        name: str, classes: Iterable[type[Entity]] = CLASSES, clock: Clock | None = None
    ) -> Server:
        server = Server(name, shelf, tmp_path, classes=classes, clock=clock or SystemClock())
        servers.append(server)
        return await server.start()

    yield begin
    for gate in Stubborn.gates.values():
        gate.set()
    for server in servers:
        await server.node.stop()


@pytest.fixture
async def server(start: Callable[..., Any]) -> Server:
    """A server that leads."""
    begun: Server = await start("n1")
    return await begun.leads()
