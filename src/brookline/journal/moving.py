"""Moving: a plane's log goes on in another store, and its old store knows that.

All that is retained is copied, while masters write on if there are any, and the copy is verified: a log with an old
damage stays open. Then the old log is *closed* by a last fence that says where the plane has gone: from it on no
master can append there, whatever it believes, and no node stands there any more. What was appended
until then is copied, all is verified again, and only then the new store gets its key ``plane``. So whatever was acknowledged is in the new store.

There are never two logs that go on, however many moves run at once, and wherever one is killed:

* The old log decides. A closing fence is an entry like any other: its slot is written once, and
  nothing follows it. Of several moves one closes; the others read that, and open nothing.
* A move opens its target only if the closing fence names that target by its `Mark`, which the first
  move to it wrote there before all else; a store of the same name elsewhere has another. And only
  once the fence is durable: one whose writer died may be visible, and gone after a power cut. A log
  that a version without marks has closed is known by its target's name only.
* Two moves to one target write the same bytes and close with the same mark, so that either may end
  what the other began. A copy that is to be kept has a mark of another kind: it never opens, as it
  is, what a move has still to copy the end of.
* A closing fence is never copied. That is told by its own bytes, not by what this move knows of the
  log yet: so the target's log has room for what follows there, whoever copies, and however late.
* What one that slept writes behind its time is older than the closing fence. Where it lay it is
  there already, or was collected; heartbeats are only put where there are none.

So each step can be taken again: until the fence lands, all is as it was; after it, nobody leads until
the same call is given again and comes to its end.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict, Damaged
from brookline.journal import scan
from brookline.journal.entry import decode, open_entry
from brookline.journal.fencing import Fencer, Lost
from brookline.journal.keys import JOURNAL, MOVING, NODE, PLANE, entry_key, entry_seq
from brookline.journal.planekey import Mark, PlaneKey, find_mark, find_plane
from brookline.journal.reader import Reader
from brookline.journal.replica import Replica
from brookline.journal.restoring import write
from brookline.journal.rules import ALL_RULES
from brookline.journal.verifying import verify
from brookline.values.ids import SYSTEM_RANDOM, Randomness, new_id
from brookline.wire.entries import FORMAT, Fence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.stores.store import Store
    from brookline.values.clock import Clock

REASON = "moved"
"""Word of the history for the last fence of a log."""

_GAP_ALARM_S = 60.0

_PAUSES_S = (0.1, 0.3, 1.0, 3.0)
"""Before a copy that is not sound is looked at again, though nothing new was there to be copied."""


class Move:
    """Copies a journal from one store to another.

    Args:
        source: Where it is.
        target: Where it shall be; empty, or with a part of the same journal.
        clock: Time.
        gone_to: URL of the target, as people and nodes may see it; empty if the plane stays in the
            source, and the target is only a copy.
        on_progress: Told how many keys were copied.
        randomness: Of the target's mark, and the id under which the last fence is written.
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        clock: Clock,
        *,
        gone_to: str = "",
        on_progress: Callable[[int], None] = lambda _: None,
        randomness: Randomness = SYSTEM_RANDOM,
    ) -> None:
        self._source = source
        self._target = target
        self._clock = clock
        self._gone_to = gone_to
        self._on_progress = on_progress
        self._randomness = randomness
        self._copied: set[str] = set()
        self._mark: Mark | None = None
        self.replica = Replica("")
        self._reader = Reader(
            source, self.replica, clock=clock, rules=ALL_RULES, gap_alarm_s=_GAP_ALARM_S
        )

    @property
    def copied(self) -> int:
        """How many keys were copied, or found to be there."""
        return len(self._copied)

    @property
    def closed(self) -> bool:
        """Whether the source's log is closed, as far as it was read; then it has gone to the target."""
        return bool(self.replica.standing.moved)

    async def end(self) -> int:
        """Return the last entry of the copy."""
        return (await scan.retained(self._target)).last_seq

    async def look(self) -> bool:
        """Read the source's log to its end; tell whether it is closed, in favour of the target.

        Raises:
            Damaged: If the log is.
            Conflict: If there is no plane, it has moved elsewhere, the move is done, or the target has
                a plane that is not this.
            StoreError: If a store does not answer.
        """
        plane = await find_plane(self._source)
        if plane is None:
            raise Conflict("there is no plane in the store that is to be copied")
        self.replica.plane = plane
        await self._reader.load()
        await self._read_on()
        return self.closed

    async def copy(self) -> int:
        """Copy what is retained and not copied yet; return how many keys that were.

        Raises:
            Conflict: If the target holds something else under one of these keys, or the plane has
                moved elsewhere meanwhile.
            StoreError: If a store does not do it.
        """
        before = len(self._copied)
        await self._read_on()
        await self._claim()
        await self._require_unopened()  # a node may have begun there meanwhile
        kept = await scan.retained(self._source)
        # An entry first: who finds one, and no key `plane`, begins no plane of its own there.
        await self._copy_all(kept.entries[:1])
        keys = [key for key in kept.all if key not in self._copied]
        for start in range(0, len(keys), scan.AHEAD):
            await self._copy_all(keys[start : start + scan.AHEAD])
        return len(self._copied) - before

    async def _copy_all(self, keys: Sequence[str]) -> None:
        await asyncio.gather(*(self._copy_one(key) for key in keys if key not in self._copied))
        self._on_progress(len(self._copied))

    async def _copy_one(self, key: str) -> None:
        data = await self._source.get(key)
        if data is None or _closes(key, data):
            return
        try:
            await write(self._target, key, data, self._clock)
        except Conflict:
            # A fence that came late may lie in a slot that was collected since it was copied.
            if not key.startswith(JOURNAL) or entry_seq(key) > self.replica.standing.collected:
                raise
        self._copied.add(key)

    async def close(self) -> None:
        """Write the last fence of the source's log.

        Raises:
            Conflict: If it could not be written, for others fence there, too; it may be tried again. Or
                if the log was closed in favour of another store meanwhile.
            StoreError: If the store does not answer.
        """
        await self._read_on()
        mark = await self._claim()

        def draft() -> Fence:
            return Fence(
                name="store copy",
                reason=REASON,
                replaces=self.replica.standing.owner,
                evidence=f"the plane goes on in {self._gone_to}",
                unsettled=True,
                moved=self._gone_to,
                target=mark.mark,
            )

        fencer = Fencer(
            self._source,
            self._reader,
            self.replica,
            node=new_id(self._randomness),
            clock=self._clock,
            randomness=self._randomness,
            rules=ALL_RULES,
        )
        outcome = await fencer.fence(draft, lambda: not self.closed)
        if isinstance(outcome, Lost) and not self.closed:
            raise Conflict(f"the old log could not be closed: {outcome.reason}; try again")
        await self._require_here()

    async def check(self) -> None:
        """Make sure that the target's log is whole, and is all that was copied of the source's.

        Before `close`, too: afterwards nobody could mend what is found. It may lack only what the
        log itself announced for collection.

        Raises:
            Damaged: If it is not.
            Conflict: If another move has opened the target, so that nodes may write there.
        """
        there = await scan.retained(self._target)
        verdict = await verify(self._target, self._clock, plane=self.replica.plane)
        wrong = f"the copy is not sound: {verdict.faults[0].what}" if verdict.faults else ""
        missing = self._copied - set(there.all)
        if missing and not wrong:
            wrong = f"the copy is not whole: {min(missing)} is not there"
        last = self.replica.standing.fence - 1
        if self.closed and there.last_seq != last and not wrong:
            wrong = f"the copy ends at entry {there.last_seq}, the log at {last}"
        if wrong:
            await self._require_unopened()
            raise Damaged(wrong)

    async def check_patiently(self) -> None:
        """Check the copy, and copy again while it is not sound: masters write on, and lists lag.

        A snapshot may be in the copy before the entries that it follows.

        Raises:
            Damaged: If the copy is not sound, whatever more is copied.
            Conflict: If another move has opened the target, or closed the log for another one.
        """
        for pause_s in _PAUSES_S:
            try:
                await self.check()
            except Damaged:
                if not await self.copy():
                    await self._clock.sleep(pause_s)
            else:
                return
        await self.check()

    async def open(self) -> None:
        """Give the target its key ``plane``: from now on nodes may begin there.

        Heartbeats are copied, too: so the first node there need not wait for those that have ended. None
        is replaced: another move may have opened the target, and a node beat there already.

        Raises:
            Conflict: If the source's log is not closed in favour of the target, though it shall be.
            StoreError: If a store does not do it.
        """
        if self._gone_to:
            await self._require_closed()
        for key in await self._source.list(NODE):
            data = await self._source.get(key)
            if data:
                with contextlib.suppress(Conflict):
                    await write(self._target, key, data, self._clock)
        plane = msgspec.json.encode(PlaneKey(FORMAT, self.replica.plane))
        await write(self._target, PLANE, plane, self._clock)

    async def _read_on(self) -> None:
        """Read the source's log to its end, and see that all is still as this move needs it.

        Raises:
            Conflict: If the plane has moved elsewhere, or a plane is in the target.
        """
        await self._reader.catch_up()
        await self._require_here()
        await self._require_unopened()

    async def _require_closed(self) -> None:
        """Make sure that the source's log is closed for good, in favour of the target."""
        await self._reader.catch_up()
        if not self.closed:
            raise Conflict("the old log is not closed: try again")
        await self._require_here()
        await self._source.settle(entry_key(self.replica.standing.fence))

    async def _require_here(self) -> None:
        """Refuse to go on with a plane that has gone somewhere else."""
        standing = self.replica.standing
        here = bool(standing.moved) and await self._is_here()
        if not standing.moved or (here and self._gone_to):
            return
        if here:
            raise Conflict(
                f"the plane has moved to {standing.moved} already: finish that first, without --keep"
            )
        if standing.moved == self._gone_to:
            raise Conflict(
                f"the plane has moved to {standing.moved}, which is not the store that is there now:"
                " it was emptied, or is another one of that name. If it is lost, make another plane"
                " of the old one with brookline backup restore"
            )
        raise Conflict(
            f"the plane has moved to {standing.moved} already: name that store as FROM, and empty TO"
            " if it holds a part of a copy"
        )

    async def _is_here(self) -> bool:
        """Tell whether the log was closed in favour of the target."""
        standing = self.replica.standing
        if not standing.target:  # by a version that knew names only
            return standing.moved == self._gone_to
        mark = self._mark or await find_mark(self._target)
        return mark is not None and mark.mark == standing.target

    async def _require_unopened(self) -> None:
        """Refuse a target with a plane.

        Raises:
            Conflict: If there is one; if it is this, and has moved there, says so.
        """
        if await self._target.get(PLANE) is None:
            return
        await self._reader.catch_up()  # another move may have closed the log, and opened this
        mine = await find_plane(self._target) == self.replica.plane
        if mine and self.closed and await self._is_here():
            raise Conflict("the plane has moved there already: start its nodes on it")
        raise Conflict("the target holds a plane already: name an empty store")

    async def _claim(self) -> Mark:
        """Return the target's mark, which is written now if it has none.

        Raises:
            Conflict: If it is the target of something else.
            StoreError: If it does not do it.
        """
        if self._mark is not None:
            return self._mark
        if await self._target.get(MOVING) is None:
            mine = Mark(self.replica.plane, new_id(self._randomness), keep=not self._gone_to)
            with contextlib.suppress(Conflict):  # another move was quicker
                await write(self._target, MOVING, msgspec.json.encode(mine), self._clock)
        await self._target.settle(MOVING)
        found = await find_mark(self._target)
        if found is None or found.plane != self.replica.plane:
            raise Conflict("something else is copied to the target: name an empty store")
        if found.keep and self._gone_to:
            raise Conflict("the target holds a part of a copy that was to be kept: empty it first")
        if not found.keep and not self._gone_to:
            raise Conflict("the target is that of a move which is not done: name another store")
        self._mark = found
        return found


def _closes(key: str, data: bytes) -> bool:
    """Tell whether it is a fence that closes a log, the source's or in a slot that was collected."""
    if not key.startswith(JOURNAL) or b'"kind":"fence"' not in data:
        return False
    try:
        payload = decode(open_entry(data, key), key).payload
    except Damaged:  # which is found when the copy is verified
        return False
    return isinstance(payload, Fence) and bool(payload.moved)
