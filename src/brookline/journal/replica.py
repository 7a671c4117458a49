"""A replica: the records and the standing of one prefix of the log, moved on entry by entry."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

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


class Replica:
    """What the log says up to entry `seq`.

    Attributes:
        plane: Id of the plane.
        seq: The last entry applied, 0 at the beginning.
        hash: Its hash.
        epoch: Its epoch.
        standing: Who leads, and what was announced.
        records: All records.
    """

    def __init__(self, plane: str) -> None:
        self.plane = plane
        self.seq = 0
        self.hash = NO_HASH
        self.epoch = 0
        self.standing = Standing()
        self.records = Records()
        self.audience: Audience | None = None
        # Its lock keeps entries out while an audience is built or a large entry prepared.
        self._moved = asyncio.Condition()

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
        """Move on by one entry and show it.

        Raises:
            Damaged: If the entry does not continue the log.
        """
        async with self._moved:
            self.check(entry)
            changes = list(entry.changes())
            changes += standings.history_changes(entry, self.epoch)
            prepared = None
            if self.audience is not None and len(changes) > _LARGE:
                prepared = await self.audience.prepare(changes)
            self.standing = standings.after(self.standing, entry, self.epoch)
            self.records.apply(changes)
            self.seq, self.hash, self.epoch = entry.seq, entry.hash, entry.epoch
            if self.audience is not None and changes:
                self.audience.publish(changes, prepared, entry.seq)
            self._moved.notify_all()

    async def load(self, other: Replica) -> None:
        """Become what `other` is, as after reading a snapshot."""
        async with self._moved:
            self.seq, self.hash, self.epoch = other.seq, other.hash, other.epoch
            self.standing, self.records = other.standing, other.records
            if self.audience is not None:
                await self.audience.reset(self.records, self.seq)
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
