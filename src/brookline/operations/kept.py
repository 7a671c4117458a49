"""What an operation keeps of something that has not ended, such as since when it waits.

So its limits count on under the next master. Unlike what is recorded on the way it may change, and
is gone once the thing has ended. Nothing follows from it about what else was done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.operations.marks import KEPT
from brookline.operations.task import DONE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.operations.ledger import Ledger
    from brookline.operations.running import Running
    from brookline.wire.changes import Value

_MOMENTS = "moments"


class Moments(NamedTuple):
    """Since when something lasts.

    Attributes:
        moments: Wall times in milliseconds, by what they are of.
        words: What else is known of it, as JSON.
    """

    moments: Mapping[str, int]
    words: Mapping[str, Any]


class Kept:
    """What is kept under one name.

    Args:
        ledger: Where it is recorded.
        running: What it is kept of.
        name: Of the thing.
    """

    __slots__ = ("_key", "_ledger", "_running")

    def __init__(self, ledger: Ledger, running: Running, name: str) -> None:
        self._ledger = ledger
        self._running = running
        self._key = KEPT + name

    def get(self) -> Moments | None:
        """Return what is kept, on this or by an earlier master; None for nothing."""
        found = self._running.task.done.get(self._key)
        return None if found is None else Moments(found[_MOMENTS], found["words"])

    async def put(self, kept: Moments | None) -> None:
        """Keep this from now on; None once the thing has ended.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
            CancelledError: If the operation is handed over.
        """
        value = None if kept is None else {_MOMENTS: dict(kept.moments), "words": dict(kept.words)}
        await self._ledger.keep(self._running, self._key, value)
        self.drop()
        if value is not None:
            task = self._running.task
            task.done = {**task.done, self._key: value}

    def drop(self) -> None:
        """Know nothing of it here any more; the next master finds it as it was."""
        task = self._running.task
        task.done = {key: item for key, item in task.done.items() if key != self._key}


def later(record: Value, by_ms: int) -> Value:
    """Return the fields of a record that say what is kept, with all moments later.

    So the limits of an operation do not count while it stood still.
    """
    return {
        name: {**kept, _MOMENTS: {what: ms + by_ms for what, ms in kept[_MOMENTS].items()}}
        for name, kept in record.items()
        if name.startswith(DONE + KEPT)
    }
