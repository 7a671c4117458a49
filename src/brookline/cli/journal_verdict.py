"""The verdict on a journal: how it is found, and what is told of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from brookline.cli.stores import opened, require_plane, require_there
from brookline.errors import Damaged
from brookline.journal.verifying import verify
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.journal.verifying import Verdict

_TELL_S = 5.0


async def verified(url: str, tell: Callable[[str], None]) -> Verdict:
    """Verify the journal in a store; tell how far it is, if it takes long.

    Raises:
        NotFound: If there is no plane.
        StoreError: If the store does not answer.
    """
    await require_there(url)
    async with opened(url) as store:
        with contextlib.suppress(Damaged):  # it is one of the faults, then
            await require_plane(store, url)
        return await verify(store, SystemClock(), on_progress=_Patience(tell))


class _Patience:
    """Says now and then how far it is; nothing of what is quick."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._told = SystemClock().monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = SystemClock().monotonic()
        if now - self._told >= _TELL_S:
            self._told = now
            self._tell(f"{done} of {total} entries read")


def verdict_lines(where: str, verdict: Verdict) -> Iterator[str]:
    """Yield what was found, and the way on where something is wrong."""
    seen = f"{verdict.entries} entries"
    if verdict.entries:
        seen += f" ({verdict.first} to {verdict.last}, {verdict.epochs} fences)"
    yield f"{where}: plane {verdict.plane or '?'}"
    yield f"read {seen}, {verdict.snapshots} snapshots, {verdict.blobs} blobs"
    if verdict.compared:
        yield f"{verdict.compared} snapshots say the same as the entries before them"
    yield from (f"note: {note}" for note in verdict.notes)
    if not verdict.faults:
        yield "all is as it was written"
        return
    for fault in verdict.faults:
        yield f"FAULT {fault.what}"
    worst = verdict.faults[0]
    more = f"; {len(verdict.faults) - 1} more faults" if len(verdict.faults) > 1 else ""
    yield f"first broken key: {worst.key}{more}"
    yield f"Next: {worst.advice}"
