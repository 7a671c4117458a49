"""Masters that hand over: whole planes under virtual time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.plane.house import core, led_by, node, plane, standing_by
from tests.plane.stories import acts, ends, on, reasons, write

from brookline.errors import Conflict, InvalidInput, Unavailable
from brookline.journal.keys import MAIL
from brookline.plane.peers import Request
from brookline.plane.states import Mode, NodeState

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


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


def test_who_wanted_a_change_and_why_is_kept_in_the_history() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        await on(harness, "a", node(harness, "a").switchover("b", "ann", reason="a has a bad disk"))
        await standing_by(harness, "a")
        await on(harness, "a", node(harness, "a").set_mode(Mode.MASTER, "bob", reason="new disk"))
        await standing_by(harness, "b")
        await on(harness, "a", node(harness, "a").set_mode(Mode.STANDBY, reason="rest"))
        assert [end for end in ends(harness, "b") if end] == [
            "switchover by ann: a has a bad disk",
            "asked for by bob: new disk",
            "demoted to STANDBY: rest",
        ]

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


def test_one_that_has_just_ceased_to_stand_by_is_no_successor() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        await on(harness, "b", node(harness, "b").set_mode(Mode.DISABLED))
        with pytest.raises(InvalidInput, match="'b' could not lead now"):
            await on(harness, "a", node(harness, "a").switchover("b"))
        assert node(harness, "a").leads()

    plane(story, "abc")


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
