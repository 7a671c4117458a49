from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import PLANE, Journal, ScriptedStore, draft, sim

from brookline.errors import StoreError
from brookline.journal import snapshot
from brookline.journal.fencing import Lost, Won
from brookline.journal.keys import JOURNAL, SNAPSHOT, entry_key
from brookline.journal.replica import Replica
from brookline.stores.store import EXISTS, FsyncFailed, Undecided
from brookline.wire.entries import Active, Fence


def always() -> bool:
    return True


async def replica_of(journal: Journal, store: ScriptedStore) -> Replica:
    replica = Replica(PLANE)
    await journal.reader(replica, store).catch_up()
    return replica


def test_the_first_fence_begins_epoch_one() -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        outcome = await journal.fencer(replica, "n1", store).fence(draft, always)
        assert isinstance(outcome, Won)
        assert (outcome.entry.seq, outcome.entry.epoch) == (1, 1)
        assert (replica.seq, replica.standing.owner) == (1, "n1")

    sim(story)


@pytest.mark.parametrize("count", [2, 20])
def test_of_many_candidates_one_wins(count: int) -> None:
    async def story(journal: Journal) -> None:
        async def stand(node: str) -> Won | Lost:
            replica = Replica(PLANE)
            # It gives up once somebody else's fence is there.
            return await journal.fencer(replica, node).fence(draft, lambda: replica.epoch == 0)

        outcomes = await asyncio.gather(*(stand(f"n{i}") for i in range(count)))
        assert sum(isinstance(outcome, Won) for outcome in outcomes) == 1
        assert len(journal.entries()) == 1

    sim(story)


def test_a_slot_that_the_old_master_took_is_read_and_the_next_one_tried() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads("n1")
        store = journal.store()
        replica = await replica_of(journal, store)

        async def append(call: str) -> None:
            if call == f"create {entry_key(2)}":
                await master.put("x")

        store.before = append
        outcome = await journal.fencer(replica, "n2", store).fence(draft, always)
        assert isinstance(outcome, Won)
        assert (outcome.entry.seq, outcome.entry.epoch) == (3, 2)
        assert replica.records.get("item", "x") == {}
        await master.end()

    sim(story)


def test_the_tail_is_made_durable_before_a_fence_follows_it() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads("n1")
        await master.put("x")
        await master.end()
        store = journal.store()
        replica = await replica_of(journal, store)
        store.calls.clear()
        await journal.fence(replica, "n2", store)
        settled = store.calls.index(f"settle {entry_key(2)}")
        assert settled < store.calls.index(f"create {entry_key(3)}")
        store.unsettled = [entry_key(3)]
        with pytest.raises(StoreError):
            await journal.fencer(replica, "n2", store).fence(draft, always)

    sim(story)


def test_without_a_reason_any_more_nothing_is_written() -> None:
    async def story(journal: Journal) -> None:
        outcome = await journal.fencer(Replica(PLANE)).fence(draft, lambda: False)
        assert outcome == Lost("the reason has passed")
        assert journal.entries() == []

    sim(story)


def test_with_a_hole_in_the_log_nothing_is_written() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads("n1")
        for i in range(3):
            await master.put(f"i{i}")
        await master.end()
        journal.shelf.delete(entry_key(3))
        outcome = await journal.fencer(Replica(PLANE), "n2").fence(draft, always)
        assert isinstance(outcome, Lost)
        assert [entry.seq for entry in journal.entries()] == [1, 2, 4]

    sim(story)


def test_a_fence_behind_which_another_stands_does_not_lead() -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)

        async def overtake(call: str) -> None:
            if call.startswith(f"list {SNAPSHOT}") and journal.shelf.get(entry_key(1)):
                store.before = None
                rival = Replica(PLANE)
                await journal.fence(rival, "n2")

        store.before = overtake
        outcome = await journal.fencer(replica, "n1", store).fence(draft, always)
        assert outcome == Lost("another entry follows the fence already")

    sim(story)


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "unannounced"])
def test_a_fence_in_a_collected_slot_does_not_lead(announced: bool) -> None:
    """It slept between reading and creating; meanwhile its slot was written, and collected."""

    async def story(journal: Journal) -> None:
        await written_once(journal)
        store = journal.store()
        replica = await replica_of(journal, store)

        async def sleep(call: str) -> None:
            if call != f"create {entry_key(replica.seq + 1)}":
                return
            store.before = None
            master = await journal.leads("n2")
            await master.writer.append(Active())
            key, data = await snapshot.encode(master.replica, journal.clock)
            journal.shelf.create(key, data)
            if announced:
                await master.put("x")
            await master.end()
            journal.shelf.delete(entry_key(replica.seq + 1))  # as if fences were not kept
            for entry in journal.entries():
                if not entry.is_fence:
                    journal.shelf.delete(entry_key(entry.seq))

        store.before = sleep
        outcome = await journal.fencer(replica, "n1", store).fence(draft, always)
        assert isinstance(outcome, Lost)

    sim(story)


async def written_once(journal: Journal) -> None:
    master = await journal.leads("n0")
    await master.put("a")
    await master.end()


def test_validation_asks_until_the_store_answers() -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        fails = [StoreError("no")] * 5

        async def fail(call: str) -> None:
            if journal.shelf.get(entry_key(1)) and fails:
                raise fails.pop()

        store.before = fail
        outcome = await journal.fencer(replica, "n1", store).fence(draft, always)
        assert isinstance(outcome, Won)
        assert fails == []

    sim(story)


@pytest.mark.parametrize("landed", [True, False])
def test_without_an_answer_the_same_fence_is_sent_again(landed: bool) -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        store.outcomes = [(landed, Undecided("?")), (False, Undecided("?"))]
        assert isinstance(await journal.fencer(replica, "n1", store).fence(draft, always), Won)
        assert len(journal.entries()) == 1

    sim(story)


@pytest.mark.parametrize(
    "outcome",
    [
        pytest.param((False, EXISTS), id="taken-then-absent"),
        pytest.param((True, FsyncFailed("fsync of the folder failed")), id="fsync-failed"),
        pytest.param((False, FsyncFailed("fsync of a new file failed")), id="fsync-of-temp-failed"),
    ],
)
def test_in_doubt_it_does_not_lead(outcome: tuple) -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        store.outcomes = [outcome]
        assert isinstance(await journal.fencer(replica, "n1", store).fence(draft, always), Lost)

    sim(story)


def test_a_hint_that_reads_the_fence_first_is_no_harm() -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        reader = journal.reader(replica)

        async def nudge(call: str) -> None:
            if call.startswith(f"list {JOURNAL}") and journal.shelf.get(entry_key(1)):
                await reader.glance()

        store.before = nudge
        outcome = await journal.fencer(replica, "n1", store).fence(draft, always)
        assert isinstance(outcome, Won)
        assert (replica.seq, replica.hash) == (1, outcome.entry.hash)

    sim(story)


def test_the_payload_is_made_at_the_last_moment() -> None:
    async def story(journal: Journal) -> None:
        store, replica = journal.store(), Replica(PLANE)
        asked: list[int] = []

        def note() -> Fence:
            asked.append(len(store.calls))
            return draft()

        await journal.fencer(replica, "n1", store).fence(note, always)
        assert store.calls[asked[0]] == f"create {entry_key(1)}"

    sim(story)
