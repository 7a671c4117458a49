"""Promotions that fail or are overtaken: whole planes under virtual time."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.journal.house import made
from tests.plane.house import core, led_by, node, plane, slow_build, standing_by
from tests.plane.stories import acts, ends, on, reasons, waits_for_the_store, write

from brookline.errors import Unavailable
from brookline.journal.keys import entry_key
from brookline.plane.states import Mode, NodeState
from brookline.stores.store import Exists
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


@pytest.mark.parametrize(
    "fault", [ValueError("x"), AttributeError("y"), ZeroDivisionError()], ids=repr
)
def test_a_promotion_that_fails_resigns_and_another_node_leads(fault: Exception) -> None:
    """Only some kinds of faults were expected; others left the plane without a master."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_priority(1))
        await harness.sleep(2)
        tenant = harness["b"].tenant
        assert tenant is not None
        tenant.fails.append(fault)
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "c", 8)
        assert ends(harness, "c")[1] == "promotion failed"
        assert node(harness, "b").state is NodeState.HOT_STANDBY
        assert not acts(harness, "b")

    plane(story, "abc")


def test_a_lone_node_tries_again_and_again_after_growing_pauses() -> None:
    async def story(harness: PlaneHarness) -> None:
        tenant = await waits_for_the_store(harness, "a")
        tenant.fails += [ValueError("x")] * 5
        harness.faults.down = False
        times: list[float] = []
        while tenant.fails:
            left = len(tenant.fails)
            await harness.until(lambda left=left: len(tenant.fails) < left)
            times.append(harness.loop.true_time())
        assert await harness.until(lambda: harness.master() == "a", 40)
        gaps = [b - a for a, b in itertools.pairwise(times)]
        assert all(1.7 * a < b < 2.8 * a for a, b in itertools.pairwise(gaps)), gaps

    plane(story, "a")


def test_one_that_is_fenced_while_it_is_promoted_never_leads() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        pulse, clock = core(harness, "b").pulse, harness["b"].clock
        beat, slow = pulse.beat, [True]

        async def slowly() -> Any:
            if core(harness, "b").leadership is not None and slow:
                slow.clear()
                replica = node(harness, "b").replica
                entry, data = made(replica, Fence("x", "forced", "b1"), node="x1")
                harness.shelf.create(entry_key(entry.seq), data)
                await clock.sleep(0.5)
            return await beat()

        pulse.beat = slowly  # type: ignore[method-assign]
        await on(harness, "b", node(harness, "b")._candidate.force("bob"))
        assert core(harness, "b").leadership is None
        assert node(harness, "b").state is NodeState.HOT_STANDBY
        assert not acts(harness, "b")
        assert await harness.until(harness.master, 10)
        assert [name for name in "ab" if acts(harness, name)] == [harness.master()]

    plane(story)


def test_a_mastership_that_ends_at_the_very_moment_it_begins_leaves_nothing_acting() -> None:
    async def story(harness: PlaneHarness) -> None:
        tenant = await waits_for_the_store(harness, "a")
        activate, clock = tenant.activate, harness["a"].clock

        async def slowly(epoch: int) -> None:
            if epoch == 1:
                leadership = core(harness, "a").leadership
                assert leadership is not None
                node(harness, "a")._incumbent.ended(leadership, "of a test")
                await clock.sleep(2.0)
            await activate(epoch)

        tenant.activate = slowly  # type: ignore[method-assign]
        harness.faults.down = False
        assert await harness.until(lambda: node(harness, "a").epoch == 1, 5)
        await harness.sleep(2.5)
        assert core(harness, "a").leadership is None or node(harness, "a").epoch > 1
        assert acts(harness, "a") == (core(harness, "a").leadership is not None)
        assert await harness.until(lambda: harness.master() == "a", 10)
        assert node(harness, "a").epoch == 2

    plane(story, "a")


def test_what_its_old_actions_are_not_over_is_not_called_ended() -> None:
    """Others act as soon as a master says that it leads no more."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        tenant, clock = harness["a"].tenant, harness["a"].clock
        assert tenant is not None
        deactivate = tenant.deactivate

        async def slowly() -> None:
            await clock.sleep(2.0)
            await deactivate()

        tenant.deactivate = slowly  # type: ignore[method-assign]
        leadership = core(harness, "a").leadership
        assert leadership is not None
        host = harness["a"].host
        assert host is not None
        host.call(node(harness, "a")._incumbent.ended, leadership, "in doubt")
        await harness.sleep(1.9)
        assert harness.master() == ""
        assert not core(harness, "a").heartbeat().stopped
        assert await harness.until(lambda: harness.master() == "b", 3)
        assert reasons(harness, "b")[-1] == "leads no more"

    plane(story)


def test_a_store_in_doubt_ends_the_mastership_and_another_follows() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        create = harness.shelf.create
        once = [True]

        def doubtful(key: str, data: bytes, **more: Any) -> Any:
            if key.startswith("journal") and once:
                once.clear()
                return Exists()  # and yet nothing is there
            return create(key, data, **more)

        harness.shelf.create = doubtful  # type: ignore[method-assign]
        with pytest.raises(Unavailable, match="mastership ended"):
            await write(harness, "a")
        assert await harness.until(lambda: harness.master() == "b", 5)
        assert reasons(harness, "b")[-1] == "leads no more"
        assert not acts(harness, "a")

    plane(story)


@pytest.mark.parametrize(
    ("seconds", "follows"), [(20.0, "b"), (9999.0, "c")], ids=["long", "hangs"]
)
def test_building_what_it_shows_may_take_long_but_not_for_ever(
    seconds: float, follows: str
) -> None:
    """A cold standby with many entities was called stuck after a time-out, and replaced."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_priority(1))
        await on(harness, "b", node(harness, "b").set_mode(Mode.STANDBY))
        await harness.sleep(2)
        slow_build(harness, "b", seconds)
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == follows, 80)

    plane(story, "abc")
