"""The log itself: one chain, epochs that rise by fences, one mastership an epoch."""

from __future__ import annotations

import itertools
from collections import Counter
from typing import TYPE_CHECKING

from tests.lab.checker.violation import Violation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.history import Entry, History


def one_chain(history: History) -> Iterator[Violation]:
    """Each entry follows the one before, and names its hash."""
    for number, entry in enumerate(history.log, 1):
        if entry.seq != number:
            yield Violation("broken log", f"entry {entry.seq} stands in place {number}")
            return
        if not entry.chained:
            yield Violation("broken log", f"entry {entry.seq} does not name the hash before it")


def epochs_rise_by_fences(history: History) -> Iterator[Violation]:
    """An epoch begins with its fence, and nothing of an older one comes later."""
    for before, entry in itertools.pairwise(history.log):
        fence = entry.kind == "fence"
        if not (entry.epoch > before.epoch if fence else entry.epoch == before.epoch):
            yield Violation(
                "epochs",
                f"entry {entry.seq} ({entry.kind}) has epoch {entry.epoch} after {before.epoch}",
            )


def one_active_an_epoch(history: History) -> Iterator[Violation]:
    """No epoch has two masters that finished their promotion, and none two writers."""
    actives = Counter(entry.epoch for entry in history.log if entry.kind == "active")
    for epoch, count in actives.items():
        if count > 1:
            yield Violation("two actives", f"epoch {epoch} became active {count} times")
    for epoch, entries in itertools.groupby(history.log, key=_epoch):
        if len(writers := {entry.node for entry in entries}) > 1:
            yield Violation("two writers", f"epoch {epoch} was written by {sorted(writers)}")


def _epoch(entry: Entry) -> int:
    return entry.epoch
