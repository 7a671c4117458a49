"""Outcomes: how a piece of work ended, as its caller learns it, also on the next master."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.errors import Cancelled
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.storing import error_of, read_back
from brookline.operations.task import Status

if TYPE_CHECKING:
    from brookline.operations.task import Task


@dataclass(frozen=True, slots=True)
class Ending:
    """How a piece of work ended.

    Attributes:
        status: One of those that have ended.
        result: What it returned, for its caller.
        error: What it raised, or None.
    """

    status: Status
    result: Any = None
    error: BaseException | None = None


def outcome_of(part: Task, returns: type | None = None) -> Ending | None:
    """Return how a part ended, as it was recorded; None if it has to be run.

    Args:
        part: Its task.
        returns: Dataclass of its result.

    Raises:
        StepInterrupted: If its result is none of that any more.
    """
    match part.status:
        case Status.COMPLETED:
            return Ending(part.status, _result_of(part, returns))
        case Status.FAILED:
            return Ending(part.status, error=error_of(dict(part.failure)))
        case Status.CANCELLED:
            why = part.error.partition("\n\n")[0] or f"{part.name} was cancelled"
            return Ending(part.status, error=Cancelled(why))
        case _:
            return None


def _result_of(part: Task, returns: type | None) -> Any:
    try:
        return read_back(part.result, returns)
    except msgspec.ValidationError as fault:
        name = "" if returns is None else returns.__name__
        raise StepInterrupted(
            Cause.CHANGED,
            f"what its step '{part.name}' returned is no {name} any more ({fault}). Its code has "
            "changed meanwhile",
            step=part.name,
        ) from fault
