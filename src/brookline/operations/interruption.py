"""Interruptions: why an operation cannot go on by itself, and what people can do about it."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from brookline.operations.storing import cleaned

if TYPE_CHECKING:
    from brookline.wire.changes import Value


class Cause(enum.Enum):
    """Why an operation cannot go on by itself. The values are those of its record."""

    ONCE = "once"
    """A step had begun that must not be done twice, and nobody knows whether it was done."""

    CHANGED = "changed"
    """Its code takes other steps than those that were recorded."""

    GONE = "gone"
    """What it needs is not there any more, such as its type."""

    SUSPECT = "suspect"
    """Two masters in a row died soon after they had begun with it: perhaps of its own code."""

    REBOOTED = "rebooted"
    """The machine was started anew while a command of it ran there."""

    LOST = "lost"
    """What waited for its command on the machine was killed, so nobody knows how that ended."""

    RESET = "reset"
    """The machine does not know any more what was done there."""

    CUT_OFF = "cut-off"
    """It was begun by a version that did not record what it is made of."""

    RESTORED = "restored"
    """The plane was restored from a backup that was made while it ran."""


class StepInterrupted(BaseException):
    """The whole operation ends as interrupted; its code is given no chance to clean up.

    It is no `Exception`: code that handles failures of a step must not take it for one.

    Attributes:
        cause: Why.
        reason: A sentence for people.
        step: Name of the step in question, or empty.
        part: Id of its task, or empty.
        trail: Records of that task and of those above it, but for the operation, by id: they may not
            have been told yet.
    """

    def __init__(self, cause: Cause | str, reason: str, *, step: str = "") -> None:
        super().__init__(reason)
        self.cause = Cause(cause)
        self.reason = cleaned(reason)
        self.step = step
        self.part = ""
        self.trail: dict[str, Value] = {}

    def to_value(self, *, since_ms: int, epoch: int) -> Value:
        """Return what the record of the operation says of it."""
        told: dict[str, Any] = {"cause": self.cause.value, "reason": self.reason}
        told |= {"step": self.step, "since": since_ms, "epoch": epoch}
        return told | {"part": self.part} if self.part else told


def in_doubt(step: str) -> StepInterrupted:
    """Return the interruption by a step that had begun, has no outcome, and is not done twice."""
    return StepInterrupted(
        Cause.ONCE,
        f"nobody knows whether its step '{step}' was done: it had begun when the server that ran "
        "it stopped leading, and it must not be done twice",
        step=step,
    )
