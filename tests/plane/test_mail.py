from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plane.house import sim

from brookline.plane.mail import Letter, Mailbox
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf

if TYPE_CHECKING:
    from brookline.testing.clock import SimClock


def test_letters_arrive_once_and_in_order() -> None:
    async def story(clock: SimClock) -> None:
        shelf = Shelf(clock)
        a, b = (Mailbox(MemoryStore(shelf), name) for name in ("a", "b"))
        letters = [Letter("b", epoch, "ann") for epoch in range(3)]
        for letter in letters:
            await b.send("a", letter)
        assert await b.collect() == []
        assert await a.collect() == letters
        assert await a.collect() == []

    sim(story)


def test_what_is_no_letter_is_thrown_away() -> None:
    async def story(clock: SimClock) -> None:
        shelf = Shelf(clock)
        store = MemoryStore(shelf)
        for i, data in enumerate((b"", b"{}", b"\xff")):
            await store.put(f"mail/a/b-{i:06d}", data)
        await Mailbox(store, "b").send("a", Letter("b", 1))
        assert await Mailbox(store, "a").collect() == [Letter("b", 1)]
        assert len(shelf) == 0

    sim(story)


def test_the_mail_of_one_who_is_gone_can_be_cleared() -> None:
    async def story(clock: SimClock) -> None:
        shelf = Shelf(clock)
        mailbox = Mailbox(MemoryStore(shelf), "b")
        await mailbox.send("a", Letter("b", 1))
        await mailbox.send("c", Letter("b", 1))
        await mailbox.clear("a")
        assert shelf.keys("", "") == ["mail/c/b-000002"]

    sim(story)
