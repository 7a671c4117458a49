"""What the tests of the plane are made of: heartbeats, sightings, and planes under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.plane.watch import Sighting
from brookline.testing.clock import SimClock
from brookline.testing.harness import PlaneHarness, PlaneOptions
from brookline.testing.loop import SimLoop
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from brookline.plane.core import Core
    from brookline.plane.node import PlaneNode


def heartbeat(instance: str = "n1", **more: Any) -> Heartbeat:
    fields = {
        "instance": instance, "name": instance, "home": f"home-{instance}", "counter": 1,
        "state": "HOT_STANDBY", "mode": "AUTO", "wall_ms": 0, **more,
    }  # fmt: skip
    return Heartbeat(**fields)


def sighting(instance: str = "n1", since: float = 0.0, rises: int = 1, **more: Any) -> Sighting:
    progress = more.pop("progress_since", since)
    return Sighting(heartbeat(instance, **more), since, rises, 0, progress)


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
