"""A damaged entry that others name: the master says the same, and a snapshot makes it harmless."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tests.plane.house import core, led_by, node, plane, standing_by
from tests.plane.stories import on, write

from brookline.journal.keys import PLANE, SNAPSHOT, entry_key, node_key
from brookline.plane.states import NodeState
from brookline.stores.faults import NEVER, Fate
from brookline.testing.harness import QUICK
from brookline.testing.planned import Plan

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


CALM = dataclasses.replace(QUICK, snapshot_entries=100_000, snapshot_bytes=1 << 30)
"""No snapshot is due by itself."""

good: dict[str, bytes] = {}
"""What was in a place before it was damaged."""


def lines(harness: PlaneHarness, words: str) -> int:
    return str(harness.transcript).count(words)


async def damaged(harness: PlaneHarness, *, missing: bool = False) -> str:
    """Damage the last entry before the standby has read it, and return its key."""
    await led_by(harness, "a")
    await standing_by(harness, "b")
    host = harness["b"].host
    assert host is not None
    host.freeze()
    await write(harness, "a", "before")
    key = entry_key(node(harness, "a").replica.seq)
    data = good[key] = harness.shelf.get(key) or b""
    if missing:
        harness.shelf.delete(key)
    else:
        harness.shelf.put(key, data[:-9])
    host.resume()
    return key


def kept(harness: PlaneHarness, name: str) -> Any:
    tenant = harness[name].tenant
    assert tenant is not None
    return tenant.items("x")


def test_the_master_says_the_same_and_all_that_it_wrote_is_there_after_its_end() -> None:
    async def story(harness: PlaneHarness) -> None:
        key = await damaged(harness)
        said: list[str] = []

        def heard() -> bool:
            said.append(core(harness, "a").alarm)
            return key in said[-1]

        assert await harness.until(heard, 30)
        assert node(harness, "a").leads()
        assert await harness.until(lambda: node(harness, "b").state is NodeState.HOT_STANDBY, 30)
        assert await harness.until(lambda: core(harness, "a").alarm == "", 30)
        assert core(harness, "b").alarm == ""
        for number in range(3):
            await write(harness, "a", f"after{number}")
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 60)
        assert kept(harness, "b") == ["before", "after0", "after1", "after2"]
        assert await harness.until(lambda: not core(harness, "b").alarm)

    plane(story, settings=CALM)


def test_a_master_that_is_told_to_end_leaves_nothing_behind_that_nobody_can_read() -> None:
    async def story(harness: PlaneHarness) -> None:
        key = await damaged(harness)
        assert await harness.until(lambda: key in core(harness, "a").alarm, 30)
        assert harness.shelf.keys(SNAPSHOT, "") == []
        assert await write(harness, "a", "after")
        await on(harness, "a", node(harness, "a").stop())
        assert len(harness.shelf.keys(SNAPSHOT, "")) == 1
        assert await harness.until(lambda: harness.master() == "b", 60)
        assert kept(harness, "b") == ["before", "after"]

    plane(story, settings=CALM)


def test_a_lone_node_that_starts_anew_has_all_that_followed_a_damaged_entry() -> None:
    async def story(harness: PlaneHarness) -> None:
        await damaged(harness)
        assert await harness.until(lambda: bool(harness.shelf.keys(SNAPSHOT, "")), 30)
        await write(harness, "a", "after")
        harness["b"].crash()
        harness["a"].crash()
        await led_by(harness, "a")
        assert kept(harness, "a") == ["before", "after"]

    plane(story, settings=CALM)


def test_an_entry_that_is_lost_is_made_harmless_as_well() -> None:
    async def story(harness: PlaneHarness) -> None:
        key = await damaged(harness, missing=True)
        await write(harness, "a", "after")
        assert await harness.until(lambda: key in core(harness, "a").alarm, 60)
        assert await harness.until(lambda: node(harness, "b").state is NodeState.HOT_STANDBY, 30)
        await harness.until(lambda: not core(harness, "b").alarm)
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 60)
        assert kept(harness, "b") == ["before", "after"]

    plane(story, settings=CALM)


def takes_no_snapshot(harness: PlaneHarness) -> None:
    """Let the store lose each snapshot that is sent to it, for as long as the story lasts."""
    lost = Plan(handle="a", operation="create", prefix=SNAPSHOT, fate=Fate(NEVER, heard=False))
    for _ in range(1000):
        harness.faults.plan(lost)


def test_the_alarm_is_raised_once_and_stays_until_the_entry_is_repaired() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        takes_no_snapshot(harness)
        key = await damaged(harness)
        assert await harness.until(lambda: key in core(harness, "a").alarm, 30)
        await harness.sleep(10)
        assert key in core(harness, "a").alarm
        assert node(harness, "b").state is NodeState.FAILED
        assert lines(harness, "seen by") == 1
        harness.shelf.put(key, good[key])
        assert await harness.until(lambda: core(harness, "a").alarm == "", 30)
        assert await harness.until(lambda: node(harness, "b").state is NodeState.HOT_STANDBY, 30)
        assert harness.shelf.keys(SNAPSHOT, "") == []

    plane(story, settings=CALM)


def test_an_alarm_about_an_entry_that_is_whole_here_is_only_told() -> None:
    async def story(harness: PlaneHarness) -> None:
        key = await damaged(harness)
        beats = node_key(node(harness, "b").identity.instance)
        assert await harness.until(lambda: key.encode() in (harness.shelf.get(beats) or b""), 30)
        harness.shelf.put(key, good[key])  # repaired before the master has looked
        assert await harness.until(lambda: lines(harness, "entry is whole here") > 0, 30)
        await harness.sleep(10)
        assert lines(harness, "entry is whole here") == 1
        assert core(harness, "a").alarm == ""
        assert harness.shelf.keys(SNAPSHOT, "") == []

    plane(story, settings=CALM)


def test_nothing_is_written_into_the_store_of_another_plane() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        key = await damaged(harness)
        other = (harness.shelf.get(PLANE) or b"").replace(b'"plane":"', b'"plane":"x')
        harness.shelf.put(PLANE, other)
        assert await harness.until(lambda: key in core(harness, "b").alarm, 30)
        await harness.sleep(10)
        assert harness.shelf.keys(SNAPSHOT, "") == []

    plane(story, settings=CALM)
