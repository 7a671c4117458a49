from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import PLANE, Journal, draft, made, put, sim

from brookline.errors import Damaged, StoreError
from brookline.journal import snapshot
from brookline.journal.keys import BLOB, JOURNAL, entry_key
from brookline.journal.reader import Place
from brookline.journal.replica import Replica
from brookline.wire.changes import Item
from brookline.wire.entries import Active, Batch, Fence


async def written(journal: Journal, count: int, **more: object) -> Replica:
    """Return a master's replica after a fence, `active` and so many batches."""
    master = await journal.leads(**more)
    await master.writer.append(Active())
    for i in range(count):
        await master.put(f"i{i}", x=i)
    await master.end()
    return master.replica


async def snapped(journal: Journal, replica: Replica) -> str:
    key, data = await snapshot.encode(replica, journal.clock)
    journal.shelf.create(key, data)
    return key


def collect(journal: Journal, through: int) -> None:
    """Delete entries other than fences, as upkeep does."""
    for entry in journal.entries():
        if entry.seq <= through and not entry.is_fence:
            journal.shelf.delete(entry_key(entry.seq))


def test_it_reads_to_the_tail() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 100)
        replica = Replica(PLANE)
        assert await journal.reader(replica).catch_up() is Place.TAIL
        assert replica.at == master.at
        assert replica.records.kinds() == master.records.kinds()

    sim(story)


def test_an_empty_log_ends_at_once() -> None:
    async def story(journal: Journal) -> None:
        replica = Replica(PLANE)
        assert await journal.reader(replica).catch_up() is Place.TAIL
        assert replica.seq == 0

    sim(story)


@pytest.mark.parametrize("keep", [0, 1, 5, 20], ids=lambda n: f"{n}-entries-left")
def test_who_is_behind_a_collection_reloads(keep: int) -> None:
    async def story(journal: Journal) -> None:
        await written(journal, 20)
        slow = Replica(PLANE)
        await journal.reader(slow).catch_up()
        at = slow.seq
        master = await journal.leads("n2")
        for i in range(30):
            await master.put(f"later{i}")
        await master.end()
        await snapped(journal, master.replica)
        collect(journal, master.replica.seq - keep)
        assert await journal.reader(slow).catch_up() is Place.TAIL
        assert slow.at == master.replica.at
        assert slow.records.kinds() == master.replica.records.kinds()
        assert at < slow.seq

    sim(story)


def test_a_newcomer_begins_with_the_snapshot() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 20)
        await snapped(journal, master)
        store, replica = journal.store(), Replica(PLANE)
        reader = journal.reader(replica, store)
        await reader.load()
        assert replica.at == master.at
        assert store.asked(f"get {JOURNAL}") == 0

    sim(story)


def test_a_damaged_snapshot_is_passed_over_for_an_older_one() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 10)
        old = await snapped(journal, master)
        more = await journal.leads("n2")
        await more.put("x")
        await more.end()
        new = await snapped(journal, more.replica)
        journal.shelf.put(new, b"rubbish")
        replica = Replica(PLANE)
        reader = journal.reader(replica)
        await reader.load()
        assert f"{replica.seq:010d}" in old
        assert await reader.catch_up() is Place.TAIL
        assert replica.at == more.replica.at

    sim(story)


def test_with_no_whole_snapshot_the_log_is_read_from_its_start() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 10)
        journal.shelf.put(await snapped(journal, master), b"rubbish")
        assert (await journal.read()).at == master.at

    sim(story)


def test_a_snapshot_of_another_plane_is_damage() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 3)
        await snapped(journal, master)
        with pytest.raises(Damaged, match=f"belongs to plane {PLANE}"):
            await journal.reader(Replica("other")).load()

    sim(story)


@pytest.mark.parametrize("where", [1, 2, 50, 102])
def test_a_damaged_entry_halts_it_there(where: int) -> None:
    async def story(journal: Journal) -> None:
        await written(journal, 100)
        key = entry_key(where)
        data = journal.shelf.get(key) or b""
        journal.shelf.put(key, data.replace(b'"epoch":1', b'"epoch":7'))
        replica = Replica(PLANE)
        reader = journal.reader(replica)
        for _ in range(2):
            with pytest.raises(Damaged, match=key):
                await reader.catch_up()
            assert replica.seq == where - 1

    sim(story)


def test_a_damaged_entry_that_a_snapshot_contains_is_not_needed() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 5)
        replica = Replica(PLANE)
        reader = journal.reader(replica)
        key = entry_key(master.seq)
        journal.shelf.put(key, (journal.shelf.get(key) or b"")[:-9])
        with pytest.raises(Damaged, match=key):
            await reader.catch_up()
        assert replica.seq == master.seq - 1
        await snapped(journal, master)
        assert await reader.catch_up() is Place.TAIL
        assert replica.at == master.at

    sim(story)


def test_a_snapshot_that_cannot_be_read_is_no_way_past_a_damaged_entry() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 5)
        await snapped(journal, master)
        snap = journal.shelf.keys("snapshot/", "")[0]
        journal.shelf.put(snap, b"rubbish")
        key = entry_key(master.seq)
        journal.shelf.put(key, (journal.shelf.get(key) or b"")[:-9])
        replica = Replica(PLANE)
        reader = journal.reader(replica)
        for _ in range(2):
            with pytest.raises(Damaged, match=key):
                await reader.catch_up()
        assert replica.seq == master.seq - 1

    sim(story)


def test_an_entry_in_another_ones_place_is_damage() -> None:
    async def story(journal: Journal) -> None:
        await written(journal, 3)
        journal.shelf.put(entry_key(4), journal.shelf.get(entry_key(3)) or b"")
        with pytest.raises(Damaged, match=f"{entry_key(4)} says that it is entry 3"):
            await journal.read()

    sim(story)


def test_a_hole_is_looked_at_again_and_called_a_gap_only_in_the_end() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 10)
        data = journal.shelf.get(entry_key(5)) or b""
        journal.shelf.delete(entry_key(5))
        replica = Replica(PLANE)
        reader = journal.reader(replica, gap_alarm_s=60.0)
        for _ in range(6):
            assert await reader.catch_up() is Place.HOLE
            await journal.clock.sleep(9.9)
        await journal.clock.sleep(1)
        with pytest.raises(Damaged, match=f"gap: entry {entry_key(5)} is missing"):
            await reader.catch_up()
        journal.shelf.create(entry_key(5), data)
        assert await reader.catch_up() is Place.TAIL
        assert replica.at == master.at

    sim(story)


def test_another_hole_has_a_time_of_its_own() -> None:
    async def story(journal: Journal) -> None:
        await written(journal, 10)
        kept = {seq: journal.shelf.get(entry_key(seq)) or b"" for seq in (5, 7)}
        for seq in kept:
            journal.shelf.delete(entry_key(seq))
        reader = journal.reader(Replica(PLANE), gap_alarm_s=60.0)
        await reader.catch_up()
        await journal.clock.sleep(59)
        journal.shelf.create(entry_key(5), kept[5])
        await reader.catch_up()
        await journal.clock.sleep(59)
        assert await reader.catch_up() is Place.HOLE

    sim(story)


def test_an_entry_that_appears_while_the_later_ones_are_listed_is_no_hole() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 10)
        data = journal.shelf.get(entry_key(5)) or b""
        journal.shelf.delete(entry_key(5))
        store, replica = journal.store(), Replica(PLANE)

        async def appear(call: str) -> None:
            if call == f"list {JOURNAL}":
                journal.shelf.create(entry_key(5), data)

        store.before = appear
        assert await journal.reader(replica, store).catch_up() is Place.TAIL
        assert replica.at == master.at

    sim(story)


def test_litter_beside_the_entries_is_no_later_entry() -> None:
    async def story(journal: Journal) -> None:
        await written(journal, 3)
        for name in ("readme", "zzz/0000000099", "0000000/lost", "0000000/99", "9999999/x1"):
            journal.shelf.create(JOURNAL + name, b"")
        assert await journal.reader(Replica(PLANE)).catch_up() is Place.TAIL

    sim(story)


# --- the trap of a collected slot -----------------------------------------------------------


def test_a_late_fence_in_a_collected_slot_is_not_believed() -> None:
    """It continues the old log correctly; only a newer snapshot shows what it is."""

    async def story(journal: Journal) -> None:
        old = await written(journal, 2)
        stale, _ = made(old, draft(), node="n3")
        slow = Replica(PLANE)
        await journal.reader(slow).catch_up()
        master = await journal.leads("n2")
        await master.writer.append(Active())
        await master.put("x")
        await master.end()
        await snapped(journal, master.replica)
        collect(journal, master.replica.seq)
        journal.shelf.delete(entry_key(stale.seq))
        journal.append(old, draft(), node="n3")
        for replica in (slow, Replica(PLANE)):
            assert await journal.reader(replica).catch_up() is Place.TAIL
            assert replica.at == master.replica.at

    sim(story)


# --- blobs --------------------------------------------------------------------------------------


BIG = Batch((Item((put("big", text="x" * (1 << 20)),)),))


async def with_blob(journal: Journal) -> Replica:
    master = await journal.leads()
    await master.put("big", text="x" * (1 << 20))
    await master.end()
    return master.replica


def test_a_missing_blob_is_damage() -> None:
    async def story(journal: Journal) -> None:
        await with_blob(journal)
        (blob,) = journal.shelf.keys(BLOB, "")
        journal.shelf.delete(blob)
        with pytest.raises(Damaged, match="missing"):
            await journal.read()

    sim(story)


def test_a_blob_that_was_collected_under_the_readers_hands_is_none() -> None:
    """Between an entry and its blob a reader may sleep for longer than the grace."""

    async def story(journal: Journal) -> None:
        master = await with_blob(journal)
        store, replica = journal.store(), Replica(PLANE)

        async def collected(call: str) -> None:
            if call.startswith(f"get {BLOB}"):
                await snapped(journal, master)
                collect(journal, master.seq)
                journal.shelf.delete(call.split()[1])

        store.before = collected
        assert await journal.reader(replica, store).catch_up() is Place.TAIL
        assert replica.at == master.at

    sim(story)


# --- hints --------------------------------------------------------------------------------------


def test_a_hint_that_names_the_tail_costs_one_call_an_entry() -> None:
    async def story(journal: Journal) -> None:
        replica = await written(journal, 5)
        store = journal.store()
        reader = journal.reader(replica, store)
        journal.append(replica, Batch((Item((put("a"),)),)))
        await reader.glance(replica.seq + 1)
        assert store.calls == [f"get {entry_key(replica.seq)}"]

    sim(story)


@pytest.mark.parametrize("said", [0, 3, 10**9], ids=["no-tail", "old", "forged"])
def test_a_wrong_hint_costs_one_look(said: int) -> None:
    async def story(journal: Journal) -> None:
        replica = await written(journal, 5)
        before, store = replica.at, journal.store()
        await journal.reader(replica, store).glance(said)
        assert replica.at == before
        assert {call.split("/")[0] for call in store.calls} == {"get journal"}
        assert len(store.calls) <= 32

    sim(story)


def test_a_glance_finds_all_that_is_there() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 100)
        for said in (0, 5, 10**6):
            replica = Replica(PLANE)
            await journal.reader(replica).glance(said)
            if said != 5:
                assert replica.at == master.at
            assert replica.seq >= 5

    sim(story)


def test_two_who_look_at_once_read_everything_once() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 50)
        replica = Replica(PLANE)
        reader, steps = journal.reader(replica), []
        reader.on_progress = lambda: steps.append(replica.seq)
        await asyncio.gather(reader.catch_up(), reader.glance(), reader.glance(20))
        assert replica.at == master.at
        assert steps == list(range(1, master.seq + 1))

    sim(story)


def test_a_store_that_does_not_answer_leaves_the_replica_where_it_is() -> None:
    async def story(journal: Journal) -> None:
        master = await written(journal, 50)
        store, replica = journal.store(), Replica(PLANE)
        reader = journal.reader(replica, store)

        async def fail(call: str) -> None:
            if call == f"get {entry_key(20)}":
                raise StoreError("no answer")

        store.before = fail
        with pytest.raises(StoreError):
            await reader.catch_up()
        assert replica.seq < 20
        store.before = None
        await reader.catch_up()
        assert replica.at == master.at

    sim(story)


def test_forks_are_noticed() -> None:
    async def story(journal: Journal) -> None:
        replica = await written(journal, 3)
        journal.append(replica, Fence("n9", "forced"), prev="0" * 64)
        with pytest.raises(Damaged, match="does not continue"):
            await journal.read()

    sim(story)
