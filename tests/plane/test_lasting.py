"""How long a master believes in itself, and others in it: whole planes under virtual time."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tests.plane.house import led_by, node, plane, slow_build, standing_by
from tests.plane.stories import REQUEST, acts, on, reasons, write

from brookline.journal.keys import node_key
from brookline.plane.states import Mode, NodeState
from brookline.stores.faults import Odds
from brookline.testing.harness import QUICK

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


def test_a_master_without_a_store_ceases_to_act_when_its_lease_ends() -> None:
    """Its lease was minded only after its store had answered."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        assert acts(harness, "a")
        harness.faults.down = True
        await harness.sleep(4.0)
        assert not node(harness, "a").may_act()
        await harness.sleep(2.0)
        assert not acts(harness, "a")
        assert not node(harness, "a").leads()
        harness.faults.down = False
        assert await harness.until(lambda: acts(harness, "a"), 5)
        assert node(harness, "a").epoch == 1

    plane(story, "a")


def test_a_write_that_is_held_while_the_lease_has_lapsed_is_done_when_it_is_renewed() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        harness.faults.unreachable.add("a/heart")
        await harness.until(lambda: not node(harness, "a").leads())
        host = harness["a"].host
        assert host is not None
        held = host.spawn(node(harness, "a").door.submit(REQUEST), "held")
        await harness.sleep(0.1)
        harness.faults.unreachable.clear()
        began = harness.loop.true_time()
        assert (await held).status == 200
        assert harness.loop.true_time() - began < 1.5

    plane(story, "a")


def test_after_a_silence_the_successor_acts_at_once() -> None:
    """The old lease has run out by then; it waited for it once more."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["a"].crash(silent=True)
        assert await harness.until(lambda: harness.master() == "b", 10)
        assert await harness.until(lambda: node(harness, "b").may_act(), 0.5)
        assert reasons(harness, "b")[-1] == "heartbeat timeout"
        assert node(harness, "b").history()[0]["guess"] is False

    plane(story)


def test_after_a_forced_take_over_it_waits_until_the_old_lease_has_run_out() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        host = harness["a"].host
        assert host is not None
        host.stop()
        await on(harness, "b", node(harness, "b").set_mode(Mode.MASTER, "ann"))
        assert node(harness, "b").leads()
        assert reasons(harness, "b")[-1] == "forced"
        began = harness.loop.true_time()
        assert await harness.until(lambda: node(harness, "b").may_act(), 6)
        assert 4.0 < harness.loop.true_time() - began < 5.5
        host.resume()
        assert await harness.until(lambda: node(harness, "a").state is NodeState.HOT_STANDBY)

    plane(story)


def test_one_who_beat_again_before_the_fence_may_still_act() -> None:
    """Its heartbeat came between the last look at it and the fence: its lease was renewed."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness.faults.unreachable |= {"a", "a/heart"}

        def wakes_up(before: Any) -> Any:
            def create(key: str, data: bytes, **more: Any) -> Any:
                if b'"fence"' in data:
                    old = harness.shelf.get(node_key("a1")) or b""
                    risen = int(old.split(b'"counter":')[1].split(b",")[0])
                    harness.shelf.put(
                        node_key("a1"),
                        old.replace(b'"counter":%d' % risen, b'"counter":%d' % (risen + 1)),
                    )
                return before(key, data, **more)

            return create

        harness.shelf.create = wakes_up(harness.shelf.create)  # type: ignore[method-assign]
        assert await harness.until(lambda: harness.master() == "b", 10)
        began = harness.loop.true_time()
        assert not node(harness, "b").may_act()
        assert await harness.until(lambda: node(harness, "b").may_act(), 6)
        assert harness.loop.true_time() - began > 3.5

    plane(story)


def test_a_promotion_after_a_long_idle_time_is_not_taken_for_stuck() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_mode(Mode.STANDBY))
        await on(harness, "b", node(harness, "b").set_priority(1))
        await harness.sleep(30.0)
        slow_build(harness, "b", 3.0)
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", 10)
        assert [one["name"] for one in node(harness, "b").history()] == ["b", "a"]

    plane(story, "abc")


def test_no_duration_in_the_history_is_negative() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        harness["b"].crash(silent=True)  # the heir, perhaps
        await on(harness, "a", asyncio.wait_for(node(harness, "a").switchover("c"), 30))
        for one in node(harness, "c").history():
            assert one["detectMs"] >= 0
            assert one["electMs"] >= 0
            assert one["replayMs"] >= 0

    plane(story, "abc")


def test_a_line_that_is_silent_is_given_up_and_followed_anew() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        hosts = harness["a"].host, harness["b"].host
        assert hosts[0] is not None
        assert hosts[1] is not None
        harness.network.cut(*hosts)
        await harness.sleep(8.0)
        harness.network.mend()
        await harness.sleep(3.0)
        assert harness.master() == "a"
        await write(harness, "a")
        seq = node(harness, "a").replica.seq
        assert await harness.until(lambda: node(harness, "b").replica.seq >= seq, 0.2)

    plane(story)


def test_a_time_out_of_three_polls_is_enough_to_notice_silence() -> None:
    """Its own beats, never less than a poll apart, counted as late: all silences began anew."""

    async def story(harness: PlaneHarness) -> None:
        harness.faults.odds = Odds(travel_s=0.02)
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness.faults.unreachable |= {"a", "a/heart"}
        assert await harness.until(lambda: harness.master() == "b", 8)

    plane(story, settings=replace(QUICK, timeout_s=3 * QUICK.poll_s))
