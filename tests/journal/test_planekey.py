from __future__ import annotations

import asyncio
import random

import pytest
from tests.journal.house import Journal, sim

from brookline.errors import Conflict, Damaged, StoreError, StoreUnfit
from brookline.journal.keys import (
    MOVING,
    PLANE,
    entry_key,
    entry_seq,
    is_entry_key,
    is_snapshot_key,
    snapshot_key,
    snapshot_seq,
)
from brookline.journal.planekey import ensure_plane, find_plane
from brookline.stores.store import Undecided


def test_of_many_who_begin_a_plane_all_take_part_in_the_same() -> None:
    async def story(journal: Journal) -> None:
        begun = await asyncio.gather(
            *(ensure_plane(journal.store(), random.Random(i)) for i in range(20))
        )
        assert len(set(begun)) == 1
        assert await find_plane(journal.store()) == begun[0]

    sim(story)


@pytest.mark.parametrize("claimed", ["before", "while it begins"])
def test_none_begins_in_a_store_to_which_another_is_to_come(claimed: str) -> None:
    async def story(journal: Journal) -> None:
        store = journal.store()

        async def claim(call: str) -> None:
            if call == f"create {PLANE}":
                journal.shelf.create(MOVING, b"{}")

        if claimed == "before":
            journal.shelf.create(MOVING, b"{}")
        else:
            store.before = claim
        with pytest.raises(
            Conflict, match="the target of a move, copy or restore that has not ended"
        ):
            await ensure_plane(store, random.Random(1))
        assert (await find_plane(store) is None) == (claimed == "before")

    sim(story)


def test_where_there_is_none_none_is_found() -> None:
    async def story(journal: Journal) -> None:
        assert await find_plane(journal.store()) is None
        assert len(journal.shelf) == 0

    sim(story)


def test_without_an_answer_it_is_not_known_which_plane_it_is() -> None:
    async def story(journal: Journal) -> None:
        store = journal.store()

        async def create(key: str, data: bytes) -> Undecided:
            return Undecided("no answer")

        store.create = create  # type: ignore[method-assign, assignment]
        with pytest.raises(StoreError, match="no answer"):
            await ensure_plane(store, random.Random(1))

    sim(story)


@pytest.mark.parametrize("data", [b"", b"{}", b"rubbish", b'{"format":1}'])
def test_a_key_that_cannot_be_read_is_damage(data: bytes) -> None:
    async def story(journal: Journal) -> None:
        journal.shelf.create(PLANE, data)
        with pytest.raises(Damaged):
            await find_plane(journal.store())

    sim(story)


def test_a_newer_format_is_refused() -> None:
    async def story(journal: Journal) -> None:
        journal.shelf.create(PLANE, b'{"format":2,"plane":"p"}')
        with pytest.raises(StoreUnfit, match="use a newer one"):
            await ensure_plane(journal.store(), random.Random(1))

    sim(story)


def test_keys_sort_as_their_numbers_do() -> None:
    numbers = [0, 1, 9, 10, 999, 1000, 1001, 123_456_789, 9_999_999_999]
    keys = [entry_key(number) for number in numbers]
    assert keys == sorted(keys)
    assert [entry_seq(key) for key in keys] == numbers
    assert all(is_entry_key(key) for key in keys)
    snapshots = [snapshot_key(number, "0f" * 32) for number in numbers]
    assert snapshots == sorted(snapshots)
    assert [snapshot_seq(key) for key in snapshots] == numbers
    assert all(is_snapshot_key(key) for key in snapshots)


@pytest.mark.parametrize(
    "key", ["journal/0000000/1", "journal/0000001/0000000001", "journal/x", "journal/", "journal/²"]
)
def test_litter_is_no_entry(key: str) -> None:
    assert not is_entry_key(key)
