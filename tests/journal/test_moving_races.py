"""Moves that meet other moves, nodes and their own death, at every call that they make of a store."""

from __future__ import annotations

import msgspec
import pytest
from tests.journal.house import PLANE as ID
from tests.journal.house import ScriptedStore, grow, made, put, sim

from brookline.errors import Conflict, StoreError
from brookline.journal import snapshot
from brookline.journal.entry import decode, open_entry
from brookline.journal.keys import JOURNAL, MOVING, NODE, PLANE, entry_key
from brookline.journal.moving import Mark, Move
from brookline.journal.planekey import PlaneKey
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES
from brookline.journal.verifying import verify
from brookline.stores.shelf import Shelf
from brookline.wire.changes import Item
from brookline.wire.entries import FORMAT, Active, Batch, Collect, Fence

CALLS = range(0, 82, 3)
"""Of one move; a third of them, which differs from test to test. The last is 82."""

_CLOSES = 51
"""Which of them writes the last fence."""


class Killed(BaseException):
    """Stands for the death of the command."""


class Moving:
    """A plane on one shelf, shelves to which it may go, and moves between them."""

    def __init__(self, journal):
        self.journal = journal
        self.shelves = {name: Shelf(journal.clock) for name in ("x", "y")}
        self.replica = Replica(ID)

    async def begin(self):
        self.journal.shelf.create(PLANE, msgspec.json.encode(PlaneKey(FORMAT, ID)))
        self.journal.shelf.put(f"{NODE}n1", b"last beat in the old store")
        await self.write(Fence(name="n1", reason="first start"))
        await self.write(Active())
        await self.write(Batch((Item((put("a", n=1),)),)))
        key, data = await snapshot.encode(self.replica, self.journal.clock)
        self.journal.shelf.create(key, data)
        await self.write(Batch((Item((put("b", n=2),)),)))
        return self

    async def write(self, payload):
        self.journal.append(self.replica, payload)
        await grow(self.replica, payload)

    def move(self, to, *, name="", before=None, keep=False):
        """Return a move, of which `before` is called with the number of each call of a store."""
        source, target = self.journal.store(), ScriptedStore(self.shelves[to])
        numbers = iter(range(1000))

        async def call(what):
            if before is not None:
                await before(next(numbers), what)

        source.before = target.before = call
        gone_to = "" if keep else name or to
        move = Move(source, target, self.journal.clock, gone_to=gone_to)
        move.source = source
        return move

    async def go(self, to, **more):
        """Do what the command does, in its order."""
        move = self.move(to, **more)
        closed = await move.look()
        await move.copy()
        await move.check_patiently()
        if not closed:
            await move.close()
        await move.copy()
        await move.check_patiently()
        await move.open()

    async def refusal(self, to, **more):
        """Do the same; return why it is refused, or nothing."""
        try:
            await self.go(to, **more)
        except Conflict as error:
            return error.message
        return ""

    async def write_unless_closed(self):
        last = self.journal.shelf.keys(JOURNAL, "")[-1]
        if not closes(self.journal.shelf, last):
            await self.write(Batch((Item((put("c", n=3),)),)))

    def open_ones(self):
        return [name for name, shelf in self.shelves.items() if shelf.get(PLANE) is not None]

    async def assert_moved(self, to):
        """The one store that is open holds all but the fence that closes the old log."""
        assert self.open_ones() == [to]
        assert self.journal.entries()[-1].payload.moved == to
        store = ScriptedStore(self.shelves[to])
        assert (await verify(store, self.journal.clock)).faults == []
        there = Replica(ID)
        reader = Reader(store, there, clock=self.journal.clock, rules=ALL_RULES, gap_alarm_s=60)
        await reader.catch_up()
        assert there.seq == self.journal.entries()[-1].seq - 1
        assert not there.standing.moved
        for shelf in self.shelves.values():
            assert [key for key in shelf.keys(JOURNAL, "") if closes(shelf, key)] == []


def closes(shelf, key):
    payload = decode(open_entry(shelf.get(key), key), key).payload
    return isinstance(payload, Fence) and bool(payload.moved)


def at(number, do):
    """Return a hook that does something once, before the call with this number."""

    async def before(called, _what):
        if called == number:
            await do()

    return before


def told(story):
    """Run a story about a plane that may move; return what it returns."""

    async def go(journal):
        return await story(await Moving(journal).begin())

    return sim(go)


@pytest.mark.parametrize("number", CALLS)
def test_of_two_moves_to_two_stores_one_is_done_and_the_other_says_where_the_plane_is(number):
    async def story(plane):
        others = []

        async def other():
            others.append(await plane.refusal("y"))

        said = {"x": await plane.refusal("x", before=at(number, other)), "y": others[0]}
        won, lost = ("y", "x") if number <= _CLOSES else ("x", "y")
        await plane.assert_moved(won)
        assert not said[won]
        assert f"the plane has moved to {won} already: name that store as FROM" in said[lost]

    told(story)


def test_the_other_may_be_the_late_one():
    """It was held up when all was copied; the first one finds its own fence, and opens."""

    async def story(plane):
        late = plane.move("y")
        await late.look()
        await late.copy()
        await late.check()
        await plane.go("x")
        for step in (late.copy, late.close, late.open):
            with pytest.raises(Conflict):
                await step()
        await plane.assert_moved("x")

    told(story)


@pytest.mark.parametrize("number", [n + 1 for n in CALLS])
def test_two_moves_to_one_store_are_one_even_if_nodes_begin_there_before_the_second_ends(number):
    async def story(plane):
        beat = b"a beat in the new store"

        async def other():
            await plane.go("x")
            await plane.assert_moved("x")
            there = plane.shelves["x"]
            entry, data = made(plane.replica, Fence(name="n1", reason="moved"))
            there.create(entry_key(entry.seq), data)
            there.put(f"{NODE}n1", beat)

        said = await plane.refusal("x", before=at(number, other))
        assert said or number > _CLOSES  # from there on it may find nothing that was not so already
        assert not said or "moved there already: start its nodes on it" in said
        assert plane.open_ones() == ["x"]
        there = plane.shelves["x"]
        assert there.get(f"{NODE}n1") == beat
        store = ScriptedStore(there)
        assert (await verify(store, plane.journal.clock)).faults == []
        assert [key for key in there.keys(JOURNAL, "") if closes(there, key)] == []

    told(story)


@pytest.mark.parametrize("number", [n + 2 for n in CALLS[:-1]])
@pytest.mark.parametrize("lands", [False, True])
def test_a_move_that_is_killed_anywhere_is_finished_by_the_same_call(number, lands):
    """What it had just sent may land after its death."""

    async def story(plane):
        ended = Killed()

        async def die(called, what):
            if called >= number:
                if lands and called == number and what.startswith("create"):
                    return
                raise ended

        with pytest.raises(Killed):
            await plane.go("x", before=die)
        assert plane.open_ones() == []
        await plane.write_unless_closed()
        await plane.go("x")
        await plane.assert_moved("x")

    told(story)


def test_a_last_fence_that_is_not_durable_opens_nothing():
    """Its writer died between `link` and `fsync`: after a power cut the old log would be open again."""

    async def story(plane):
        first = plane.move("x")
        await first.look()
        await first.copy()
        await first.close()
        second = plane.move("x")
        second.source.unsettled.append(plane.journal.shelf.keys(JOURNAL, "")[-1])
        assert await second.look()
        await second.copy()
        await second.check()
        with pytest.raises(StoreError, match="cannot settle"):
            await second.open()
        assert plane.open_ones() == []

    told(story)


def test_another_store_of_the_same_name_is_not_the_one_to_which_the_plane_has_gone():
    """Such as a folder of the same path on another machine."""

    async def story(plane):
        first = plane.move("x", name="/mnt/new")
        await first.look()
        await first.copy()
        await first.close()
        with pytest.raises(Conflict, match="is not the store that is there now"):
            await plane.go("y", name="/mnt/new")
        assert plane.open_ones() == []
        await plane.go("x", name="/other/name/of/it")
        assert plane.open_ones() == ["x"]

    told(story)


def test_a_copy_that_is_kept_never_opens_what_a_move_has_begun_nor_the_other_way_round():
    async def story(plane):
        move, copy = plane.move("x"), plane.move("y", keep=True)
        for one in (move, copy):
            await one.look()
            await one.copy()
        with pytest.raises(Conflict, match="that of a move which is not done"):
            await plane.go("x", keep=True)
        with pytest.raises(Conflict, match="was to be kept: empty it"):
            await plane.go("y")
        await move.close()
        with pytest.raises(Conflict, match="finish that first, without --keep"):
            await plane.go("x", keep=True)
        assert plane.open_ones() == []

    told(story)


def test_a_log_is_not_closed_for_a_store_in_which_another_plane_has_begun():
    async def story(plane):
        move = plane.move("x")
        await move.look()
        await move.copy()
        await move.check()
        plane.shelves["x"].create(PLANE, msgspec.json.encode(PlaneKey(FORMAT, "plane-2")))
        with pytest.raises(Conflict, match="holds a plane already"):
            await move.close()
        assert not closes(plane.journal.shelf, plane.journal.shelf.keys(JOURNAL, "")[-1])

    told(story)


def test_two_planes_are_not_mixed_in_one_store():
    async def story(plane):
        others = msgspec.json.encode(Mark("plane-2", "mark"))
        plane.shelves["x"].create(MOVING, others)
        with pytest.raises(Conflict, match="something else is copied to the target"):
            await plane.go("x")
        assert plane.shelves["x"].keys("", "") == [MOVING]

    told(story)


@pytest.mark.parametrize("moved", ["y", ""])
def test_a_fence_that_came_late_into_a_collected_slot_closes_nothing_and_stops_no_move(moved):
    """Its writer slept before it wrote it; meanwhile masters wrote on, and its slot was collected."""

    async def story(plane):
        _, late = made(plane.replica, Fence(name="late", reason="forced", moved=moved))
        slot = entry_key(plane.replica.seq + 1)
        for n in range(3):
            await plane.write(Batch((Item((put("late", n=n),)),)))
        first = plane.move("x")
        await first.look()
        await first.copy()
        through = plane.replica.seq
        for _ in range(2):
            key, data = await snapshot.encode(plane.replica, plane.journal.clock)
            plane.journal.shelf.create(key, data)
            await plane.write(Collect(through))
        for seq in range(2, through + 1):
            plane.journal.shelf.delete(entry_key(seq))
        plane.journal.shelf.create(slot, late)
        for to in ("x", "y"):
            move = plane.move(to)
            await move.look()
            await move.copy()
            await move.check()
        assert plane.shelves["x"].get(slot) not in (None, late)
        assert plane.shelves["y"].get(slot) == (None if moved else late)
        await plane.go("x")
        assert plane.open_ones() == ["x"]
        assert (await verify(ScriptedStore(plane.shelves["x"]), plane.journal.clock)).faults == []

    told(story)


def test_a_log_that_a_version_closed_which_knew_no_marks_is_moved_to_the_store_of_that_name():
    async def story(plane):
        await plane.write(Fence(name="store copy", reason="moved", moved="x"))
        with pytest.raises(Conflict, match="the plane has moved to x already"):
            await plane.go("y")
        await plane.go("x")
        await plane.assert_moved("x")

    told(story)
