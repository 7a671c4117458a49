"""The reader: moves a replica to the tail of the log, and knows a tail from a hole.

*Tail* needs three signs: the next entry is absent; no newer snapshot exists (else the entries
between were collected, or one of them is damaged: reload); no later entry exists (else look again; if it stays so, the log has
a gap, which is an alarm, never skipped).
"""

from __future__ import annotations

import asyncio
import enum
import logging
from typing import TYPE_CHECKING

from brookline.errors import Damaged
from brookline.journal import snapshot
from brookline.journal.entry import Entry, decode, open_entry
from brookline.journal.keys import JOURNAL, entry_key, entry_seq, is_entry_key, snapshot_seq

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.stores.store import Store
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.journal")

_AHEAD = 32
"""Entries that a reader which is behind fetches at once."""


class Place(enum.Enum):
    """Where reading on ended."""

    TAIL = "tail"
    """There is no further entry."""

    HOLE = "hole"
    """A later entry exists, but not the next one: perhaps the store is slow to show it."""


class Reader:
    """Reads the log of one store into one replica.

    Args:
        store: Where the log lies.
        replica: What moves on.
        clock: Times how long a hole lasts.
        rules: Protective rules.
        gap_alarm_s: How long a hole may last before it is called a gap.
    """

    def __init__(
        self, store: Store, replica: Replica, *, clock: Clock, rules: Rules, gap_alarm_s: float
    ) -> None:
        self._store = store
        self._replica = replica
        self._clock = clock
        self._rules = rules
        self._gap_alarm_s = gap_alarm_s
        self._hole: tuple[int, float] | None = None
        self._unreadable: set[str] = set()
        self._lock = asyncio.Lock()
        self.on_progress: Callable[[], None] = lambda: None

    @property
    def missing(self) -> str:
        """Key of the entry that is absent while a later one exists, or empty."""
        known = self._hole is not None and self._hole[0] > self._replica.seq
        return entry_key(self._replica.seq + 1) if known else ""

    async def glance(self, expected: int = 0) -> None:
        """Apply what is there, with as few calls as possible; for hints.

        Args:
            expected: Up to which entry, if the hint says so; it may be wrong.

        Raises:
            Damaged: If an entry is; the replica stays before it.
            StoreError: If the store does not answer.
        """
        async with self._lock:
            await self._run(expected)

    async def catch_up(self) -> Place:
        """Apply everything, and make sure that it is everything.

        Raises:
            Damaged: If an entry is, or if a hole has lasted so long that it is a gap.
            StoreError: If the store does not answer.
        """
        async with self._lock:
            while True:
                await self._run()
                newer = await self._newer(self._replica.seq)
                if newer is not None:
                    await self._reload(newer)
                    continue  # also if it was unreadable, which is known now
                place = await self._tail_or_hole()
                if place is not None:
                    return place

    async def examine(self, key: str) -> str:
        """Return what is wrong with the entry under `key`, or empty; the replica stays as it is.

        Raises:
            StoreError: If the store does not answer.
        """
        data = await self._store.get(key)
        if data is None:
            return f"entry {key} is missing"
        try:
            await self._decode(key, data)
        except Damaged as error:
            return error.message
        return ""

    async def load(self) -> None:
        """Begin with the newest snapshot that is whole, if there is any; then `catch_up`."""
        async with self._lock:
            newest = await self._newer(self._replica.seq)
            if newest is not None:
                await self._reload(newest)

    async def _run(self, expected: int = 0) -> None:
        """Apply entries as long as the next one is there, or until `expected` is applied."""
        # One entry in the common case; a reader that is behind fetches more and more at once.
        ahead = min(max(1, expected - self._replica.seq), _AHEAD)
        while await self._advance(ahead):
            if 0 < expected <= self._replica.seq:
                return
            ahead = min(2 * ahead, _AHEAD)

    async def _advance(self, ahead: int) -> bool:
        """Apply the next entries, so many of them at most; tell whether all were there."""
        first = self._replica.seq + 1
        keys = [entry_key(seq) for seq in range(first, first + ahead)]
        if ahead == 1:
            found = [await self._store.get(keys[0])]
        else:
            found = await asyncio.gather(*(self._store.get(key) for key in keys))
        for key, data in zip(keys, found, strict=True):
            entry = None if data is None else await self._whole(key, data)
            if entry is None:
                return False
            # A candidate that slept may have put its fence into a slot that was collected
            # meanwhile. It continues the old log correctly; only a newer snapshot tells.
            if entry.is_fence and await self._newer(entry.seq - 1) is not None:
                return False
            await self._replica.apply(entry)
            self.on_progress()
        return True

    async def _whole(self, key: str, data: bytes) -> Entry | None:
        """Return the entry under `key`; None if a snapshot that contains it must be loaded instead.

        Raises:
            Damaged: If it is, and no snapshot contains it.
        """
        try:
            return await self._decode(key, data)
        except Damaged as error:
            if await self._newer(entry_seq(key) - 1) is None:
                raise
            log.warning("damaged entry", extra={"fields": {"why": error.message}})
            return None

    async def _newer(self, seq: int) -> str | None:
        """Return the newest snapshot above `seq` that is not known to be unreadable."""
        key = await snapshot.find_newest(self._store, seq, self._rules)
        if key is None or key not in self._unreadable:
            return key
        keys = [k for k in await snapshot.list_snapshots(self._store) if k not in self._unreadable]
        return keys[-1] if keys and snapshot_seq(keys[-1]) > seq else None

    async def _decode(self, key: str, data: bytes) -> Entry | None:
        """Return the entry under `key`; None if it was collected while it was being read."""
        opened = open_entry(data, key)
        if opened.header.seq != entry_seq(key):
            raise Damaged(f"entry {key} says that it is entry {opened.header.seq}")
        blob = await self._store.get(opened.header.blob) if opened.header.blob else None
        if opened.header.blob and blob is None and await self._newer(opened.header.seq - 1):
            return None
        return decode(opened, key, blob)

    async def _reload(self, key: str) -> bool:
        """Load a snapshot; if it is gone or damaged, the next older one that still helps."""
        keys = [key, *reversed(await snapshot.list_snapshots(self._store))]
        for candidate in dict.fromkeys(keys):
            if snapshot_seq(candidate) <= self._replica.seq:
                continue
            loaded = await snapshot.read(self._store, candidate, self._clock)
            if loaded is None:
                log.warning("snapshot passed over", extra={"fields": {"key": candidate}})
                self._unreadable.add(candidate)
                continue
            if loaded.plane != self._replica.plane:
                raise Damaged(f"snapshot {candidate} belongs to plane {loaded.plane}")
            await self._replica.load(loaded)
            self.on_progress()
            return True
        return False

    async def _tail_or_hole(self) -> Place | None:
        """Return where the log ends, or None to read on."""
        missing = self._replica.seq + 1
        listed = await self._store.list(JOURNAL, after=entry_key(missing))
        later = [key for key in listed if is_entry_key(key)]
        if not later:
            self._hole = None
            return Place.TAIL
        if await self._store.get(entry_key(missing)) is not None:
            return None
        now = self._clock.monotonic()
        if self._hole is None or self._hole[0] != missing:
            self._hole = (missing, now)
        if now - self._hole[1] >= self._gap_alarm_s:
            raise Damaged(
                f"the log has a gap: entry {entry_key(missing)} is missing, {later[0]} exists;"
                f" it has been so for {now - self._hole[1]:.0f} s"
            )
        return Place.HOLE
