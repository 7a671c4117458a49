"""Nodes that end: whole planes under virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.plane.house import core, led_by, node, plane, slow_build, standing_by
from tests.plane.stories import REQUEST, on, reasons

from brookline.errors import Conflict, NotMaster, Unavailable
from brookline.journal.keys import MAIL, NODE
from brookline.plane.states import Mode, NodeState
from brookline.testing.harness import QUICK

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


def test_a_node_that_stops_while_it_is_promoted_hands_over() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_priority(1))
        await on(harness, "b", node(harness, "b").set_mode(Mode.STANDBY))
        await harness.sleep(2)
        slow_build(harness, "b", 1.0)
        harness["a"].crash()
        assert await harness.until(lambda: core(harness, "b").leadership is not None, 5)
        harness["b"].end()
        assert await harness.until(lambda: not harness["b"].lives, 5)
        assert await harness.until(lambda: harness.master() == "c", 1.0)
        assert reasons(harness, "c")[-1] == "resigned"

    plane(story, "abc")


@pytest.mark.parametrize("names", ["a", "ab"], ids=["alone", "with a standby"])
@pytest.mark.parametrize("stops", [False, True], ids=["quick tenant", "hanging tenant"])
def test_a_store_that_hangs_does_not_hold_up_the_end_for_long(names: str, stops: bool) -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        if "b" in names:
            await standing_by(harness, "b")
        tenant = harness["a"].tenant
        assert tenant is not None
        if stops:
            tenant.deactivate = asyncio.Event().wait  # type: ignore[method-assign, assignment]
        harness.faults.down = True
        began = harness.loop.true_time()
        harness["a"].end()
        assert await harness.until(lambda: not harness["a"].lives, 30)
        assert harness.loop.true_time() - began < QUICK.exit_wait_s + 1

    plane(story, names)


@pytest.mark.parametrize("name", ["a", "b"], ids=["the master", "a standby"])
def test_a_store_that_hangs_once_the_master_has_resigned_does_not_either(name: str) -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["a"].end()
        assert await harness.until(lambda: core(harness, "a").resigned_epoch > 0, 5)
        harness.faults.down = True
        began = harness.loop.true_time()
        if name == "b":
            harness["b"].end()
        assert await harness.until(lambda: not harness[name].lives, 30)
        assert harness.loop.true_time() - began < QUICK.exit_wait_s + 1

    plane(story)


def test_who_follows_has_the_time_of_a_write_also_if_the_store_was_slow_before() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        slow_build(harness, "b", 2.5)
        tried = harness["a"].tenant
        assert tried is not None
        tried.deactivate = asyncio.Event().wait  # type: ignore[method-assign, assignment]
        await on(harness, "a", node(harness, "a").leave())

        assert harness.master() == "b"

    plane(story)


def test_at_the_end_nothing_is_held_that_nobody_could_do() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        host = harness["a"].host
        assert host is not None
        await on(harness, "a", node(harness, "a").set_mode(Mode.HOT_BACKUP))
        held = host.spawn(node(harness, "a").door.submit(REQUEST), "held")
        await harness.sleep(0.1)
        await on(harness, "a", node(harness, "a").stop())
        with pytest.raises(Unavailable) as refused:
            await held
        assert refused.value.outcome.value == "not-done"
        await on(harness, "a", node(harness, "a").stop())  # twice is no harm
        assert node(harness, "a").state is NodeState.TERMINATED
        with pytest.raises(Conflict):
            await on(harness, "a", node(harness, "a").set_mode(Mode.MASTER))
        with pytest.raises(NotMaster):
            await on(harness, "a", node(harness, "a").switchover())

    plane(story, "a")


def test_a_terminated_node_is_forgotten_after_a_while_with_its_mail() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["b"].end()
        await harness.until(lambda: not harness["b"].lives)
        harness.shelf.put(f"{MAIL}b1/a1-000001", b"{}")
        await harness.sleep(20)
        assert harness.shelf.keys(NODE, "") == ["node/a1", "node/b1"]
        await harness.sleep(15)
        assert harness.shelf.keys(NODE, "") == ["node/a1"]
        assert harness.shelf.keys(MAIL, "") == []

    plane(story)


def test_a_node_that_left_can_be_read_and_says_that_it_ended_only_at_its_end() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")

        await on(harness, "a", node(harness, "a").leave())
        assert await harness.until(lambda: harness.master() == "b", 2)
        await harness.sleep(3)

        assert node(harness, "a").state is NodeState.HOT_STANDBY
        assert node(harness, "a").readable
        seen = node(harness, "b").find_member("a1")
        assert seen is not None
        assert (seen.state, seen.leaving) == ("HOT_STANDBY", True)
        assert node(harness, "b").members()[0].state is not NodeState.FAILED

        await on(harness, "a", node(harness, "a").end())
        await harness.sleep(1.5)
        seen = node(harness, "b").find_member("a1")
        assert seen is not None
        assert seen.state == "TERMINATED"

    plane(story)
