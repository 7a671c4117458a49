"""A restored plane is another one: nodes that knew the old one halt, whatever state they are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plane.house import core, led_by, node, standing_by
from tests.plane.stories import write

from brookline.journal.keys import JOURNAL
from brookline.journal.replica import Prefix, Replica
from brookline.journal.restoring import Plan, next_epoch, plant
from brookline.plane.states import NodeState
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.testing.clock import SimClock
from brookline.testing.harness import PlaneHarness, PlaneOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

RESTORED = "restored"
"""Id of the other plane."""


def replaced(story: Callable[[PlaneHarness], Coroutine[Any, Any, None]]) -> None:
    """Run a story in which one log is put in the place of another: to the oracle that is a fault."""
    harness = PlaneHarness(PlaneOptions(nodes=("a", "b", "c")))
    harness.run(story(harness))


async def restore(harness: PlaneHarness, point: Replica) -> None:
    """Make another plane of a point of this one, and put it in its place at one moment."""
    clock = SimClock(harness.loop.true_time)
    beside = Shelf(clock)
    plan = Plan(RESTORED, next_epoch(point.epoch, clock.wall_ms()), "a backup", ())
    await plant(MemoryStore(beside), point, plan, clock)
    for key in harness.shelf.keys("", ""):
        harness.shelf.delete(key)
    for key in beside.keys("", ""):
        harness.shelf.put(key, beside.get(key) or b"")


def copied(replica: Replica) -> Replica:
    at = replica.at
    copy = Replica(replica.plane, Prefix(at.seq, at.hash, at.epoch, at.standing))
    for kind, of in replica.records.kinds().items():
        for record_id, value in of.items():
            copy.records.put(kind, record_id, value)
    return copy


async def halted(harness: PlaneHarness, *names: str) -> None:
    for name in names:
        assert await harness.until(lambda n=name: core(harness, n).alarm, 60), name
        assert node(harness, name).state is NodeState.FAILED
        assert not node(harness, name).leads()


async def goes_on(harness: PlaneHarness, name: str) -> None:
    """Have a node lead the restored plane, which is as it was at the point."""
    harness[name].start()
    assert await harness.until(harness[name].leads, 60)
    assert node(harness, name).plane_id == RESTORED
    tenant = harness[name].tenant
    assert tenant is not None
    assert tenant.items("x") == ["kept"]


def test_master_and_standby_halt_when_a_restored_plane_is_put_in_the_place_of_theirs() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        await write(harness, "a", "kept")
        await restore(harness, copied(node(harness, "a").replica))
        entries = harness.shelf.keys(JOURNAL, "")

        await halted(harness, "a", "b")
        await harness.sleep(60)
        assert harness.shelf.keys(JOURNAL, "") == entries, "nobody may write to it"
        await goes_on(harness, "c")

    replaced(story)


def test_those_that_had_come_further_halt_when_the_restored_plane_goes_on() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        await write(harness, "a", "kept")
        point = copied(node(harness, "a").replica)
        for number in range(3):
            await write(harness, "a", f"r{number}")
        await harness.until(
            lambda: node(harness, "b").replica.seq == node(harness, "a").replica.seq
        )
        await restore(harness, point)

        await goes_on(harness, "c")
        await write(harness, "c", "more")
        await halted(harness, "a", "b")

    replaced(story)


def test_one_that_slept_meanwhile_acknowledges_nothing_when_it_goes_on() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await write(harness, "a", "kept")
        point = copied(node(harness, "a").replica)
        host = harness["a"].host
        assert host is not None
        host.freeze()
        await restore(harness, point)
        harness["c"].start()
        assert await harness.until(harness["c"].leads, 60)

        host.resume()
        asked = host.spawn(write(harness, "a", "late"), "late")
        await harness.until(asked.done, 30)
        tenant = harness["c"].tenant
        assert tenant is not None
        assert tenant.items("x") == ["kept"]
        assert asked.exception() is not None
        assert await harness.until(lambda: core(harness, "a").alarm, 60)

    replaced(story)
