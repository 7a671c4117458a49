"""Scans: the retained part of a journal, read as it lies there, also where it is damaged.

A `Reader` moves a replica to the tail, and halts where something is wrong. Whoever shows, verifies,
copies or restores a journal has to look at all of it, whatever is in between.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Protocol

from brookline.errors import Damaged
from brookline.journal.entry import decode, open_entry
from brookline.journal.keys import (
    BLOB,
    JOURNAL,
    SNAPSHOT,
    entry_key,
    entry_seq,
    is_entry_key,
    is_snapshot_key,
    snapshot_seq,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from brookline.journal.entry import Entry

AHEAD = 32
"""Keys that are fetched at once."""


class Source(Protocol):
    """What can be read: a store, or a backup of one."""

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        ...

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in order."""
        ...


@dataclasses.dataclass(frozen=True, slots=True)
class Retained:
    """The keys of a journal, each kind in order.

    Attributes:
        entries: Of entries.
        snapshots: Of snapshots.
        blobs: Of blobs.
        strange: Others below the same folders.
    """

    entries: Sequence[str]
    snapshots: Sequence[str]
    blobs: Sequence[str]
    strange: Sequence[str] = ()

    @property
    def all(self) -> list[str]:
        """All of a journal's own keys: what entries refer to comes before them."""
        return [*self.snapshots, *self.blobs, *self.entries]

    @property
    def last_seq(self) -> int:
        """The last entry, or the last one that a snapshot contains; 0 if there is nothing."""
        return max([0, *map(entry_seq, self.entries[-1:]), *map(snapshot_seq, self.snapshots[-1:])])


async def retained(store: Source) -> Retained:
    """Return the keys of what a store holds of a journal.

    Blobs are listed last: an entry that is listed has its blob listed too. The entries that a listed
    snapshot contains are listed, or were collected: not only those that were there before it.
    """
    journal, snapshots = await store.list(JOURNAL), await store.list(SNAPSHOT)
    entries = [key for key in journal if is_entry_key(key)]
    known = [key for key in snapshots if is_snapshot_key(key)]
    if entries and known and snapshot_seq(known[-1]) > entry_seq(entries[-1]):
        journal = await store.list(JOURNAL)  # it was taken meanwhile
        entries = [key for key in journal if is_entry_key(key)]
    strange = [key for key in journal if not is_entry_key(key)]
    strange += [key for key in snapshots if not is_snapshot_key(key)]
    return Retained(entries, known, await store.list(BLOB), strange)


async def fetched(store: Source, keys: Sequence[str]) -> AsyncIterator[tuple[str, bytes | None]]:
    """Yield keys with their bytes, None for one that is gone; some are fetched at once.

    Of what a damaged backup does not give back nothing is yielded, which is no entry.
    """
    for start in range(0, len(keys), AHEAD):
        some = keys[start : start + AHEAD]
        found = await asyncio.gather(*(_bytes(store, key) for key in some))
        for pair in zip(some, found, strict=True):
            yield pair


async def _bytes(store: Source, key: str) -> bytes | None:
    try:
        return await store.get(key)
    except Damaged:
        return b""


async def opened(store: Source, key: str, data: bytes) -> Entry:
    """Return the entry of these bytes, with its payload from a blob if it lies in one.

    Raises:
        Damaged: If it is not what was written.
    """
    found = open_entry(data, key)
    if found.header.seq != entry_seq(key):
        raise Damaged(f"entry {key} says that it is entry {found.header.seq}")
    blob = await store.get(found.header.blob) if found.header.blob else None
    return decode(found, key, blob)


async def require_unbroken(
    store: Source, keys: Iterable[str], first: int, last: int, *, collected: int
) -> None:
    """Make sure that of some entries none is missing but what the log announced for collection.

    Args:
        store: Where they are.
        keys: Those that are listed; a list may be behind, so what it lacks is asked for.
        first: The first that there must be.
        last: The last.
        collected: Entries up to this one were announced.

    Raises:
        Damaged: If one is missing; it names all that are missing there.
        StoreError: If the store does not answer.
    """
    expected = max(first, collected + 1)
    for seq in (*(entry_seq(key) for key in keys), last + 1):
        while expected < min(seq, last + 1):
            if await store.get(entry_key(expected)) is None:
                raise Damaged(missing(expected, min(seq, last + 1) - 1))
            expected += 1
        expected = max(expected, seq + 1)


def missing(first: int, last: int) -> str:
    """Say that entries are missing that should be there."""
    if first == last:
        return f"entry {entry_key(first)} is missing, and was not collected"
    return f"entries {first} to {last} are missing, and were not collected"
