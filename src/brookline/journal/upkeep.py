"""Upkeep: the master takes snapshots when they are due, and collects what nobody needs.

Collection is announced in the log first and done after a grace, counted on the collector's own
boot clock since it saw the announcement. Deletes are not fenced: they may come late, from a master
that slept. So only that is ever deleted which can never come back to life: entries other than
fences below the last-but-one snapshot, old snapshots, and blobs that no retained entry refers to.
"""

from __future__ import annotations

import collections
import dataclasses
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, Damaged
from brookline.journal import snapshot
from brookline.journal.entry import open_entry
from brookline.journal.keys import (
    BLOB,
    JOURNAL,
    entry_key,
    entry_seq,
    is_entry_key,
    snapshot_seq,
)
from brookline.stores.store import Undecided
from brookline.wire.entries import Collect, SnapshotTaken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from brookline.journal.queue import Committed
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.journal.standing import Taken
    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.wire.entries import Payload

log = logging.getLogger("brookline.journal")

_KEPT = 3
"""Snapshots that are always kept."""

_HOUR_MS = 3_600_000


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class UpkeepSettings:
    """When a snapshot is due, and how long things are kept; see `plane.settings`."""

    entries: int
    bytes: int
    age_s: float
    grace_s: float


class Upkeep:
    """Snapshots and collection of one mastership.

    Args:
        store: Where the log lies.
        replica: The master's.
        append: Writes an entry of its own, as the writer's `append`.
        clock: For ages and for the grace.
        settings: When and how long.
        rules: Protective rules.
    """

    def __init__(
        self,
        store: Store,
        replica: Replica,
        append: Callable[[Payload], Awaitable[Committed]],
        *,
        clock: Clock,
        settings: UpkeepSettings,
        rules: Rules,
    ) -> None:
        self._store = store
        self._replica = replica
        self._append = append
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._last_snapshot = clock.monotonic()
        self._wanted = 0
        self._noticed: Collect | None = None
        self._pending: collections.deque[tuple[Collect, float]] = collections.deque()

    def want_snapshot(self, seq: int) -> None:
        """Have the next looks take a snapshot until one that is announced contains entry `seq`."""
        self._wanted = max(self._wanted, seq)

    async def settle(self) -> None:
        """Take the snapshot that is wanted and not announced yet, if there is one.

        Raises:
            BrooklineError: If it cannot be announced.
        """
        if self._lacks_wanted():
            await self._take_snapshot()

    async def run(self, period_s: float) -> None:
        """Look after the log every `period_s` seconds until cancelled."""
        while True:
            await self._clock.sleep(period_s)
            try:
                await self.look()
            except BrooklineError as error:
                log.warning("upkeep put off", extra={"fields": {"why": error.message}})

    async def look(self) -> None:
        """Do what is due: a snapshot, an announcement, or deletions."""
        if self._snapshot_is_due():
            await self._take_snapshot()
            await self._announce()
        await self._collect()

    def _snapshot_is_due(self) -> bool:
        standing, settings = self._replica.standing, self._settings
        last = standing.snapshots[-1] if standing.snapshots else None
        if self._lacks_wanted():
            return True
        since = self._replica.seq - (last.seq if last else 0)
        if since <= 1:
            return False
        if standing.snapshot_log > max(settings.bytes, last.size if last else 0):
            return True
        old = self._clock.monotonic() - self._last_snapshot > settings.age_s
        return since >= settings.entries and old

    def _lacks_wanted(self) -> bool:
        taken = self._replica.standing.snapshots
        return self._wanted > (taken[-1].seq if taken else 0)

    async def _take_snapshot(self) -> None:
        key, data = await snapshot.encode(self._replica, self._clock)
        while isinstance(outcome := await self._store.create(key, data), Undecided):
            log.warning("snapshot not written yet", extra={"fields": {"why": outcome.reason}})
            await self._clock.sleep(1.0)
        if not self._rules.immutable_snapshots:
            await self._store.put(snapshot.POINTER, key.encode())
        self._last_snapshot = self._clock.monotonic()
        seq = snapshot_seq(key)
        await self._append(SnapshotTaken(key, seq, len(data)))
        log.info("snapshot taken", extra={"fields": {"seq": seq, "bytes": len(data)}})

    async def _announce(self) -> None:
        """Say in the log what will be deleted, if there is anything."""
        standing = self._replica.standing
        if len(standing.snapshots) < 2:
            return
        through = standing.snapshots[-2].seq
        old = old_snapshots(standing.snapshots, self._clock.wall_ms(), self._settings.grace_s)
        snapshots = (*old, *await self._stray_snapshots(through))
        blobs = await self._dead_blobs(through)
        if through > standing.collected or snapshots or blobs:
            await self._append(Collect(through, blobs, snapshots))

    async def _stray_snapshots(self, through: int) -> tuple[str, ...]:
        """Return old snapshots that the log does not know, or whose collector died before it came.

        A snapshot is taken before it is announced, and its master may have ended in between.
        """
        known = {taken.key for taken in self._replica.standing.snapshots}
        pending = {key for collect, _ in self._pending for key in collect.snapshots}
        return tuple(
            key
            for key in await snapshot.list_snapshots(self._store)
            if key not in known and key not in pending and snapshot_seq(key) <= through
        )

    async def _dead_blobs(self, through: int) -> tuple[str, ...]:
        refers = self._replica.standing.blobs
        mine = f"{BLOB}{self._replica.epoch:010d}-"

        def dead(key: str) -> bool:
            # A blob of this epoch without a reference may belong to an entry on its way.
            return refers[key] <= through if key in refers else not key.startswith(mine)

        return tuple(key for key in await self._store.list(BLOB) if dead(key))

    async def _collect(self) -> None:
        """Delete what was announced long enough ago."""
        self._notice(self._replica.standing.collect)
        while self._pending:
            collect, seen = self._pending[0]
            if self._clock.boottime() - seen < self._settings.grace_s:
                return
            # Entries first: one that could be read without its blob would look damaged.
            await self._delete_entries(collect.through)
            for key in (*collect.blobs, *collect.snapshots):
                await self._store.delete(key)
            self._pending.popleft()

    def _notice(self, collect: Collect | None) -> None:
        """Begin the grace of an announcement; a new master begins it anew."""
        if collect is not None and collect != self._noticed:
            self._noticed = collect
            self._pending.append((collect, self._clock.boottime()))

    async def _delete_entries(self, through: int) -> None:
        # The first entry is a fence; begin behind it.
        after = entry_key(0)
        for key in filter(is_entry_key, await self._store.list(JOURNAL, after=after)):
            if entry_seq(key) > through:
                return
            if not (self._rules.keep_fences and await self._is_fence(key)):
                await self._store.delete(key)

    async def _is_fence(self, key: str) -> bool:
        data = await self._store.get(key)
        if data is None:
            return False
        try:
            return b'"kind":"fence"' in open_entry(data, key).payload[:16]
        except Damaged:
            return True


def old_snapshots(snapshots: Sequence[Taken], now_ms: int, grace_s: float) -> tuple[str, ...]:
    """Return the keys of snapshots to drop: all but the newest three, and one an hour of the grace.

    Args:
        snapshots: Oldest first.
        now_ms: The wall clock; only how many are kept depends on it.
        grace_s: How far back one an hour is kept.
    """
    drop: list[str] = []
    hours: set[int] = set()
    for taken in snapshots[:-_KEPT]:
        hour = taken.wall_ms // _HOUR_MS
        recent = now_ms - taken.wall_ms < grace_s * 1000
        if recent and hour not in hours:
            hours.add(hour)
        else:
            drop.append(taken.key)
    return tuple(drop)
