"""Moving a log between real folders, cut short at every step, and with a master that writes on."""

from __future__ import annotations

import asyncio

import pytest
from tests.journal.folders import CLOCK, FolderLog
from tests.journal.house import put

from brookline.errors import Conflict, Damaged, StoreError
from brookline.journal import scan
from brookline.journal.fencing import Fencer, Lost
from brookline.journal.keys import MOVING, PLANE, entry_key
from brookline.journal.moving import Move
from brookline.journal.planekey import find_plane
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.verifying import verify
from brookline.journal.writer import Writer
from brookline.stores.directory import DirectoryStore
from brookline.values.ids import SYSTEM_RANDOM
from brookline.wire.entries import Active, Fence


@pytest.fixture
def log(tmp_path):
    log = FolderLog(tmp_path / "old")
    log.lead()
    log.put(put("a", n=1))
    log.snapshot()
    log.put_in_blob(put("large", text="x" * 100))
    log.put(put("b", n=2))
    return log


def between(log, tmp_path, work):
    async def go():
        old, new = await log.open(), await DirectoryStore.open(tmp_path / "new")
        try:
            return await work(old, new)
        finally:
            await old.close()
            await new.close()

    return asyncio.run(go())


async def whole(old, new, to="new"):
    move = Move(old, new, CLOCK, gone_to=to)
    if not await move.look():
        await move.copy()
        await move.close()
    await move.copy()
    await move.check()
    await move.open()
    return move


async def read(store):
    replica = Replica(await find_plane(store))
    reader = Reader(store, replica, clock=CLOCK, rules=ALL_RULES, gap_alarm_s=60)
    await reader.load()
    await reader.catch_up()
    return replica


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_all_of_it_goes_on_there_and_the_old_log_says_where(log, tmp_path):
    async def story(old, new):
        await whole(old, new)
        there, here = await read(new), await read(old)
        assert (there.plane, there.seq, there.epoch) == (log.replica.plane, 6, 1)
        assert there.records.kinds() == log.replica.records.kinds()
        assert not there.standing.moved
        assert (here.seq, here.standing.moved) == (7, "new")
        assert (await verify(new, CLOCK)).faults == []
        assert (await verify(old, CLOCK)).faults == []

    before = files(log.folder)
    between(log, tmp_path, story)
    closing = entry_key(7)
    assert {k: v for k, v in files(log.folder).items() if k != closing} == before
    assert {k: v for k, v in files(tmp_path / "new").items() if k != MOVING} == before


def test_nobody_can_fence_a_log_that_its_plane_has_left(log, tmp_path):
    """A candidate that had read the log before finds its slot taken, and then sees why."""

    async def story(old, new):
        replica = await read(old)
        await whole(old, new)
        reader = Reader(old, replica, clock=CLOCK, rules=ALL_RULES, gap_alarm_s=60)
        fencer = Fencer(
            old,
            reader,
            replica,
            node="late",
            clock=CLOCK,
            randomness=SYSTEM_RANDOM,
            rules=ALL_RULES,
        )
        outcome = await fencer.fence(
            lambda: Fence(name="late", reason="forced"), lambda: not replica.standing.moved
        )
        assert isinstance(outcome, Lost)
        assert (await read(old)).seq == 7

    between(log, tmp_path, story)


@pytest.mark.parametrize("step", ["copy", "close", "rest", "check"])
def test_a_move_that_was_cut_short_is_finished_by_another(log, tmp_path, step):
    async def story(old, new):
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        await move.copy()
        if step != "copy":
            log_more(log)
            await move.close()
        if step in ("rest", "check"):
            await move.copy()
        assert await new.get(PLANE) is None
        await whole(old, new)
        there = await read(new)
        assert there.seq == (6 if step == "copy" else 7)
        assert there.records.kinds() == log.replica.records.kinds()

    def log_more(log):
        seq = log.replica.seq + 1
        entry, data = log_entry(log, put("late", n=3))
        (log.folder / entry_key(seq)).write_bytes(data)
        log.replica.records.apply(entry.changes())

    between(log, tmp_path, story)


def log_entry(log, change):
    from tests.journal.house import made

    from brookline.wire.changes import Item
    from brookline.wire.entries import Batch

    return made(log.replica, Batch((Item((change,)),)))


def test_what_a_master_acknowledges_while_it_is_moved_is_there(log, tmp_path):
    """The master writes as fast as it can; it is stopped by finding its slot taken, and only then."""
    acknowledged: list[str] = []

    async def story(old, new):
        store = await log.open()
        replica = await read(store)
        fencer = Fencer(
            store,
            Reader(store, replica, clock=CLOCK, rules=ALL_RULES, gap_alarm_s=60),
            replica,
            node="busy",
            clock=CLOCK,
            randomness=SYSTEM_RANDOM,
            rules=ALL_RULES,
        )
        await fencer.fence(lambda: Fence(name="busy", reason="forced"), lambda: True)
        writer = Writer(
            store,
            replica,
            node="busy",
            clock=CLOCK,
            randomness=SYSTEM_RANDOM,
            rules=ALL_RULES,
            wait_s=60.0,
        )
        running = asyncio.ensure_future(writer.run())
        await writer.append(Active())
        busy = [asyncio.ensure_future(write(writer, n)) for n in range(4)]
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        await move.copy()
        before = len(acknowledged)
        await move.copy()
        await move.close()
        await asyncio.gather(*busy)
        with pytest.raises(Exception, match="another's"):
            await running
        await move.copy()
        await move.check()
        await move.open()
        there = await read(new)
        assert len(acknowledged) > before > 0
        assert [one for one in acknowledged if there.records.get("item", one) is None] == []
        await store.close()

    async def write(writer, number):
        from brookline.errors import Unavailable
        from brookline.journal.queue import Decision

        count = 0
        while True:
            count += 1
            name = f"w{number}-{count}"
            try:
                await writer.commit(lambda _, name=name: Decision([put(name)]))
            except Unavailable:
                return
            acknowledged.append(name)

    between(log, tmp_path, story)


def test_a_target_with_something_else_is_refused(log, tmp_path):
    other = FolderLog(tmp_path / "new", "planeother")
    (other.folder / "plane").unlink()
    other.lead("n9")

    async def story(old, new):
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        with pytest.raises(Conflict, match="holds something else"):
            await move.copy()

    between(log, tmp_path, story)


def test_a_target_with_a_plane_is_refused(log, tmp_path):
    FolderLog(tmp_path / "new", "planeother")

    async def story(old, new):
        with pytest.raises(Conflict, match="holds a plane already"):
            await Move(old, new, CLOCK, gone_to="new").look()

    between(log, tmp_path, story)


def test_a_move_that_is_done_already_says_so(log, tmp_path):
    """Its process may have died, or its answer got lost, when nothing was left to do."""

    async def story(old, new):
        await whole(old, new)
        with pytest.raises(Conflict, match="has moved there already"):
            await Move(old, new, CLOCK, gone_to="new").look()

    between(log, tmp_path, story)


def test_what_lists_do_not_show_yet_is_waited_for(log, tmp_path):
    async def story(old, new):
        hidden = entry_key(6)
        looks = iter([True] * 4)
        listed = new.list

        async def late(prefix, after=""):
            found = await listed(prefix, after)
            return [key for key in found if key != hidden or not next(looks, False)]

        new.list = late
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        await move.copy()
        with pytest.raises(Damaged):
            await move.check()
        await move.check_patiently()

    between(log, tmp_path, story)


def test_a_damaged_log_is_not_closed(log, tmp_path):
    log.file(5).write_bytes(b"x")

    async def story(old, new):
        with pytest.raises(Damaged):
            await whole(old, new)
        kept = await scan.retained(old)
        assert kept.last_seq == 6

    between(log, tmp_path, story)


def test_a_copy_that_lost_something_is_noticed(log, tmp_path):
    async def story(old, new):
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        await move.copy()
        await move.close()
        (tmp_path / "new" / entry_key(6)).unlink()
        with pytest.raises(Damaged, match="is not there"):
            await move.check()

    between(log, tmp_path, story)


def test_a_target_that_takes_nothing_is_an_error_in_the_end(log, tmp_path, monkeypatch):
    from brookline.stores.store import Undecided

    async def full(self, key, data):
        return Undecided("No space left on device")

    async def story(old, new):
        move = Move(old, new, CLOCK, gone_to="new")
        await move.look()
        with pytest.raises(StoreError, match="No space left"):
            await move.copy()

    monkeypatch.setattr(DirectoryStore, "create", full)
    between(log, tmp_path, story)
