"""Resolving: what people can do with an interrupted operation, decided on the records.

It can be *resumed*: it goes on where it stopped, as the same task. It can be *replayed*: the whole of it is
done again as another one. It can be *abandoned*: it stays as it is, with the reason. All is pure.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brookline.errors import Conflict, NotFound
from brookline.operations.interruption import Cause
from brookline.operations.kept import later
from brookline.operations.locks import turns_of
from brookline.operations.taking_up import begun_at
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brookline.journal.records import View
    from brookline.wire.changes import Change, Value

_LOST = (Cause.REBOOTED.value, Cause.LOST.value, Cause.RESET.value)
"""Causes by which a command is lost, so that going on means to run it again."""

_RESOLVED = "resolved"
_ENDED = ("ended", "error")


class How(enum.Enum):
    """How an interrupted operation was resolved. The values are those of its record."""

    RESUMED = "resumed"
    REPLAYED = "replayed"
    ABANDONED = "abandoned"


@dataclass(frozen=True, slots=True)
class Interrupted:
    """An operation that does not go on by itself, as recorded.

    Attributes:
        id: Of its task.
        value: Its record.
        parts: The records of its parts at any depth, by id, in order of their beginning.
    """

    id: str
    value: Value
    parts: Mapping[str, Value] = field(default_factory=dict)

    @property
    def cause(self) -> str:
        """Why it was interrupted, as a word of `Cause`."""
        return str(self._why.get("cause", ""))

    @property
    def since_ms(self) -> int:
        """When it was interrupted, as wall time."""
        return int(self._why.get("since") or self.value.get("ended") or 0)

    @property
    def resolved(self) -> Mapping[str, Any]:
        """What became of it: ``how``, ``by``, ``at``, perhaps ``why`` and ``as``; empty for nothing."""
        found: Mapping[str, Any] = self._why.get(_RESOLVED) or {}
        return found

    @property
    def finished(self) -> list[str]:
        """Ids of the steps that have an outcome."""
        return [one for one in self._steps() if not _stopped(self.parts[one])]

    @property
    def doubtful(self) -> list[str]:
        """Ids of the steps of which nobody knows whether they were done."""
        return [
            one
            for one, part in self.parts.items()
            if _stopped(part) and (part.get("once") or one in self.lost)
        ]

    @property
    def lost(self) -> list[str]:
        """Ids of the steps whose command is lost with what its machine knew of it."""
        part = self._why.get("part", "")
        return [part] if self.cause in _LOST and part in self.parts else []

    @property
    def left(self) -> list[str]:
        """Ids of the steps that had begun and have no outcome: a command of theirs may still run."""
        return [one for one in self._steps() if _stopped(self.parts[one])]

    @property
    def has_work(self) -> bool:
        """Whether it is recorded what it is made of."""
        return bool(self.value.get("work"))

    @property
    def _why(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.value.get("interruption") or {}
        return found

    def _steps(self) -> list[str]:
        """Return the ids of the parts that have no parts themselves and are no effector's call."""
        above = {part.get("parent") for part in self.parts.values()}
        return [
            one for one, part in self.parts.items() if one not in above and not part.get("effector")
        ]


def find(view: View, ids: Sequence[str]) -> Interrupted:
    """Return an interrupted operation that nobody has resolved.

    Args:
        view: The records.
        ids: Of its task, and of all parts of it that are known.

    Raises:
        NotFound: If there is no such task.
        Conflict: If it is a part, has ended, runs or was resolved; says how, and by whom.
    """
    value = view.get(KIND, ids[0])
    if value is None:
        raise NotFound(f"there is no task '{ids[0]}', or it is not kept any more")
    known = {one: part for one in ids[1:] if (part := view.get(KIND, one)) is not None}
    found = Interrupted(ids[0], value, known)
    if value.get("parent"):
        raise Conflict(f"{ids[0]} is a part of {value['parent']}: name the whole operation")
    if Status(value["status"]) is not Status.INTERRUPTED or found.resolved:
        raise Conflict(_how_it_stands(found))
    return found


def resume(found: Interrupted, by: str, now_ms: int) -> list[Change]:
    """Return the changes with which an operation goes on where it stopped.

    Raises:
        Conflict: If it is not recorded what it is made of.
    """
    _check_work(found)
    doubtful = set(found.doubtful)
    changes: list[Change] = [
        _goes_on(one, part, again=one in doubtful, lost=one in found.lost, now_ms=now_ms)
        for one, part in found.parts.items()
        if _stopped(part)
    ]
    taken = begun_at(found.value.get("taken") or {}, now_ms)
    taken |= {"count": taken.get("count", 0) + 1, "strikes": 0, "by": by}
    kept = later(found.value, _stood_still(found.value, now_ms))
    runs = {"status": Status.RUNNING.value, "taken": taken, **kept}
    gone = (*_ENDED, "interruption", "settled", "cancelling", *turns_of(found.value))
    return [Merge(KIND, found.id, runs, gone), *changes]


def replay(found: Interrupted, new_id: str, by: str, now_ms: int) -> list[Change]:
    """Return the changes that note of an operation that it is done again as another.

    Raises:
        Conflict: If it is not recorded what it is made of.
    """
    _check_work(found)
    said = f"it was replayed by {_who(by)} as {new_id}"
    return [_noted(found, {"how": How.REPLAYED.value, "as": new_id}, said, by=by, now_ms=now_ms)]


def abandon(found: Interrupted, reason: str, by: str, now_ms: int) -> list[Change]:
    """Return the changes that note of an operation that it is given up."""
    said = f"it was abandoned by {_who(by)}: {reason}"
    told = {"how": How.ABANDONED.value, "why": reason}
    return [_noted(found, told, said, by=by, now_ms=now_ms)]


def _noted(found: Interrupted, told: Value, said: str, *, by: str, now_ms: int) -> Change:
    why = found.value["interruption"]
    resolved = {**told, "by": by, "at": now_ms}
    changed = {
        "interruption": {**why, _RESOLVED: resolved},
        "error": f"interrupted, and {said}.\n\nIt was interrupted: {why.get('reason', '')}",
    }
    return Merge(KIND, found.id, changed)


def _goes_on(one: str, part: Value, *, again: bool, lost: bool, now_ms: int) -> Change:
    """Return how a part runs again; a time-out of it does not count while it stood still."""
    stood_ms = _stood_still(part, now_ms)
    runs: Value = {"status": Status.RUNNING.value, **later(part, stood_ms)}
    if again:
        runs["started"] = now_ms
        if lost:
            runs["again"] = part.get("again", 0) + 1
    elif part.get("started"):
        runs["started"] = part["started"] + stood_ms
    # Meanwhile others may have taken its locks.
    gone = (*_ENDED, *turns_of(part))
    if again:
        gone = (*gone, "once", *(("commands",) if lost else ()))
    return Merge(KIND, one, runs, gone)


def _stood_still(record: Value, now_ms: int) -> int:
    """Return for how many milliseconds something that goes on now did not."""
    ended_ms: int = record.get("ended") or now_ms
    return max(0, now_ms - ended_ms)


def _check_work(found: Interrupted) -> None:
    if not found.has_work:
        raise Conflict(
            f"{found.id} can only be abandoned: it is not recorded what it is made of, for an "
            "earlier version began it"
        )


def _how_it_stands(found: Interrupted) -> str:
    """Say why there is nothing to resolve."""
    resolved, status = found.resolved, Status(found.value["status"])
    if resolved:
        became = f" as {resolved['as']}" if resolved.get("as") else ""
        why = f": {resolved['why']}" if resolved.get("why") else ""
        return f"{found.id} was {resolved['how']} by {_who(resolved['by'])}{became}{why}"
    by = (found.value.get("taken") or {}).get("by")
    resumed = f"was resumed by {_who(by)} and " if by is not None else ""
    if not status.ended:
        return f"{found.id} {resumed}runs: nothing is to be resolved"
    error = str(found.value.get("error", "")).partition("\n")[0]
    ended = "was cancelled" if status is Status.CANCELLED else f"has {status.value}"
    return f"{found.id} {resumed}{ended}" + (f": {error}" if error else "")


def _stopped(part: Value) -> bool:
    return Status(part["status"]) is Status.INTERRUPTED


def _who(by: str | None) -> str:
    return by or "somebody"
