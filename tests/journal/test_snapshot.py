from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import PLANE, Journal, draft, grow, put, sim

from brookline.errors import Damaged
from brookline.journal import snapshot
from brookline.journal.keys import SNAPSHOT, snapshot_key, snapshot_seq
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.testing.clock import SimClock
from brookline.wire.changes import Drop, Item
from brookline.wire.entries import Active, Batch, SnapshotTaken


async def filled(count: int) -> Replica:
    replica = Replica(PLANE)
    await grow(replica, draft(), Active(), SnapshotTaken("snapshot/1-ab", 1, 3))
    await grow(
        replica, Batch((Item(tuple(put(f"i{i}", x=i, s="ü\n\r\u2028") for i in range(count))),))
    )
    return replica


def same(one: Replica, other: Replica) -> bool:
    kinds = [
        {k: list(of.items()) for k, of in r.records.kinds().items() if of} for r in (one, other)
    ]
    return kinds[0] == kinds[1] and (one.plane, one.at) == (other.plane, other.at)


@pytest.mark.parametrize("count", [0, 1, 499, 500, 501, 1700])
def test_what_is_written_is_read(count: int) -> None:
    async def story(journal: Journal) -> None:
        replica = await filled(count)
        key, data = await snapshot.encode(replica, journal.clock)
        assert snapshot_seq(key) == replica.seq
        assert same(await snapshot.decode(data, key, journal.clock), replica)
        journal.shelf.create(key, data)
        read = await snapshot.read(journal.store(), key, journal.clock)
        assert read is not None
        assert same(read, replica)

    sim(story)


def test_it_is_of_one_moment_though_the_replica_moves_on() -> None:
    async def story(journal: Journal) -> None:
        replica = await filled(5000)
        before = await snapshot.encode(replica, journal.clock)
        writing = asyncio.ensure_future(snapshot.encode(replica, journal.clock))
        for i in range(20):
            await asyncio.sleep(0)
            changes = (put(f"i{i}", x="new"), put(f"new{i}"), Drop("item", f"i{4000 + i}"))
            await grow(replica, Batch((Item(changes),)))
        assert await writing == before

    sim(story)


def test_others_run_while_it_is_written_and_read() -> None:
    class Counting(SimClock):
        turns = 0

        async def sleep(self, seconds: float) -> None:
            self.turns += 1
            await super().sleep(seconds)

    async def story(journal: Journal) -> None:
        replica = await filled(10_000)
        clock = Counting(lambda: 0.0)
        key, data = await snapshot.encode(replica, clock)
        assert clock.turns >= 20
        clock.turns = 0
        journal.shelf.create(key, data)
        await snapshot.read(journal.store(), key, clock)
        assert clock.turns >= 20

    sim(story)


def test_the_key_says_what_the_bytes_must_be() -> None:
    async def story(journal: Journal) -> None:
        key, data = await snapshot.encode(await filled(3), journal.clock)
        for place in range(0, len(data), 7):
            broken = bytearray(data)
            broken[place] ^= 1
            journal.shelf.put(key, bytes(broken))
            assert await snapshot.read(journal.store(), key, journal.clock) is None
        journal.shelf.delete(key)
        assert await snapshot.read(journal.store(), key, journal.clock) is None

    sim(story)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda d: b"", id="empty"),
        pytest.param(lambda d: d.partition(b"\n")[2], id="no-header"),
        pytest.param(lambda d: d.rpartition(b"\n[")[0] + b"\n", id="a-record-less"),
        pytest.param(lambda d: d + b'["a","b",{}]\n', id="a-record-more"),
        pytest.param(lambda d: d.replace(b'"format":1', b'"format":2'), id="newer-format"),
        pytest.param(lambda d: d.replace(b'["item"', b'{"item"'), id="no-record"),
    ],
)
def test_what_is_no_snapshot_is_damage(spoil) -> None:
    async def story(journal: Journal) -> None:
        _, data = await snapshot.encode(await filled(3), journal.clock)
        with pytest.raises(Damaged):
            await snapshot.decode(spoil(data), "key", journal.clock)

    sim(story)


def test_the_newest_is_found_by_its_name_and_litter_is_none() -> None:
    async def story(journal: Journal) -> None:
        keys = [snapshot_key(seq, "ab" * 32) for seq in (7, 70, 700)]
        for key in (*keys, f"{SNAPSHOT}readme", f"{SNAPSHOT}zzz", f"{SNAPSHOT}9999999999-x"):
            journal.shelf.create(key, b"")
        store = journal.store()
        assert await snapshot.list_snapshots(store) == keys
        for after, found in ((0, 700), (69, 700), (699, 700), (700, None), (900, None)):
            key = await snapshot.find_newest(store, after, ALL_RULES)
            assert (snapshot_seq(key) if key else None) == found

    sim(story)
