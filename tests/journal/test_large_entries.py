from __future__ import annotations

import asyncio

from tests.journal.house import Journal, draft, made, sim

from brookline.journal.keys import entry_key
from brookline.journal.queue import Decision
from brookline.stores.store import CREATED, Undecided
from brookline.wire.changes import Merge, Put


def big(number: int) -> dict[str, str]:
    return {"text": str(number) * (1 << 20)}


def test_a_large_commit_is_one_entry_with_its_payload_in_a_blob_that_comes_first() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.put("a", **big(1))
        creates = [call for call in master.store.calls if call.startswith("create")][1:]
        assert [call.split("/")[0] for call in creates] == ["create blob", "create journal"]
        entry = journal.entries()[-1]
        assert entry.header.blob == creates[0].split()[1]
        assert entry.size > 1 << 20
        assert (await journal.read()).records.get("item", "a") == big(1)
        await master.end()

    sim(story)


def test_the_key_of_a_blob_is_used_once_in_an_epoch() -> None:
    """A blob of the same bytes may be announced for collection, and its deletion come late."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()

        async def again() -> str:
            await master.writer.commit(lambda _: Decision([Put("item", "a", big(1))]))
            return journal.entries()[-1].header.blob

        blobs = [await again() for _ in range(3)]
        assert len(set(blobs)) == 3
        await master.end()

    sim(story)


def test_a_batch_that_would_grow_too_large_is_cut() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        half = {"text": "x" * (600 << 10)}
        told = await asyncio.gather(*(master.put(f"i{i}", **half) for i in range(4)))
        assert sorted(committed.seq for committed in told) == [2, 2, 3, 3]
        await master.end()

    sim(story)


def test_the_writer_goes_on_when_a_reader_of_its_node_was_first() -> None:
    """The line or a nudge may have the node read what it just wrote."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        reader = journal.reader(master.replica)

        async def read_first(call: str) -> None:
            if call == f"settle {entry_key(2)}":
                await reader.glance()

        master.store.before = read_first
        master.store.outcomes = [(True, Undecided("?"))]
        assert (await master.put("a")).seq == 2
        assert (await master.put("b")).seq == 3
        await master.end()

    sim(story)


def test_commits_are_told_to_those_who_listen() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        seen: list[int] = []
        master.writer.on_commit = lambda: seen.append(master.replica.seq)
        await master.put("a")
        await master.put("b")
        assert seen == [2, 3]
        await master.end()

    sim(story)


def test_created_is_enough() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = [(True, CREATED)]
        await master.writer.commit(lambda _: Decision([Merge("item", "a", {"x": 1})]))
        assert master.store.asked("settle") == 0
        await master.end()

    sim(story)


def test_the_house_makes_entries_as_the_writer_does() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        entry, _ = made(master.replica, draft())
        master.replica.check(entry)
        await master.end()

    sim(story)
