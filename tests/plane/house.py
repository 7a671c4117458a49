"""What the tests of the plane are made of: heartbeats, sightings, and planes under virtual time."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING, Any

from tests.journal.house import ScriptedStore

from brookline.journal.rules import ALL_RULES
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.peers import NotSent, Probe
from brookline.plane.states import Mode
from brookline.plane.tenant import Opening
from brookline.plane.watch import Sighting
from brookline.stores.shelf import Shelf
from brookline.testing.clock import SimClock
from brookline.testing.harness import QUICK, PlaneHarness, PlaneOptions
from brookline.testing.loop import SimLoop
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine

    from brookline.plane.core import Core
    from brookline.plane.peers import Reply, Request


def heartbeat(instance: str = "n1", **more: Any) -> Heartbeat:
    fields = {
        "instance": instance, "name": instance, "home": f"home-{instance}", "counter": 1,
        "state": "HOT_STANDBY", "mode": "AUTO", "wall_ms": 0, **more,
    }  # fmt: skip
    return Heartbeat(**fields)


def sighting(instance: str = "n1", since: float = 0.0, rises: int = 1, **more: Any) -> Sighting:
    progress = more.pop("progress_since", since)
    risen = more.pop("risen", since if rises else -math.inf)
    return Sighting(heartbeat(instance, **more), since, rises, 0, progress, risen)


class Unheard:
    """Peers that reach nobody; a test says what asking for a process brings."""

    def __init__(self) -> None:
        self.probed = Probe.UNKNOWN
        self.proved = False
        self.nudged: list[str] = []

    async def line(self, master: Heartbeat) -> AsyncGenerator[int, None]:
        raise NotSent
        yield 0

    async def nudge(self, node: Heartbeat) -> None:
        self.nudged.append(node.instance)

    async def probe(self, node: Heartbeat) -> Probe:
        return self.probed

    async def proved_dead(self, node: Heartbeat) -> bool:
        return self.proved

    async def forward(self, node: Heartbeat, epoch: int, request: Request) -> Reply:
        raise NotSent


class Quiet:
    """A tenant that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    async def prepare(self, changes: Any) -> Any:
        self.told.append("prepare")

    def publish(self, changes: Any, prepared: Any, seq: int) -> None:
        """Nothing is shown."""

    async def reset(self, records: Any, seq: int) -> None:
        self.told.append("reset")

    def forget(self) -> None:
        self.told.append("forget")

    def opening(self, view: Any) -> Opening:
        return Opening()

    async def activate(self, epoch: int) -> None:
        self.told.append(f"activate {epoch}")

    async def deactivate(self) -> None:
        self.told.append("deactivate")


class Town:
    """Nodes on one shelf that cannot reach one another but by it."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.shelf = Shelf(clock)
        self.random = random.Random(1)
        self.nodes: list[PlaneNode] = []

    def store(self) -> ScriptedStore:
        return ScriptedStore(self.shelf)

    def node(self, instance: str, mode: Mode = Mode.AUTO, **more: Any) -> PlaneNode:
        """Return a node that is not started; `more` is of its identity, or `store` and so on."""
        beats = more.pop("beats", self.store())  # where its heart writes
        store, settings = more.pop("store", self.store()), more.pop("settings", QUICK)
        peers, tenant = more.pop("peers", Unheard()), more.pop("tenant", Quiet())
        fields = {"name": instance, "home": f"home-{instance}", "home_path": f"/srv/{instance}",
                  "boot": "boot", "address": f"http://{instance}", **more}  # fmt: skip
        made = PlaneNode(
            store, peers, clock=self.clock, randomness=self.random,
            identity=Identity(instance=instance, **fields), settings=settings, tenant=tenant,
            pulse=LocalPulse(beats, self.clock, poll_s=settings.poll_s, rules=ALL_RULES),
            mode=mode,
        )  # fmt: skip
        self.nodes.append(made)
        return made

    async def started(self, instance: str, mode: Mode = Mode.AUTO, **more: Any) -> PlaneNode:
        made = self.node(instance, mode, **more)
        await made.start()
        return made

    async def leads(self, instance: str, mode: Mode = Mode.AUTO, **more: Any) -> PlaneNode:
        made = await self.started(instance, mode, **more)
        await self.until(made.leads)
        return made

    async def until(self, true: Callable[[], object], within_s: float = 30.0) -> None:
        deadline = self.clock.monotonic() + within_s
        while not true():
            assert self.clock.monotonic() < deadline, "it has not come true"
            await self.clock.sleep(0.02)

    async def end(self) -> None:
        for one in self.nodes:
            await one.stop()


def town(story: Callable[[Town], Coroutine[Any, Any, None]]) -> None:
    """Run a story about nodes that share a store, and stop them all."""

    async def told(clock: SimClock) -> None:
        place = Town(clock)
        await story(place)
        await place.end()

    sim(told)


def sim(story: Callable[[SimClock], Coroutine[Any, Any, Any]]) -> Any:
    """Run a story under virtual time; nothing may go wrong unseen."""
    loop = SimLoop()
    told = loop.run(_told(loop, story))
    assert loop.accidents == []
    return told


async def _told(loop: SimLoop, story: Callable[[SimClock], Awaitable[Any]]) -> Any:
    return await story(SimClock(loop.true_time))


def plane(
    story: Callable[[PlaneHarness], Coroutine[Any, Any, None]],
    nodes: str = "ab",
    *,
    unseen_accidents: bool = False,
    **options: Any,
) -> PlaneHarness:
    """Run a story about a whole plane; nothing that must never happen may have happened."""
    harness = PlaneHarness(PlaneOptions(nodes=tuple(nodes), **options))
    harness.run(story(harness))
    assert harness.oracle.violations == [], f"{harness.oracle.violations}\n{harness.transcript}"
    return harness


def node(harness: PlaneHarness, name: str) -> PlaneNode:
    found = harness[name].node
    assert found is not None
    return found


def core(harness: PlaneHarness, name: str) -> Core:
    return node(harness, name)._core


async def led_by(harness: PlaneHarness, name: str) -> None:
    """Start a node, and wait until it leads."""
    if not harness[name].lives:
        harness[name].start()
    assert await harness.until(lambda: harness.master() == name), str(harness.transcript)


async def standing_by(harness: PlaneHarness, *names: str) -> None:
    """Start nodes, and wait until all see them stand by."""
    for name in names:
        if not harness[name].lives:
            harness[name].start()
    await harness.until(lambda: all(_stands(harness, name) for name in names))
    await harness.sleep(2.5 * harness.options.settings.poll_s)


def _stands(harness: PlaneHarness, name: str) -> bool:
    found = harness[name].node
    return found is not None and found.state.value in {"STANDBY", "HOT_STANDBY", "HOT_BACKUP"}


def slow_build(harness: PlaneHarness, name: str, seconds: float) -> None:
    """Let a node take so long to build what it shows when it is promoted."""
    tenant, clock = harness[name].tenant, harness[name].clock
    assert tenant is not None
    reset = tenant.reset

    async def slowly(*args: Any) -> None:
        await clock.sleep(seconds)
        await reset(*args)

    tenant.reset = slowly  # type: ignore[method-assign]
