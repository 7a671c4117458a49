"""Notes: sensor readings, coalesced into one commit a period (durability class B)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import BrooklineError
from brookline.journal.queue import Decision
from brookline.journal.records import changed
from brookline.wire.changes import Merge, Put

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.queue import Committed
    from brookline.journal.records import View
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change

    Commit = Callable[[Callable[[View], Decision]], Awaitable[Committed]]


class Notes:
    """Collects changes that nobody waits for. `kill -9` loses at most one period of them.

    Args:
        commit: Writes them, as the writer's `commit`.
        clock: Times the period.
        period_s: Seconds between commits, AMP's `persistPeriod`.
    """

    def __init__(self, commit: Commit, clock: Clock, period_s: float) -> None:
        self._commit = commit
        self._clock = clock
        self._period_s = period_s
        self._changes: dict[tuple[str, str], Change] = {}

    def add(self, change: Change) -> None:
        """Have a change written with the next batch; a later one of the same record joins it."""
        place = (change.kind, change.id)
        before = self._changes.get(place)
        self._changes[place] = change if before is None else joined(before, change)

    async def run(self) -> None:
        """Write what was added, once a period, until cancelled."""
        while True:
            await self._clock.sleep(self._period_s)
            await self.flush()

    async def flush(self) -> None:
        """Write what was added until now. What cannot be written is lost: it is class B."""
        changes, self._changes = self._changes, {}
        if not changes:
            return

        def decide(view: View) -> Decision:
            # A reading of something that was deleted meanwhile must not bring it back.
            return Decision([c for c in changes.values() if _still_wanted(c, view)])

        try:
            await self._commit(decide)
        except BrooklineError:
            return


def _still_wanted(change: Change, view: View) -> bool:
    return not isinstance(change, Merge) or view.get(change.kind, change.id) is not None


def joined(before: Change, after: Change) -> Change:
    """Return the one change that does what `before` and then `after` do."""
    if not isinstance(after, Merge):
        return after
    if not isinstance(before, Merge):
        value = changed(before.value if isinstance(before, Put) else None, after)
        return Put(after.kind, after.id, value or {})
    kept = {field: value for field, value in before.set.items() if field not in before.unset}
    unset = dict.fromkeys([*(f for f in before.unset if f not in after.set), *after.unset])
    return Merge(after.kind, after.id, {**kept, **after.set}, tuple(unset))
