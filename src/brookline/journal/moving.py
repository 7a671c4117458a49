"""Moving: a plane's log goes on in another store, and its old store knows that.

All that is retained is copied, while masters write on if there are any, and the copy is verified: a log with an old
damage stays open. Then the old log is *closed* by a last fence that says where the plane has gone: from it on no
master can append there, whatever it believes, and no node stands there any more. What was appended
until then is copied, all is verified again, and only then the new store gets its key ``plane``. So whatever was acknowledged is in the new store, and never are
there two logs to which anybody could append.

Each step can be taken again: a move that was cut short is finished by the same call.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict, Damaged
from brookline.journal import scan
from brookline.journal.entry import open_entry
from brookline.journal.fencing import Fencer, Lost
from brookline.journal.keys import JOURNAL, NODE, PLANE, entry_key, entry_seq, snapshot_seq
from brookline.journal.planekey import PlaneKey, find_plane
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
        on_progress: Told how many keys were copied.
        randomness: Of the id under which the last fence is written.
    """

    def __init__(
        self,
        source: Store,
        target: Store,
        clock: Clock,
        *,
        on_progress: Callable[[int], None] = lambda _: None,
        randomness: Randomness = SYSTEM_RANDOM,
    ) -> None:
        self._source = source
        self._target = target
        self._clock = clock
        self._on_progress = on_progress
        self._randomness = randomness
        self._copied: set[str] = set()
        self.replica = Replica("")

    @property
    def copied(self) -> int:
        """How many keys were copied, or found to be there."""
        return len(self._copied)

    async def end(self) -> int:
        """Return the last entry of the copy."""
        return (await scan.retained(self._target)).last_seq

    async def look(self) -> str:
        """Read the source's log to its end; return where its plane has gone, or nothing.

        Raises:
            Damaged: If the log is.
            Conflict: If there is no plane, or the target has one that is not this.
            StoreError: If a store does not answer.
        """
        plane = await find_plane(self._source)
        if plane is None:
            raise Conflict("there is no plane in the store that is to be copied")
        self.replica.plane = plane
        reader = self._reader()
        await reader.load()
        await reader.catch_up()
        moved = self.replica.standing.moved
        if await self._target.get(PLANE) is not None:
            if moved and await find_plane(self._target) == plane:
                raise Conflict("the plane has moved there already: start its nodes on it")
            raise Conflict("the target holds a plane already: name an empty store")
        return moved

    async def copy(self) -> int:
        """Copy what is retained and not copied yet; return how many keys that were.

        Raises:
            Conflict: If the target holds something else under one of these keys.
            StoreError: If a store does not do it.
        """
        before = len(self._copied)
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
        if data is not None and not self._closes(key, data):
            await write(self._target, key, data, self._clock)
            self._copied.add(key)

    async def close(self, gone_to: str) -> None:
        """Write the last fence of the source's log.

        Args:
            gone_to: URL of the target, as people and nodes may see it.

        Raises:
            Conflict: If it could not be written, for others fence there, too; it may be tried again.
            StoreError: If the store does not answer.
        """

        def draft() -> Fence:
            return Fence(
                name="store copy",
                reason=REASON,
                replaces=self.replica.standing.owner,
                evidence=f"the plane goes on in {gone_to}",
                unsettled=True,
                moved=gone_to,
            )

        fencer = Fencer(
            self._source,
            self._reader(),
            self.replica,
            node=new_id(self._randomness),
            clock=self._clock,
            randomness=self._randomness,
            rules=ALL_RULES,
        )
        outcome = await fencer.fence(draft, lambda: not self.replica.standing.moved)
        if isinstance(outcome, Lost) and not self.replica.standing.moved:
            raise Conflict(f"the old log could not be closed: {outcome.reason}; try again")

    async def check(self) -> None:
        """Make sure that the target's log is whole, and is all that was copied of the source's.

        Before `close`, too: afterwards nobody could mend what is found.

        Raises:
            Damaged: If it is not.
        """
        there = await scan.retained(self._target)
        begins = max([0, *map(snapshot_seq, there.snapshots[:1])])
        verdict = await verify(self._target, self._clock, may_lack=begins, plane=self.replica.plane)
        if verdict.faults:
            raise Damaged(f"the copy is not sound: {verdict.faults[0].what}")
        missing = self._copied - set(there.all)
        if missing:
            raise Damaged(f"the copy is not whole: {min(missing)} is not there")
        closed = self.replica.standing.moved
        if closed and there.last_seq != self.replica.standing.fence - 1:
            raise Damaged(
                f"the copy ends at entry {there.last_seq}, the log at"
                f" {self.replica.standing.fence - 1}"
            )

    async def check_patiently(self) -> None:
        """Check the copy, and copy again while it is not sound: masters write on, and lists lag.

        A snapshot may be in the copy before the entries that it follows.

        Raises:
            Damaged: If the copy is not sound, whatever more is copied.
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

        Heartbeats are copied, too: so the first node there need not wait for those that have ended.
        """
        for key in await self._source.list(NODE):
            data = await self._source.get(key)
            if data:
                await self._target.put(key, data)
        mark = msgspec.json.encode(PlaneKey(FORMAT, self.replica.plane))
        await write(self._target, PLANE, mark, self._clock)

    def _closes(self, key: str, data: bytes) -> bool:
        """Tell whether it is the fence that closes the source's log; it stays there."""
        standing = self.replica.standing
        if not standing.moved or not key.startswith(JOURNAL):
            return False
        if entry_seq(key) > standing.fence:
            raise Damaged(f"entry {key} follows the last one, {entry_key(standing.fence)}")
        return open_entry(data, key).header.seq == standing.fence

    def _reader(self) -> Reader:
        return Reader(
            self._source,
            self.replica,
            clock=self._clock,
            rules=ALL_RULES,
            gap_alarm_s=_GAP_ALARM_S,
        )
