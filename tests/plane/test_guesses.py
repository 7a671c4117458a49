"""Masters whose processes are known, or seem, to be gone: whole planes under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plane.house import led_by, node, plane, standing_by
from tests.plane.stories import on, reasons

from brookline.plane.incumbent import WRONG_GUESS
from brookline.plane.observer import GUESS_BAN_S

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


def test_a_process_that_is_gone_is_replaced_within_a_second() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 1.0)
        last = node(harness, "b").history()[0]
        assert (last["reason"], last["guess"]) == ("process gone", True)
        assert not node(harness, "b").may_act()

    plane(story)


def test_on_one_machine_the_death_is_proved_and_the_successor_acts_at_once() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 1.0)
        assert node(harness, "b").history()[0]["guess"] is False
        assert node(harness, "b").may_act()

    plane(story, one_machine=True)


async def seems_gone(harness: PlaneHarness, name: str) -> None:
    host = harness[name].host
    assert host is not None
    for other in harness.servers:
        harness.network.lies.add((other, name))
    harness.network.break_connections(host)
    await harness.sleep(1.0)
    harness.network.lies.clear()


def test_a_wrong_guess_is_told_and_no_other_made_for_ten_minutes() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        # Its heartbeats go on, but it hears nothing: it does not learn that it was replaced.
        harness.faults.unheard |= {"a", "a/heart"}
        await seems_gone(harness, "a")
        assert await harness.until(node(harness, "b").leads, 2)
        told = node(harness, "b").replica.records
        assert await harness.until(lambda: told.get(WRONG_GUESS, "2") is not None, 8)
        assert (told.get(WRONG_GUESS, "2") or {}) == {"node": "b1", "replaced": "a1"}
        harness.faults.unheard.clear()
        await standing_by(harness, "a")
        await on(harness, "b", node(harness, "b").switchover("a"))
        await standing_by(harness, "b")
        harness["a"].crash()
        assert not await harness.until(lambda: harness.master() == "b", 4)
        assert await harness.until(lambda: harness.master() == "b", 4)
        assert reasons(harness, "b")[-1] == "heartbeat timeout"

    plane(story)


def test_a_lone_node_that_restarts_does_not_wait_for_itself() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        harness["a"].crash()
        harness["a"].start()
        assert await harness.until(lambda: node(harness, "a").epoch == 2, 1.0)
        assert await harness.until(lambda: node(harness, "a").may_act(), 0.1)
        last = node(harness, "a").history()[0]
        assert (last["reason"], last["guess"]) == ("own former process", False)

    plane(story, "a")


def test_what_tells_of_a_wrong_guess_is_dropped_once_it_binds_nobody() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness.faults.unheard |= {"a", "a/heart"}
        await seems_gone(harness, "a")
        told = node(harness, "b").replica.records
        assert await harness.until(lambda: told.get(WRONG_GUESS, "2") is not None, 10)
        harness.faults.unheard.clear()
        await standing_by(harness, "a")
        await on(harness, "b", node(harness, "b").switchover("a"))

        await harness.sleep(GUESS_BAN_S)
        assert told.get(WRONG_GUESS, "2") is not None
        assert await harness.until(lambda: told.get(WRONG_GUESS, "2") is None, GUESS_BAN_S + 60)

    plane(story)


def test_who_starts_beside_a_dead_master_of_its_machine_does_not_wait() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["b"].crash()
        harness["a"].crash()
        await harness.sleep(1)
        harness["b"].start()
        assert await harness.until(lambda: harness.master() == "b", 1.0)
        last = node(harness, "b").history()[0]
        assert (last["reason"], last["guess"]) == ("process gone", False)

    plane(story, one_machine=True)
