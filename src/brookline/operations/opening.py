"""What a new master says of the operations that its predecessor left unfinished.

They are taken up again, and that is journalled before anything of them runs. One whose own code was
running when two masters in a row died soon after they had begun it is not: it may be what they died of.
What only waited for its turn there, see `taking_up`, is none of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from brookline.operations import taking_up
from brookline.operations.interruption import Cause, StepInterrupted, in_doubt
from brookline.operations.ledger import interrupted_value
from brookline.operations.task import KIND, Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.journal.records import View
    from brookline.wire.changes import Value

SOON_S = 60.0
"""A master that dies within so many seconds of taking up an operation may have died of it."""

_MOST_STRIKES = 2


class Found(NamedTuple):
    """Unfinished work, as found by a new master.

    Attributes:
        changes: That mark it as taken up, or as interrupted.
        names: Of the operations that are interrupted, for people.
        going_on: Ids of the operations that are taken up.
        interrupted: Ids of those that are not, with the reason.
    """

    changes: list[Merge]
    names: list[str]
    going_on: list[str]
    interrupted: dict[str, str]


def unfinished(
    view: View,
    now_ms: int,
    *,
    noticed_s: float = 0.0,
    epoch: int = 0,
    cut: StepInterrupted | None = None,
) -> Found:
    """Return what becomes of unfinished work.

    Args:
        view: The records as the new master found them.
        now_ms: Its wall clock.
        noticed_s: How long the end of a master may go unnoticed, in seconds.
        epoch: Of the new master.
        cut: Why nothing of it goes on, if that is so.
    """
    found = Found([], [], [], {})
    wholes, parts = _unended(view)
    doubts = _doubtful(view, parts)
    soon_ms = round((SOON_S + noticed_s) * 1000)
    for task_id, value in wholes.items():
        strikes = _strikes(value, now_ms, soon_ms)
        why = cut or _why_not(value, strikes, doubts.get(task_id))
        if why is None:
            counted = {"count": _count(value) + 1, "at": now_ms, "strikes": strikes}
            if len(found.going_on) >= taking_up.AT_ONCE:
                counted = taking_up.waiting(counted)
            found.changes.append(Merge(KIND, task_id, {"taken": counted}, ("settled",)))
            found.going_on.append(task_id)
            continue
        found.changes.append(Merge(KIND, task_id, interrupted_value(why, now_ms, epoch)))
        found.interrupted[task_id] = why.reason
        of = f" of {value['entityName']}" if value.get("entityName") else ""
        found.names.append(f"{value['name']}{of}")
    found.changes.extend(_parts_of_what_ended(view, parts, found.interrupted, now_ms))
    return found


def _unended(view: View) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return the records of operations and of parts that have not ended."""
    wholes: dict[str, Value] = {}
    parts: dict[str, Value] = {}
    for task_id in view.ids(KIND):
        value = view.get(KIND, task_id)
        if value is not None and not Status(value["status"]).ended:
            (parts if value.get("parent") else wholes)[task_id] = value
    return wholes, parts


def _doubtful(view: View, parts: dict[str, Value]) -> dict[str, str]:
    """Return, by operation, a step that had begun and must not be done twice."""
    once = {task_id: value for task_id, value in parts.items() if value.get("once")}
    return {_root(view, task_id, value)[0]: value["name"] for task_id, value in once.items()}


def _strikes(value: Value, now_ms: int, soon_ms: int) -> int:
    """Return how many of the masters in a row that had begun an operation may have died of it."""
    taken = value.get("taken") or {}
    before: int = taken.get("strikes", 0)
    if taking_up.waits(taken):
        return before
    since: int = taken.get("at") or value.get("started") or value.get("submitted") or 0
    died_soon = not value.get("settled") and now_ms - since <= soon_ms
    return before + 1 if died_soon else 0


def _count(value: Value) -> int:
    count: int = (value.get("taken") or {}).get("count", 0)
    return count


def _why_not(value: Value, strikes: int, doubt: str | None) -> StepInterrupted | None:
    if doubt is not None:
        return in_doubt(doubt)
    if strikes >= _MOST_STRIKES:
        return StepInterrupted(
            Cause.SUSPECT,
            "suspect: two masters in a row died soon after they had begun with it, perhaps of its "
            "own code",
        )
    if not value.get("work"):
        return StepInterrupted(
            Cause.CUT_OFF, "the server that ran it stopped leading, and it cannot be made again"
        )
    return None


def _parts_of_what_ended(
    view: View, parts: dict[str, Value], interrupted: dict[str, str], now_ms: int
) -> Iterator[Merge]:
    """Yield how parts end whose operation does not go on."""
    for task_id, value in parts.items():
        root_id, root = _root(view, task_id, value)
        if root_id in interrupted:
            cut_off = {"status": Status.INTERRUPTED.value, "ended": now_ms, "error": "interrupted"}
            yield Merge(KIND, task_id, cut_off)
        elif Status(root["status"]).ended:
            # Its end is not on record; the whole cannot have ended without it.
            status = Status(root["status"])
            ended = {"status": status.value, "ended": root.get("ended", now_ms)}
            yield Merge(KIND, task_id, ended)


def _root(view: View, task_id: str, value: Value) -> tuple[str, Value]:
    """Return id and record of the operation that a task is a part of."""
    while (parent := view.get(KIND, value.get("parent", ""))) is not None:
        task_id, value = value["parent"], parent
    return task_id, value
