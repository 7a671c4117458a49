"""Planned hand-overs: whole planes under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plane.house import led_by, node, plane, standing_by
from tests.plane.stories import ends, on

from brookline.management.planned import LATE_MS, PlannedHandOver, found, planning

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness

REASON = "a gets a new disk"


def watches(harness: PlaneHarness, *names: str) -> None:
    for name in names:
        host = harness[name].host
        assert host is not None
        host.spawn(PlannedHandOver(node(harness, name), host.clock).run(), "planned")


async def plan(harness: PlaneHarness, in_s: float, **more: Any) -> None:
    """Plan a hand-over of `a`, so many seconds from now."""
    host = harness["a"].host
    assert host is not None
    at = host.clock.wall_ms() + round(in_s * 1000)
    made = {"at": at, "to": "b", "reason": REASON, "by": "ann", **more}
    await on(harness, "a", node(harness, "a").commit(planning(made)))


def planned(harness: PlaneHarness, name: str) -> Any:
    return found(node(harness, name).replica.records)


async def both(harness: PlaneHarness) -> None:
    await led_by(harness, "a")
    await standing_by(harness, "b")
    watches(harness, "a", "b")


def test_at_its_time_who_leads_hands_over_and_the_history_says_who_wanted_it() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        await plan(harness, 20)
        await harness.sleep(15)
        assert harness.master() == "a"
        assert await harness.until(lambda: harness.master() == "b", 10)
        assert await harness.until(lambda: planned(harness, "b") is None, 5)
        assert ends(harness, "b")[0] == f"switchover by ann: {REASON} (planned)"

    plane(story)


def test_who_takes_over_before_does_it_in_its_place() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        await plan(harness, 40, to="")
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 20)
        harness["a"].start()
        await standing_by(harness, "a")
        watches(harness, "a")
        assert await harness.until(lambda: harness.master() == "a", 40)
        assert await harness.until(lambda: planned(harness, "a") is None, 5)

    plane(story)


def test_who_is_to_lead_and_does_so_already_keeps_the_lead() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        await plan(harness, 30)
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 20)
        assert await harness.until(lambda: planned(harness, "b") is None, 30)
        assert harness.master() == "b"

    plane(story)


def test_one_that_cannot_be_done_says_why_and_stays() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        harness["b"].crash()
        await plan(harness, 15)
        assert await harness.until(lambda: "failed" in (planned(harness, "a") or {}), 30)
        assert "could not lead now" in planned(harness, "a")["failed"]
        await harness.sleep(5)
        assert harness.master() == "a"
        assert len(ends(harness, "a")) == 1

    plane(story)


def test_one_whose_time_was_long_ago_is_not_done() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        await plan(harness, -LATE_MS / 1000 - 1)
        assert await harness.until(lambda: "failed" in (planned(harness, "a") or {}), 5)
        await harness.sleep(5)
        assert harness.master() == "a"

    plane(story)


def test_what_the_master_before_had_begun_is_not_done_again() -> None:
    async def story(harness: PlaneHarness) -> None:
        await both(harness)
        await plan(harness, 0, begun=node(harness, "a").epoch - 1, to="b")
        assert await harness.until(lambda: "failed" in (planned(harness, "a") or {}), 5)
        assert planned(harness, "a")["failed"] == "a leads instead"
        await plan(harness, 0, begun=node(harness, "a").epoch - 1, to="a")
        assert await harness.until(lambda: planned(harness, "a") is None, 5)
        assert harness.master() == "a"

    plane(story)
