"""A replica: the records and the standing of one prefix of the log, moved on entry by entry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from brookline.errors import Damaged
from brookline.journal import standing as standings
from brookline.journal.entry import NO_HASH, Entry
from brookline.journal.keys import entry_key
from brookline.journal.records import Records
from brookline.journal.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.wire.changes import Change

_LARGE = 200
"""An entry with more changes is prepared in slices before it is published."""


class Audience(Protocol):
    """Whoever shows the records: the live model of a hot node."""

    async def prepare(self, changes: Sequence[Change]) -> Any:
        """Build what a large entry needs, in slices, while nothing of it is visible yet."""
        ...

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        """Show what was just applied; `prepared` is None for small entries."""
        ...

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records instead of all that was shown before."""
        ...


class Prefix(NamedTuple):
    """Which prefix of the log a replica has.

    Attributes:
        seq: The last entry applied, 0 at the beginning.
        hash: Its hash.
        epoch: Its epoch.
        standing: Who leads, and what was announced.
    """

    seq: int = 0
    hash: str = NO_HASH
    epoch: int = 0
    standing: Standing = Standing()


class Replica:
    """What the log says up to entry `seq`.

    Attributes:
        plane: Id of the plane.
        at: The prefix; exchanged as a whole, because the heart's thread reads it, too.
        records: All records.
    """

    def __init__(self, plane: str, at: Prefix | None = None) -> None:
        self.plane = plane
        self.at = at or Prefix()
        self.records = Records()
        self.audience: Audience | None = None
        # Its lock keeps entries out while an audience is built or a large entry prepared.
        self._moved = asyncio.Condition()

    @property
    def seq(self) -> int:
        """The last entry applied, 0 at the beginning."""
        return self.at.seq

    @property
    def hash(self) -> str:
        """Hash of the last entry."""
        return self.at.hash

    @property
    def epoch(self) -> int:
        """Epoch of the last entry."""
        return self.at.epoch

    @property
    def standing(self) -> Standing:
        """Who leads, and what was announced."""
        return self.at.standing

    def check(self, entry: Entry) -> None:
        """Make sure that `entry` continues this prefix.

        Raises:
            Damaged: If it does not; the message says what does not fit.
        """
        header, key = entry.header, entry_key(entry.seq)
        if header.plane != self.plane:
            raise Damaged(f"entry {key} belongs to plane {header.plane}, not to {self.plane}")
        if header.seq != self.seq + 1:
            raise Damaged(f"entry {key} was found where entry {self.seq + 1} must be")
        if header.prev != self.hash:
            raise Damaged(
                f"entry {key} does not continue the log: it follows an entry with hash"
                f" {header.prev[:12] or 'none'}, but entry {self.seq} has {self.hash[:12] or 'none'}"
            )
        fits = header.epoch > self.epoch if entry.is_fence else header.epoch == self.epoch
        if not fits:
            raise Damaged(f"entry {key} has epoch {header.epoch} after epoch {self.epoch}")

    async def apply(self, entry: Entry) -> None:
        """Move on by one entry and show it; one that was applied already changes nothing.

        A reader and the writer of the same node may come with the same entry.

        Raises:
            Damaged: If the entry does not continue the log.
        """
        async with self._moved:
            if self._has(entry):
                return
            self.check(entry)
            changes = list(entry.changes())
            changes += standings.history_changes(entry, self.epoch)
            prepared = None
            if self.audience is not None and len(changes) > _LARGE:
                prepared = await self.audience.prepare(changes)
            standing = standings.after(self.standing, entry, self.epoch)
            self.records.apply(changes)
            self.at = Prefix(entry.seq, entry.hash, entry.epoch, standing)
            if self.audience is not None and changes:
                self.audience.publish(changes, prepared, entry.seq)
            self._moved.notify_all()

    async def load(self, other: Replica) -> None:
        """Become what `other` is, as after reading a snapshot, unless this is further on."""
        async with self._moved:
            if other.seq <= self.seq:
                return
            if self.audience is not None:
                await self.audience.reset(other.records, other.seq)
            self.at, self.records = other.at, other.records
            self._moved.notify_all()

    async def attend(self, audience: Audience | None) -> None:
        """Show everything to `audience` from now on, or to nobody."""
        async with self._moved:
            self.audience = None
            if audience is not None:
                await audience.reset(self.records, self.seq)
            self.audience = audience

    async def reached(self, seq: int) -> None:
        """Wait until entry `seq` is applied."""
        async with self._moved:
            await self._moved.wait_for(lambda: self.seq >= seq)

    def _has(self, entry: Entry) -> bool:
        """Tell whether an entry is part of this prefix.

        Raises:
            Damaged: If the last slot held another entry before.
        """
        if entry.seq == self.seq and entry.hash != self.hash:
            raise Damaged(f"entry {entry_key(entry.seq)} is not what it was before")
        return entry.seq <= self.seq
