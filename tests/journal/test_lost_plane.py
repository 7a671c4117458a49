"""A store that has a journal and no key `plane`."""

from __future__ import annotations

import pytest
from tests.journal.house import Journal, sim

from brookline.errors import Damaged
from brookline.journal.keys import PLANE, entry_key
from brookline.journal.planekey import ensure_plane, find_plane


def test_a_journal_without_its_plane_is_not_taken_over_by_a_new_one() -> None:
    async def story(journal: Journal) -> None:
        journal.shelf.create(entry_key(1), b"of a plane whose key was lost")
        with pytest.raises(Damaged, match="'plane' of the store is missing"):
            await ensure_plane(journal.store(), journal.random)
        assert await journal.store().get(PLANE) is None

    sim(story)


def test_a_plane_that_began_meanwhile_is_no_damage() -> None:
    async def story(journal: Journal) -> None:
        store = journal.store()

        async def another_begins(call: str) -> None:
            if call.startswith("list"):
                store.before = None
                await ensure_plane(journal.store(), journal.random)
                journal.shelf.create(entry_key(1), b"its first")

        store.before = another_begins
        assert await find_plane(store) == await find_plane(journal.store())

    sim(story)


def test_what_lies_about_in_a_directory_is_no_journal() -> None:
    async def story(journal: Journal) -> None:
        journal.shelf.create("journal/notes.txt", b"x")
        assert await find_plane(journal.store()) is None

    sim(story)
