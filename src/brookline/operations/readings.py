"""Readings: what an operation read of what may change, such as config; it reads each thing once.

So its code comes to where it was on the next master, too, whatever has changed meanwhile. What may
change by itself, as expressions on sensors do, is recorded when it is read. What changes only by a
request is recorded with that request, if an operation has read it that has not ended.

Unlike what is recorded on the way, nobody has to come to it again.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.marks import READ
from brookline.operations.storing import MOST_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.operations.ledger import Ledger
    from brookline.operations.running import Running
    from brookline.wire.changes import Value

    About = Callable[[str, str], bool]

_DIGEST = "digest"


class Readings:
    """What one operation, or one part of it, has read.

    A reading is JSON, a map. One that is too large for a record is recorded as its digest: the
    next master reads anew, and the operation is interrupted if that is another.

    Args:
        ledger: Where it is recorded.
        running: Whose readings it holds.
    """

    __slots__ = ("_here", "_ledger", "_running")

    def __init__(self, ledger: Ledger, running: Running) -> None:
        self._ledger = ledger
        self._running = running
        self._here: dict[tuple[str, str], Value] = {}

    def find(self, entity_id: str, name: str) -> Value | None:
        """Return what was read, here or by an earlier master; None if it has to be read."""
        here = self._here.get((entity_id, name))
        if here is not None:
            return here
        recorded: Value | None = self._running.task.done.get(_key(entity_id, name))
        return None if recorded is None or _DIGEST in recorded else recorded

    def is_old(self, entity_id: str, name: str) -> bool:
        """Tell whether it was read by an earlier master."""
        recorded = _key(entity_id, name) in self._running.task.done
        return recorded and (entity_id, name) not in self._here

    async def add(self, entity_id: str, name: str, reading: Value, *, changes: bool) -> None:
        """Note what was read.

        Args:
            entity_id: Of what it was read.
            name: What was read.
            reading: What was found.
            changes: Whether it may change by itself, so that it is recorded now.

        Raises:
            StepInterrupted: If an earlier master read something else.
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        key, task = _key(entity_id, name), self._running.task
        before = task.done.get(key)
        if before is not None and before != _as_recorded(reading):
            raise StepInterrupted(
                Cause.CHANGED,
                f"'{name}' is another than when it was read; it is too large to be kept",
                step=task.name,
            )
        if changes and before is None:
            recorded = _as_recorded(reading)
            await self._ledger.keep(self._running, key, recorded)
            task.done = {**task.done, key: recorded}
        self._here[(entity_id, name)] = reading

    def unrecorded(self, about: About) -> Mapping[str, Any]:
        """Return what is recorded of some readings that are not, by the key of that.

        Args:
            about: Tells of an entity's id and a name whether it is one of them.
        """
        return {
            key: _as_recorded(reading)
            for (entity_id, name), reading in self._here.items()
            if about(entity_id, name)
            and (key := _key(entity_id, name)) not in self._running.task.done
        }


def _key(entity_id: str, name: str) -> str:
    return f"{READ}{entity_id} {name}"


def _as_recorded(reading: Value) -> Value:
    data = msgspec.json.encode(reading, order="deterministic")
    if len(data) <= MOST_BYTES:
        return msgspec.json.decode(data, type=dict[str, Any])
    return {_DIGEST: hashlib.blake2b(data, digest_size=16).hexdigest()}
