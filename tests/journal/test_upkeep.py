from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journal.house import PLANE, Journal, Mastership, sim

from brookline.errors import NotMaster
from brookline.journal.keys import BLOB, JOURNAL, SNAPSHOT, entry_key, snapshot_seq
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.standing import Taken
from brookline.journal.upkeep import Upkeep, UpkeepSettings, old_snapshots
from brookline.wire.entries import Active, Collect, Fence, SnapshotTaken

HOUR_MS = 3_600_000
QUICK = UpkeepSettings(entries=4, bytes=1 << 20, age_s=1.0, grace_s=10.0)


def upkeep(journal: Journal, master: Mastership, how: UpkeepSettings = QUICK) -> Upkeep:
    return Upkeep(
        master.store, master.replica, master.writer.append, clock=journal.clock, settings=how,
        rules=ALL_RULES,
    )  # fmt: skip


def kinds(journal: Journal) -> list[str]:
    return [type(entry.payload).__name__ for entry in journal.entries()]


async def busy(journal: Journal, master: Mastership, care: Upkeep, rounds: int) -> None:
    """Let a master work and look after its log for some seconds."""
    for i in range(rounds):
        for j in range(3):
            await master.put(f"i{i % 5}-{j}", round=i)
        await care.look()
        await journal.clock.sleep(1.1)


# --- when ---------------------------------------------------------------------------------------


def test_a_snapshot_is_due_after_so_many_entries_and_so_much_time() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(journal, master)
        await journal.clock.sleep(2.0)
        await master.put("a")
        await master.put("b")
        await care.look()
        assert journal.shelf.keys(SNAPSHOT, "") == []
        await master.put("c")
        await care.look()
        assert [snapshot_seq(key) for key in journal.shelf.keys(SNAPSHOT, "")] == [4]
        for _ in range(10):
            await master.put("d")
        await care.look()
        assert len(journal.shelf.keys(SNAPSHOT, "")) == 1  # the last is too young
        await journal.clock.sleep(1.1)
        await care.look()
        assert len(journal.shelf.keys(SNAPSHOT, "")) == 2
        await master.end()

    sim(story)


def test_or_after_so_many_bytes_however_young_the_last() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(
            journal, master, UpkeepSettings(entries=9999, bytes=1000, age_s=9999, grace_s=9)
        )
        await master.put("a", text="x" * 100)
        await care.look()
        assert journal.shelf.keys(SNAPSHOT, "") == []
        await master.put("b", text="x" * 500)
        await care.look()
        assert len(journal.shelf.keys(SNAPSHOT, "")) == 1
        await master.end()

    sim(story)


def test_the_log_may_grow_as_large_as_the_last_snapshot() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(
            journal, master, UpkeepSettings(entries=9999, bytes=1000, age_s=9999, grace_s=9)
        )
        await master.put("big", text="x" * 50_000)
        await care.look()
        await master.put("a", text="x" * 10_000)
        await care.look()
        assert len(journal.shelf.keys(SNAPSHOT, "")) == 1
        await master.put("a", text="x" * 45_000)
        await care.look()
        assert len(journal.shelf.keys(SNAPSHOT, "")) == 2
        await master.end()

    sim(story)


def test_an_idle_master_takes_none() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(journal, master)
        await busy(journal, master, care, 3)
        length = len(journal.entries())
        for _ in range(100):
            await journal.clock.sleep(100)
            await care.look()
        assert kinds(journal).count("SnapshotTaken") <= 4
        assert len(journal.entries()) <= length + 2
        await master.end()

    sim(story)


# --- what is kept -----------------------------------------------------------------------------------


def taken(*ages_h: float) -> list[Taken]:
    """Return snapshots of these ages, oldest first."""
    return [Taken(i, f"s{i}", int(-age * HOUR_MS), 1) for i, age in enumerate(ages_h)]


def test_the_newest_three_are_kept_whatever_their_age() -> None:
    assert old_snapshots(taken(99, 98, 97), 0, 24 * 3600) == ()
    assert old_snapshots(taken(100, 99, 98, 97), 0, 24 * 3600) == ("s0",)


def test_of_the_others_one_an_hour_within_the_grace() -> None:
    ages = [30.5, 5.9, 5.5, 5.1, 4.9, 4.2, 0.3, 0.2, 0.1]
    assert old_snapshots(taken(*ages), 0, 24 * 3600) == ("s0", "s2", "s3", "s5")


@given(st.lists(st.floats(0, 48), max_size=60), st.floats(0, 48))
def test_the_newest_three_and_at_most_one_an_hour_stay(ages: list[float], grace_h: float) -> None:
    snapshots = taken(*sorted(ages, reverse=True))
    dropped = set(old_snapshots(snapshots, 0, grace_h * 3600))
    kept = [one for one in snapshots if one.key not in dropped]
    assert kept[-3:] == snapshots[-3:]
    hours = [one.wall_ms // HOUR_MS for one in kept[:-3]]
    assert len(hours) == len(set(hours))
    assert all(-one.wall_ms < grace_h * HOUR_MS for one in kept[:-3])


# --- collection --------------------------------------------------------------------------------------


def test_it_is_announced_first_and_done_after_the_grace() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(journal, master)
        await busy(journal, master, care, 3)
        announced = master.replica.standing.collect
        assert announced is not None
        assert master.store.asked("delete") == 0
        await journal.clock.sleep(7.0)
        await care.look()
        assert master.store.asked("delete") == 0
        await journal.clock.sleep(3.0)
        await care.look()
        seqs = [entry.seq for entry in journal.entries()]
        assert seqs[:2] == [1, announced.through + 1]  # the fence, and what is newer
        await master.end()

    sim(story)


def test_a_new_master_counts_the_grace_anew() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await busy(journal, master, upkeep(journal, master), 3)
        await master.end()
        await journal.clock.sleep(100)
        other = await journal.leads("n2")
        care = upkeep(journal, other)
        await care.look()
        assert other.store.asked("delete") == 0
        await journal.clock.sleep(10.0)
        await care.look()
        assert other.store.asked("delete") > 0
        await other.end()

    sim(story)


def test_fences_are_never_deleted() -> None:
    async def story(journal: Journal) -> None:
        for node in ("n1", "n2", "n3"):
            master = await journal.leads(node)
            await busy(journal, master, upkeep(journal, master), 30)
            await master.end()
        assert kinds(journal).count("Fence") == 3
        assert kinds(journal).count("Batch") < 60

    sim(story)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 40), st.integers(0, 1000), st.sampled_from([0, 1, 2]))
def test_whoever_reads_after_a_collection_reads_the_same(
    rounds: int, start: int, lost: int
) -> None:
    """Also when the newest snapshot, and the one before, turn out to be damaged."""

    async def story(journal: Journal) -> None:
        await journal.clock.sleep(start)
        master = await journal.leads()
        care = upkeep(journal, master)
        await busy(journal, master, care, rounds)
        await journal.clock.sleep(30)
        await care.look()
        await master.end()
        assert (await journal.read()).at == master.replica.at
        snapshots = journal.shelf.keys(SNAPSHOT, "")
        if lost < min(2, len(snapshots)):
            for key in snapshots[len(snapshots) - lost :]:
                journal.shelf.put(key, b"rubbish")
            read = await journal.read()
            assert read.at == master.replica.at
            assert read.records.kinds() == master.replica.records.kinds()

    sim(story)


def test_a_snapshot_that_was_never_announced_is_collected_in_the_end() -> None:
    """Its master ended between taking and announcing it; nobody would ever have deleted it."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        for i in range(5):
            await master.put(f"i{i}")
        await journal.clock.sleep(2)
        care = upkeep(journal, master)
        await journal.clock.sleep(2)

        async def refused(_: object) -> object:
            raise NotMaster

        care._append = refused  # type: ignore[assignment]
        with pytest.raises(NotMaster):
            await care.look()
        (stray,) = journal.shelf.keys(SNAPSHOT, "")
        await master.end()
        other = await journal.leads("n2")
        await busy(journal, other, upkeep(journal, other), 20)
        await other.end()
        assert stray not in journal.shelf.keys(SNAPSHOT, "")
        assert len(journal.shelf.keys(SNAPSHOT, "")) >= 3

    sim(story)


def test_what_a_collector_announced_and_died_before_doing_is_announced_again() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(
            journal, master, UpkeepSettings(entries=4, bytes=1 << 20, age_s=1.0, grace_s=0.5)
        )
        journal.clock.jump_wall(0)
        for i in range(8):
            for j in range(3):
                await master.put(f"i{i % 5}-{j}", round=i)
            if care._snapshot_is_due():
                await care._take_snapshot()
                await care._announce()
            await journal.clock.sleep(1.1)
        left = set(journal.shelf.keys(SNAPSHOT, ""))
        await master.end()
        other = await journal.leads("n2")
        quick = UpkeepSettings(entries=4, bytes=1 << 20, age_s=1.0, grace_s=0.5)
        await busy(journal, other, upkeep(journal, other, quick), 12)
        await other.end()
        assert not left & set(journal.shelf.keys(SNAPSHOT, ""))

    sim(story)


def test_blobs_that_nothing_retained_refers_to_are_deleted_after_their_entries() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.put("big", text="x" * (1 << 20))
        (blob,) = journal.shelf.keys(BLOB, "")
        seq = master.replica.seq
        care = upkeep(journal, master)
        await busy(journal, master, care, 20)
        assert journal.shelf.keys(BLOB, "") == []
        deletes = [call for call in master.store.calls if call.startswith("delete")]
        assert deletes.index(f"delete {entry_key(seq)}") < deletes.index(f"delete {blob}")
        assert (await journal.read()).records.get("item", "big") is not None
        await master.end()

    sim(story)


def test_a_blob_of_this_epoch_that_no_entry_refers_to_yet_is_left() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        mine, old = f"{BLOB}0000000001-aa", f"{BLOB}0000000000-bb"
        journal.shelf.create(mine, b"")
        journal.shelf.create(old, b"")
        await busy(journal, master, upkeep(journal, master), 20)
        assert journal.shelf.keys(BLOB, "") == [mine]
        await master.end()

    sim(story)


def test_litter_is_left_alone() -> None:
    async def story(journal: Journal) -> None:
        litter = [f"{JOURNAL}0000000/readme", f"{SNAPSHOT}readme"]
        for key in litter:
            journal.shelf.create(key, b"")
        master = await journal.leads()
        await busy(journal, master, upkeep(journal, master), 20)
        assert all(journal.shelf.get(key) is not None for key in litter)
        await master.end()

    sim(story)


def test_trouble_puts_it_off() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        care = upkeep(journal, master)
        running = asyncio.ensure_future(care.run(1.0))
        master.writer.close("no more")
        await journal.clock.sleep(20)
        assert not running.done()
        running.cancel()

    sim(story)


def test_announcements_are_entries() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.writer.append(Active())
        await busy(journal, master, upkeep(journal, master), 10)
        await master.end()
        payloads = [entry.payload for entry in journal.entries()]
        assert isinstance(payloads[0], Fence)
        assert any(isinstance(payload, Collect) for payload in payloads)
        taken = [payload for payload in payloads if isinstance(payload, SnapshotTaken)]
        for payload in taken[-2:]:
            assert journal.shelf.get(payload.key) is not None
        replica = Replica(PLANE)
        await journal.reader(replica).load()
        assert replica.seq == taken[-1].seq

    sim(story)
