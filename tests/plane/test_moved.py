"""Nodes whose plane goes on in another store: whole planes under virtual time."""

from __future__ import annotations

import pytest
from tests.plane.house import Town, town

from brookline.errors import Conflict
from brookline.journal.keys import JOURNAL
from brookline.journal.moving import Move
from brookline.plane.states import Mode
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf

MOVED = "the plane has moved to elsewhere: start this node with --persistence-dir elsewhere"


async def move_away(place: Town, gone_to: str = "elsewhere") -> Move:
    target = MemoryStore(Shelf(place.clock))
    move = Move(place.store(), target, place.clock, gone_to=gone_to)
    await move.look()
    await move.copy()
    await move.close()
    return move


@pytest.mark.parametrize("mode", list(Mode), ids=str)
def test_no_node_starts_there_whatever_its_mode(mode: Mode) -> None:
    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        await move_away(place)
        with pytest.raises(Conflict, match=MOVED):
            await place.started("n2", mode)

    town(story)


def test_master_and_standby_end_at_their_next_look_and_append_nothing() -> None:
    async def story(place: Town) -> None:
        master = await place.leads("n1")
        standby = await place.started("n2")
        await move_away(place)
        entries = place.shelf.keys(JOURNAL, "")
        for one in (master, standby):
            error = await one.failed()
            assert isinstance(error, Conflict)
            assert error.message == MOVED
            assert not one.leads()
        await place.clock.sleep(100)
        assert place.shelf.keys(JOURNAL, "") == entries

    town(story)


def test_where_a_plane_is_that_has_a_password_is_said_with_what_is_left_out() -> None:
    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        await move_away(place, "postgresql://u:***@h/db")
        with pytest.raises(Conflict) as refused:
            await place.started("n2")
        assert refused.value.message.endswith("/db, and its secret in place of ***")

    town(story)


@pytest.mark.parametrize("knows", [True, False])
def test_nobody_is_promoted_there_even_by_force(knows: bool) -> None:
    """Whether it has read the last fence before, or reads it on its way."""

    async def story(place: Town) -> None:
        await place.leads("n1")
        standby = await place.started("n2")
        await move_away(place)
        entries = place.shelf.keys(JOURNAL, "")
        if knows:
            await standby.catch_up()
        await standby._candidate.force("admin")
        assert place.shelf.keys(JOURNAL, "") == entries
        assert not standby.leads()

    town(story)
