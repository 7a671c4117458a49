"""What happens to masterships, each story a whole plane under virtual time."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING, Any

import pytest
from tests.journal.house import made
from tests.plane.house import core, led_by, node, plane, standing_by

from brookline.errors import Conflict, InvalidInput, NotMaster, Unavailable
from brookline.journal.keys import MAIL, NODE, entry_key, node_key
from brookline.plane.incumbent import WRONG_GUESS
from brookline.plane.peers import Request
from brookline.plane.states import Mode, NodeState
from brookline.stores.store import Exists
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness
    from brookline.testing.toy import ToyTenant

REQUEST = Request(id="r1", method="POST", path="/lists/x")


async def on(harness: PlaneHarness, name: str, work: Any) -> Any:
    """Have something done in the name of a server."""
    host = harness[name].host
    assert host is not None
    return await host.spawn(work, "test")


def acts(harness: PlaneHarness, name: str) -> bool:
    """Tell whether the tenant was told to act."""
    tenant = harness[name].tenant
    return tenant is not None and tenant._acting is not None


def reasons(harness: PlaneHarness, name: str) -> list[str]:
    return [str(one["reason"]) for one in reversed(node(harness, name).history())]


def ends(harness: PlaneHarness, name: str) -> list[str]:
    return [str(one.get("endReason", "")) for one in reversed(node(harness, name).history())]


async def write(harness: PlaneHarness, name: str, request: str = "r1") -> Any:
    asked = Request(id=request, method="POST", path="/lists/x")
    return await on(harness, name, node(harness, name).door.submit(asked))


async def waits_for_the_store(harness: PlaneHarness, name: str) -> ToyTenant:
    """Start a server while the store is down; return its tenant."""
    harness.faults.down = True
    harness[name].start()
    assert await harness.until(lambda: harness[name].tenant is not None)
    tenant = harness[name].tenant
    assert tenant is not None
    return tenant


# --- the lease ----------------------------------------------------------------------------------


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


# --- silence ------------------------------------------------------------------------------------


def test_a_promotion_after_a_long_idle_time_is_not_taken_for_stuck() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_mode(Mode.STANDBY))
        await on(harness, "b", node(harness, "b").set_priority(1))
        await harness.sleep(30.0)
        tenant, clock = harness["b"].tenant, harness["b"].clock
        assert tenant is not None
        reset = tenant.reset

        async def slowly(*args: Any) -> None:
            await clock.sleep(3.0)
            await reset(*args)

        tenant.reset = slowly  # type: ignore[method-assign]
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


# --- guesses ---------------------------------------------------------------------------------------


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


# --- hand-over --------------------------------------------------------------------------------------


def test_a_hand_over_is_quick_and_refuses_nothing() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        began = harness.loop.true_time()
        assert await on(harness, "a", node(harness, "a").switchover("b", "ann")) == "b1"
        assert harness.loop.true_time() - began < 0.5
        assert (await write(harness, "a")).status == 200
        assert ends(harness, "a")[0] == "switchover by ann"

    plane(story)


def test_what_comes_meanwhile_is_held_and_done_by_the_successor() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        host = harness["a"].host
        assert host is not None
        doors = [node(harness, "a").door, node(harness, "b").door]
        handing = host.spawn(node(harness, "a").switchover("b"), "hand-over")
        writes = []
        for i in range(50):
            asked = Request(id=f"w{i}", method="POST", path="/lists/x")
            writes.append(host.spawn(doors[0].submit(asked), "write"))
            await harness.sleep(0.002)
        await handing
        assert {reply.status for reply in await asyncio.gather(*writes)} == {200}

    plane(story)


def test_the_heir_may_die_before_it_follows() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        harness["b"].crash(silent=True)
        handing = on(harness, "a", node(harness, "a").switchover("b"))
        assert await handing == "c1"
        assert harness.master() == "c"

    plane(story, "abc")


def test_of_two_the_one_that_resigned_leads_again_if_its_heir_is_dead() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["b"].crash(silent=True)
        with pytest.raises(Conflict):
            await on(harness, "a", node(harness, "a").switchover("b"))
        assert await harness.until(lambda: harness.master() == "a", 10)

    plane(story)


def test_without_a_candidate_there_is_no_switchover() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        with pytest.raises(InvalidInput):
            await on(harness, "a", node(harness, "a").switchover())
        with pytest.raises(InvalidInput, match="nobody"):
            await on(harness, "a", node(harness, "a").switchover("b"))
        assert harness.master() == "a"
        assert acts(harness, "a")

    plane(story, "a")


def test_a_resignation_that_cannot_be_written_ends_the_mastership_all_the_same() -> None:
    """It may land late, and nothing may be written behind it."""

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness.faults.unheard.add("a")
        with pytest.raises(Unavailable):
            await on(harness, "a", node(harness, "a").switchover("b"))
        assert core(harness, "a").leadership is None
        assert not acts(harness, "a")
        harness.faults.unheard.clear()
        assert await harness.until(lambda: harness.master() == "b", 10)
        seqs = [e.epoch for e in harness.oracle.entries]
        assert seqs == sorted(seqs)

    plane(story)


@pytest.mark.parametrize("mode", [Mode.HOT_BACKUP, Mode.STANDBY, Mode.HOT_STANDBY], ids=str)
def test_a_master_that_is_demoted_hands_over(mode: Mode) -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        assert await on(harness, "a", node(harness, "a").set_mode(mode)) is NodeState.MASTER
        assert harness.master() == "b"
        assert node(harness, "a").state.value == mode.value
        assert not acts(harness, "a")

    plane(story)


def test_a_lone_master_that_becomes_a_backup_leads_no_more() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await on(harness, "a", node(harness, "a").set_mode(Mode.HOT_BACKUP))
        assert not await harness.until(lambda: harness.master() == "a", 20)
        await on(harness, "a", node(harness, "a").set_mode(Mode.AUTO))
        assert await harness.until(lambda: harness.master() == "a", 3)

    plane(story, "a")


def test_promote_me_is_answered_by_the_master() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "c", node(harness, "c").set_mode(Mode.MASTER, "ann"))
        assert harness.master() == "c"
        assert reasons(harness, "c")[-1] == "resigned"
        assert ends(harness, "c")[0] == "asked for by ann"

    plane(story, "abc")


def test_a_letter_from_one_who_is_gone_is_no_reason_to_resign() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness.shelf.put(f"{MAIL}a1/x-000001", b'{"sender":"x","epoch":1}')
        harness["b"].crash(silent=True)
        await harness.sleep(8)
        harness.shelf.put(f"{MAIL}a1/b1-000002", b'{"sender":"b1","epoch":1}')
        await harness.sleep(3)
        assert harness.shelf.keys(MAIL, "") == []
        assert node(harness, "a").epoch == 1
        assert harness.master() == "a"

    plane(story)


# --- promotions that fail, or are overtaken ---------------------------------------------------------


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


# --- the end of a node ------------------------------------------------------------------------------


def test_a_node_that_stops_while_it_is_promoted_hands_over() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_priority(1))
        await on(harness, "b", node(harness, "b").set_mode(Mode.STANDBY))
        await harness.sleep(2)
        tenant, clock = harness["b"].tenant, harness["b"].clock
        assert tenant is not None
        reset = tenant.reset

        async def slowly(*args: Any) -> None:
            await clock.sleep(1.0)
            await reset(*args)

        tenant.reset = slowly  # type: ignore[method-assign]
        harness["a"].crash()
        assert await harness.until(lambda: core(harness, "b").leadership is not None, 5)
        harness["b"].end()
        assert await harness.until(lambda: not harness["b"].lives, 5)
        assert await harness.until(lambda: harness.master() == "c", 1.0)
        assert reasons(harness, "c")[-1] == "resigned"

    plane(story, "abc")


def test_a_store_that_hangs_does_not_hold_up_the_end_for_long() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        harness.faults.down = True
        began = harness.loop.true_time()
        harness["a"].end()
        assert await harness.until(lambda: not harness["a"].lives, 30)
        assert harness.loop.true_time() - began < 13  # exit_wait and write_wait, thrice 3 s

    plane(story, "a")


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
