"""Who reaches the master, and what follows if most nodes do not: whole planes under virtual time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from tests.plane.house import heartbeat, led_by, node, plane, standing_by
from tests.plane.stories import ends, on

from brookline.errors import InvalidInput
from brookline.plane.reach import PATIENCE_S, Contact, is_majority, misses
from brookline.plane.settings import PlaneSettings
from brookline.testing.harness import QUICK

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness

LIMIT_S = 6.0
WISHED = dataclasses.replace(QUICK, unreached_s=LIMIT_S)


async def of_three(harness: PlaneHarness) -> None:
    await led_by(harness, "a")
    for name in "bc":
        await standing_by(harness, name)


def cut(harness: PlaneHarness, *pairs: str) -> None:
    for one, other in pairs:
        hosts = harness[one].host, harness[other].host
        assert hosts[0] is not None
        assert hosts[1] is not None
        harness.network.cut(hosts[0], hosts[1])
        harness.network.cut(hosts[1], hosts[0])


def misses_a(harness: PlaneHarness, teller: str) -> dict[str, bool | None]:
    """Return for each node that looks for the master whether it misses it, as one node tells."""
    said = [member.heartbeat for member in node(harness, teller).members()]
    return {each.name: bool(each.unreached_ms) for each in said if each.line == "a1"}


def test_each_node_says_whether_it_reaches_the_master() -> None:
    async def story(harness: PlaneHarness) -> None:
        await of_three(harness)
        both = {"b": False, "c": False}
        assert await harness.until(lambda: misses_a(harness, "a") == both, 5)
        cut(harness, "ab")
        assert await harness.until(lambda: misses_a(harness, "a") == {**both, "b": True}, 10)
        harness.network.mend()
        assert await harness.until(lambda: misses_a(harness, "a") == both, 10)

    plane(story, "abc")


def test_a_master_that_nobody_reaches_leads_on_unless_something_else_is_wished() -> None:
    async def story(harness: PlaneHarness) -> None:
        await of_three(harness)
        cut(harness, "ab", "ac")
        await harness.sleep(300)
        assert harness.master() == "a"
        assert node(harness, "b").epoch == 1

    plane(story, "abc")


def test_one_that_most_do_not_reach_hands_over_if_that_is_wished() -> None:
    async def story(harness: PlaneHarness) -> None:
        await of_three(harness)
        cut(harness, "ab", "ac")
        assert await harness.until(lambda: harness.master() in ("b", "c"), LIMIT_S + 10)
        told = ends(harness, harness.master())
        assert told[0] == "asked for: not reached by 2 of 2 other nodes for 6 s"

    plane(story, "abc", settings=WISHED)


@pytest.mark.parametrize(
    ("nodes", "cuts"), [("abc", ["ab"]), ("ab", ["ab"]), ("abcde", ["ab", "ac"])]
)
def test_as_long_as_no_majority_misses_it_the_master_stays(nodes: str, cuts: list[str]) -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        for name in nodes[1:]:
            await standing_by(harness, name)
        cut(harness, *cuts)
        await harness.sleep(60)
        assert harness.master() == "a"
        assert node(harness, "b").epoch == 1

    plane(story, nodes, settings=WISHED)


def test_the_successor_is_one_that_did_not_reach_it_either() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        for name in "bcd":
            await standing_by(harness, name)
        await on(
            harness, "b", node(harness, "b").set_priority(9)
        )  # first in line, beside the master
        cut(harness, "ac", "ad", "bc", "bd")
        assert await harness.until(lambda: harness.master() in ("c", "d"), LIMIT_S + 10)

    plane(story, "abcd", settings=WISHED)


def test_where_nobody_reaches_anybody_the_next_master_is_left_alone_for_ten_minutes() -> None:
    async def story(harness: PlaneHarness) -> None:
        await of_three(harness)
        cut(harness, "ab", "ac", "bc")
        assert await harness.until(lambda: harness.master() in ("b", "c"), LIMIT_S + 10)
        second = harness.master()
        await harness.sleep(PATIENCE_S - 60)
        assert harness.master() == second
        assert await harness.until(lambda: harness.master() not in ("", second), 120)

    plane(story, "abc", settings=WISHED)


def test_a_way_is_missed_since_the_first_time_that_it_was() -> None:
    contact = Contact()
    contact.turn_to("m1")
    assert contact.told(5.0) == ("m1", 0)
    contact.missed(10.0)
    contact.missed(11.0)
    assert contact.told(12.5) == ("m1", 2500)
    contact.turn_to("m1")
    assert contact.told(12.5) == ("m1", 2500)
    contact.restart(12.0)
    assert contact.told(12.5) == ("m1", 500)
    contact.reached()
    contact.restart(13.0)
    assert contact.told(20.0) == ("m1", 0)
    contact.missed(21.0)
    contact.turn_to("m2")
    assert contact.told(22.0) == ("m2", 0)


def test_a_node_misses_the_master_that_it_names_and_no_other() -> None:
    said = heartbeat("n2", line="m1", unreached_ms=6000)
    assert misses(said, "m1", 6.0)
    assert not misses(said, "m1", 6.1)
    assert not misses(said, "m2", 6.0)
    assert not misses(heartbeat("n2"), "", 6.0)


@pytest.mark.parametrize(
    ("missing", "others", "most"),
    [(0, 0, False), (1, 1, False), (2, 2, True), (2, 3, True), (2, 4, False), (3, 4, True)],
)
def test_most_are_more_than_half_and_never_one_alone(
    missing: int, others: int, most: object
) -> None:
    assert is_majority(missing, others) is most


def test_a_time_that_leaves_no_room_for_lost_beats_is_refused() -> None:
    with pytest.raises(InvalidInput, match="unreachedTimeout"):
        PlaneSettings(unreached_s=2.9)
    assert PlaneSettings(unreached_s=3.0).unreached_s == 3.0
