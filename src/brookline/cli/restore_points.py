"""What a restore is made from: its source, the point that is meant, and the newest one that can be read."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from brookline.cli.backup_work import CLOCK
from brookline.cli.stores import opened_plane
from brookline.errors import Damaged, NotFound
from brookline.journal import points, scan
from brookline.journal.backups import Backup
from brookline.journal.entry import open_entry
from brookline.journal.keys import entry_key
from brookline.stores.registry import scheme_of
from brookline.stores.urls import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from brookline.cli.restore_work import Wish
    from brookline.journal.replica import Replica
    from brookline.journal.scan import Retained, Source


class Origin(NamedTuple):
    """What is restored from.

    Attributes:
        source: It.
        url: Where its plane's store is, or was.
        made_ms: When it was copied from that, 0 if it is that.
        last: The last entry that it is said to have, 0 if nothing says that.
        epoch: Of that entry.
        lacks: What is to be told if something was taken out of it, else empty.
    """

    source: Source
    url: str
    made_ms: int = 0
    last: int = 0
    epoch: int = 0
    lacks: str = ""

    def newest(self, kept: Retained) -> int:
        """Return the newest entry that is there, or was."""
        return max(kept.last_seq, self.last)


@contextlib.asynccontextmanager
async def opened_source(text: str) -> AsyncIterator[Origin]:
    """Open what is restored from."""
    if scheme_of(text) == "directory" and Path(text).is_file():
        with contextlib.closing(Backup.open(Path(text), in_part=True)) as backup:
            made = backup.manifest
            yield Origin(
                backup, made.source, made.created_utc, made.sequence, made.epoch, backup.lacks
            )
        return
    if scheme_of(text) == "directory" and not Path(text).exists():
        raise NotFound(f"there is no file and no folder {text}")
    async with opened_plane(text) as store:
        yield Origin(store, text)


async def chosen(
    origin: Origin, kept: Retained, wish: Wish, tell: Callable[[str], None]
) -> Replica:
    """Return the point that was asked for; of a moment, the last sound one by then.

    Raises:
        NotFound: If there is none.
        Damaged: If it cannot be had; says which can, if it is the newest.
    """
    source, covered = origin.source, points.spans(kept)
    if not covered:
        raise NotFound(f"{shown(wish.source)} holds no entry and no snapshot to begin with")
    if origin.lacks:
        tell(f"note: {origin.lacks}")
    if wish.seq is not None:
        return await points.rebuild(source, kept, wish.seq, CLOCK)
    seq = covered[-1].last
    if wish.at_ms is not None:
        made_ms = origin.made_ms
        seq = (await points.point_at(source, kept, wish.at_ms, CLOCK, made_ms=made_ms)).seq
    found, trouble = await points.rebuild_towards(source, kept, seq, CLOCK)
    if trouble is not None and not any(one.first <= found.seq <= one.last for one in covered):
        raise trouble
    trouble = trouble or await _damage(origin, kept, found.seq)
    if wish.at_ms is not None:
        if trouble is not None:
            tell(f"note: {trouble.message}: entry {found.seq} is the last point before that")
    elif trouble is not None:
        raise Damaged(f"{trouble.message}; entry {found.seq} can be restored: --seq {found.seq}")
    return found


async def _damage(origin: Origin, kept: Retained, seq: int) -> Damaged | None:
    """Return what is wrong with the entry that follows one, if one does that was not collected."""
    source, key = origin.source, entry_key(seq + 1)
    try:
        data = await source.get(key)
        if data is not None:
            await scan.opened(source, key, data)
    except Damaged as error:
        return error
    if data is not None or seq >= origin.newest(kept):
        return None
    if seq < await points.collected(source, kept, CLOCK):
        return None
    return Damaged(f"entry {key} is missing")


class Latest(NamedTuple):
    """The newest state that can be read.

    Attributes:
        newest: The newest entry that is there.
        replica: As of the last sound one.
        epoch: The highest that anything says.
        unread: Why the last sound one is not the newest, or empty.
    """

    newest: int
    replica: Replica
    epoch: int
    unread: str


async def find_latest(origin: Origin, kept: Retained, point: Replica) -> Latest:
    """Return the newest state that can be read; at worst that is the point itself."""
    source, newest = origin.source, origin.newest(kept)
    if newest == point.seq:
        return Latest(newest, point, point.epoch, "")
    trouble: Damaged | None
    try:
        last = points.spans(kept)[-1].last
        found, trouble = await points.rebuild_towards(source, kept, last, CLOCK)
        trouble = trouble or await _damage(origin, kept, last)
    except Damaged as error:
        found, trouble = point, error
    if trouble is None:
        return Latest(newest, found, found.epoch, "")
    found = found if found.seq > point.seq else point
    epoch = max(found.epoch, await points.highest_epoch(source, kept, found.seq), origin.epoch)
    return Latest(newest, found, epoch, trouble.message)


async def written_ms(origin: Origin, seq: int, newest: int) -> int:
    """Return when an entry was written, 0 if that is not known.

    A snapshot may stand for it. Of the newest it is known that it was before all was copied.
    """
    with contextlib.suppress(Damaged):
        data = await origin.source.get(entry_key(seq))
        if data is not None:
            return open_entry(data, entry_key(seq)).header.wall_ms
    return origin.made_ms if seq == newest else 0
