"""Points: as of which entries the records can be had again, from what is retained of a journal."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import Damaged, NotFound
from brookline.journal import scan, snapshot
from brookline.journal.entry import decode, open_entry
from brookline.journal.keys import entry_key, entry_seq, snapshot_seq
from brookline.journal.replica import Replica
from brookline.wire.entries import Collect, SnapshotTaken

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brookline.journal.scan import Retained, Source
    from brookline.values.clock import Clock


_ANNOUNCES = b'{"kind":"snapshot"'
_COLLECTS = b'{"kind":"collect"'


class Span(NamedTuple):
    """Entries without a gap, each of which is a point; both ends are among them."""

    first: int
    last: int

    def __str__(self) -> str:
        """Return ``12`` or ``12-40``."""
        return f"{self.first}" if self.first == self.last else f"{self.first}-{self.last}"


class Point(NamedTuple):
    """A point in time.

    Attributes:
        seq: The last entry that it contains.
        wall_ms: When that was written, by its writer's wall clock; 0 if that is not known.
    """

    seq: int
    wall_ms: int


def spans(kept: Retained) -> list[Span]:
    """Return which points there are, oldest first; decided on the keys alone."""
    entries = set(map(entry_seq, kept.entries))
    # The first fence is never collected; what it says alone is of no use.
    begins = 1 in entries and (2 in entries or not kept.snapshots)
    bases = sorted({*map(snapshot_seq, kept.snapshots), *([0] if begins else [])})
    found: list[Span] = []
    for base in bases:
        if found and base <= found[-1].last:
            continue
        last = base
        while last + 1 in entries:
            last += 1
        first = max(base, 1)
        if found and found[-1].last + 1 >= first:
            found[-1] = Span(found[-1].first, last)
        else:
            found.append(Span(first, last))
    return found


async def point_at(
    store: Source, kept: Retained, wall_ms: int, clock: Clock, *, made_ms: int = 0
) -> Point:
    """Return the last point whose entry was written at a moment or before.

    Args:
        store: Where it is looked up.
        kept: What is retained there.
        wall_ms: The moment.
        clock: To let others run.
        made_ms: When all of it was copied from its store, if it was.

    Raises:
        NotFound: If there is none so old.
    """
    found = await dated(store, kept, clock, made_ms=made_ms)
    before = [point for point in found if point.wall_ms <= wall_ms]
    if not before:
        oldest = f": the oldest is entry {found[0].seq}" if found else ""
        raise NotFound(f"nothing so old is retained that it could be restored{oldest}")
    return max(before)


async def dated(store: Source, kept: Retained, clock: Clock, *, made_ms: int = 0) -> list[Point]:
    """Return all points whose time is known, in order.

    The time of a snapshot whose last entry was collected is that of its announcement; of the newest
    point it is at worst `made_ms`, for nothing is written after a copy was made. An entry that cannot be
    opened ends the points before it, up to the next snapshot.
    """
    times: dict[int, int] = {}
    unread: set[int] = set()
    known = await _announced(store, kept, clock)
    async for key, data in scan.fetched(store, kept.entries):
        if data is None:
            continue
        try:
            seq, times[seq] = _dates(key, data, known)
        except Damaged:
            unread.add(entry_seq(key))
    known |= times
    covered = spans(kept)
    if covered and made_ms:
        known.setdefault(covered[-1].last, made_ms)
    reached = _reached(covered, unread, set(map(snapshot_seq, kept.snapshots)))
    return [Point(seq, known[seq]) for seq in reached if seq in known]


def _dates(key: str, data: bytes, announced: dict[int, int]) -> tuple[int, int]:
    """Return the number of an entry and its time, which is also that of a snapshot that it announces."""
    opened = open_entry(data, key)
    if opened.payload.startswith(_ANNOUNCES):
        payload = decode(opened, key).payload
        if isinstance(payload, SnapshotTaken):
            announced[payload.seq] = opened.header.wall_ms
    return opened.header.seq, opened.header.wall_ms


def _reached(covered: Sequence[Span], unread: set[int], snapshots: set[int]) -> Iterator[int]:
    for span in covered:
        reaches = True
        for seq in range(span.first, span.last + 1):
            reaches = seq in snapshots or (reaches and seq not in unread)
            if reaches:
                yield seq


async def _announced(store: Source, kept: Retained, clock: Clock) -> dict[int, int]:
    """Return when older snapshots were announced, as the newest one says that can be read."""
    for key in reversed(kept.snapshots):
        loaded = await snapshot.read(store, key, clock)
        if loaded is not None:
            return {taken.seq: taken.wall_ms for taken in loaded.standing.snapshots}
    return {}


async def collected(store: Source, kept: Retained, clock: Clock) -> int:
    """Return up to which entry the log has announced that entries go, as far as it can be read."""
    through, begin = 0, 0
    for key in reversed(kept.snapshots):
        loaded = await snapshot.read(store, key, clock)
        if loaded is not None:
            through, begin = loaded.standing.collected, loaded.seq
            break
    later = [key for key in kept.entries if entry_seq(key) > begin]
    async for key, data in scan.fetched(store, later):
        with contextlib.suppress(Damaged):
            opened = open_entry(data or b"", key)
            payload = decode(opened, key).payload if opened.payload.startswith(_COLLECTS) else None
            if isinstance(payload, Collect):
                through = max(through, payload.through)
    return through


async def rebuild(store: Source, kept: Retained, seq: int, clock: Clock) -> Replica:
    """Return what the log said at an entry.

    Raises:
        NotFound: If that is not retained; it says what is.
        Damaged: If something on the way to it is.
    """
    replica, trouble = await rebuild_towards(store, kept, seq, clock)
    if trouble is not None:
        raise trouble
    return replica


async def rebuild_towards(
    store: Source, kept: Retained, seq: int, clock: Clock
) -> tuple[Replica, Damaged | None]:
    """Return what the log said at an entry, or at the last sound one on the way, and what ended that.

    Raises:
        NotFound: If the entry is not retained; it says what is.
        Damaged: If not even what the way to it begins with is sound.
    """
    if not any(span.first <= seq <= span.last for span in spans(kept)):
        raise NotFound(f"entry {seq} cannot be restored: {_told(spans(kept))}")
    replica, trouble = await _base(store, kept, seq, clock)
    keys = [entry_key(one) for one in range(replica.seq + 1, seq + 1)]
    async for key, data in scan.fetched(store, keys):
        if data is None:
            return replica, Damaged(trouble or f"entry {key} is missing")
        try:
            await replica.apply(await scan.opened(store, key, data))
        except Damaged as error:
            return replica, error
    return replica, None


async def _base(store: Source, kept: Retained, seq: int, clock: Clock) -> tuple[Replica, str]:
    """Return what the way to an entry begins with, and which damaged snapshot was passed over."""
    trouble = ""
    for key in reversed(kept.snapshots):
        if snapshot_seq(key) <= seq:
            base = await snapshot.read(store, key, clock)
            if base is not None:
                return base, trouble
            trouble = trouble or f"snapshot {key} is damaged"
    first = await store.get(entry_key(1))
    if first is None:
        raise Damaged(trouble or f"entry {entry_key(1)} is missing")
    return Replica(open_entry(first, entry_key(1)).header.plane), trouble


async def highest_epoch(store: Source, kept: Retained, after_seq: int) -> int:
    """Return the highest epoch that can be read of entries behind one, whatever is damaged there."""
    epoch = 0
    keys = [key for key in kept.entries if entry_seq(key) > after_seq]
    async for key, data in scan.fetched(store, keys):
        with contextlib.suppress(Damaged):
            epoch = max(epoch, open_entry(data, key).header.epoch if data is not None else 0)
    return epoch


def _told(found: Sequence[Span]) -> str:
    if not found:
        return "nothing is retained"
    return f"what is retained reaches to {', '.join(map(str, found))}"
