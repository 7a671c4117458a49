from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import PLANE, Journal, draft, grow, made, put, sim

from brookline.errors import Damaged
from brookline.journal.records import Records
from brookline.journal.replica import Replica
from brookline.journal.standing import HISTORY
from brookline.wire.changes import Change, Item
from brookline.wire.entries import Active, Batch


class Board:
    """An audience that notes what it was shown."""

    def __init__(self) -> None:
        self.shown = Records()
        self.seqs: list[int] = []
        self.prepared: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def prepare(self, changes: list[Change]) -> object:
        await self.gate.wait()
        self.prepared.append(len(changes))
        return "prepared"

    def publish(self, changes: list[Change], prepared: object, seq: int) -> None:
        assert (prepared == "prepared") == (len(changes) > 200)
        self.shown.apply(changes)
        self.seqs.append(seq)

    async def reset(self, records: Records, seq: int) -> None:
        copy = Records()
        for kind, of in records.kinds().items():
            for record_id, value in of.items():
                copy.put(kind, record_id, value)
        await self.gate.wait()
        self.shown = copy
        self.seqs.append(seq)


def batch(*changes: Change) -> Batch:
    return Batch((Item(changes),))


def started() -> Replica:
    return Replica(PLANE)


def test_an_entry_moves_it_on() -> None:
    async def story(_: Journal) -> None:
        replica = started()
        await grow(replica, draft(), Active(), batch(put("a", x=1)))
        assert (replica.seq, replica.epoch) == (3, 1)
        assert replica.records.get("item", "a") == {"x": 1}
        assert replica.standing.active == 2

    sim(story)


@pytest.mark.parametrize(
    ("header", "message"),
    [
        pytest.param({"plane": "other"}, "belongs to plane other", id="plane"),
        pytest.param({"seq": 9}, "found where entry 3 must be", id="gap"),
        pytest.param({"prev": "0" * 64}, "does not continue the log", id="fork"),
        pytest.param({"epoch": 2}, "epoch 2 after epoch 1", id="epoch"),
    ],
)
def test_what_does_not_continue_the_log_is_damage(header: dict, message: str) -> None:
    async def story(_: Journal) -> None:
        replica = started()
        await grow(replica, draft(), Active())
        before = replica.at
        with pytest.raises(Damaged, match=message):
            await replica.apply(made(replica, batch(put("a")), **header)[0])
        assert (replica.at, len(replica.records)) == (before, 1)

    sim(story)


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_fence_must_rise_the_epoch(epoch: int) -> None:
    async def story(_: Journal) -> None:
        replica = started()
        await grow(replica, draft(), Active())
        with pytest.raises(Damaged, match="after epoch 1"):
            await replica.apply(made(replica, draft(), epoch=epoch)[0])

    sim(story)


def test_the_same_entry_again_changes_nothing() -> None:
    """The reader and the writer of one node came with the same entry, and one called it damaged."""

    async def story(_: Journal) -> None:
        replica, board = started(), Board()
        await grow(replica, draft(), Active())
        await replica.attend(board)
        entry = made(replica, batch(put("a", x=1)))[0]
        old = made(replica, batch(put("b")))[0]
        await replica.apply(entry)
        await replica.apply(entry)
        assert (replica.seq, board.seqs) == (3, [2, 3])
        with pytest.raises(Damaged, match="not what it was"):
            await replica.apply(old)
        await grow(replica, batch(put("c")))
        await replica.apply(entry)
        assert replica.seq == 4

    sim(story)


def test_both_may_come_at_once() -> None:
    async def story(_: Journal) -> None:
        replica, board = started(), Board()
        await grow(replica, draft(), Active())
        await replica.attend(board)
        board.gate.clear()
        entry = made(replica, batch(*(put(f"i{i}") for i in range(300))))[0]
        both = [asyncio.ensure_future(replica.apply(entry)) for _ in range(2)]
        for _ in range(5):
            await asyncio.sleep(0)
        assert replica.seq == 2
        board.gate.set()
        await asyncio.gather(*both)
        assert (replica.seq, board.prepared, board.seqs) == (3, [300], [2, 3])

    sim(story)


def test_who_attends_is_shown_everything_once() -> None:
    """Entries that come while an audience is built wait for it."""

    async def story(_: Journal) -> None:
        replica, board = started(), Board()
        await grow(replica, draft(), Active(), batch(put("a")))
        board.gate.clear()
        attending = asyncio.ensure_future(replica.attend(board))
        await asyncio.sleep(0)
        coming = asyncio.ensure_future(grow(replica, batch(put("b"))))
        for _ in range(5):
            await asyncio.sleep(0)
        assert replica.seq == 3
        board.gate.set()
        await asyncio.gather(attending, coming)
        assert board.seqs == [3, 4]
        assert board.shown.kinds() == replica.records.kinds()

    sim(story)


def test_who_attends_no_more_is_shown_nothing_more() -> None:
    async def story(_: Journal) -> None:
        replica, board = started(), Board()
        await replica.attend(board)
        await replica.attend(None)
        await grow(replica, draft(), Active(), batch(put("a")))
        assert board.seqs == [0]

    sim(story)


def test_a_snapshot_is_shown_before_it_counts_as_reached() -> None:
    """Who waited for a sequence was told that it is there, and saw the records of before."""

    async def story(_: Journal) -> None:
        behind, ahead, board = started(), started(), Board()
        await grow(ahead, draft(), Active(), batch(put("a")))
        await behind.attend(board)
        board.gate.clear()
        loading = asyncio.ensure_future(behind.load(ahead))
        reached = asyncio.ensure_future(behind.reached(3))
        for _ in range(5):
            await asyncio.sleep(0)
        assert (behind.seq, reached.done()) == (0, False)
        board.gate.set()
        await asyncio.gather(loading, reached)
        assert board.shown.kinds() == behind.records.kinds() == ahead.records.kinds()

    sim(story)


def test_a_snapshot_moves_nothing_back() -> None:
    async def story(_: Journal) -> None:
        one, other = started(), started()
        await grow(one, draft(), Active(), batch(put("a")))
        await grow(other, draft(), Active())
        before = one.at
        await one.load(other)
        assert one.at == before

    sim(story)


def test_waiting_for_an_entry_ends_when_it_is_there() -> None:
    async def story(_: Journal) -> None:
        replica = started()
        waiting = asyncio.ensure_future(replica.reached(2))
        await grow(replica, draft())
        assert not waiting.done()
        await grow(replica, Active())
        await waiting

    sim(story)


def test_the_history_is_among_the_records() -> None:
    async def story(_: Journal) -> None:
        replica = started()
        await grow(replica, draft(), Active(7, (), ("web: start",)))
        told = replica.records.get(HISTORY, "1")
        assert told is not None
        assert (told["replayMs"], told["interrupted"]) == (7, ["web: start"])

    sim(story)
