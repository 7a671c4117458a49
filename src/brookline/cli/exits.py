"""What commands end with: one table of statuses, their meanings, and the errors that lead to them."""

from __future__ import annotations

import enum
from typing import Self

from brookline.errors import (
    BrooklineError,
    Conflict,
    Damaged,
    NotAllowed,
    NotLoggedIn,
    Outcome,
    Unavailable,
)


class Exit(enum.IntEnum):
    """A status: never that of HTTP. From 10 on it tells scripts what to do.

    Attributes:
        meaning: For the help.
        errors: Kinds of error that end a command so, unless a kind below has a status of its own.
    """

    meaning: str
    errors: tuple[type[BrooklineError], ...]

    def __new__(cls, status: int, meaning: str, *errors: type[BrooklineError]) -> Self:
        """Make a row of the table."""
        member = int.__new__(cls, status)
        member._value_ = status
        member.meaning = meaning
        member.errors = errors
        return member

    OK = 0, "done"
    USAGE = 1, "the command line is wrong"
    FAILED = 2, "refused or failed", BrooklineError
    INTERNAL = 3, "a fault of the program itself, or a damaged store", Damaged
    CHANGES = 10, "there are changes (no command yet)"
    TIMED_OUT = 11, "timed out while waiting"
    UNHEALTHY = 12, "finished, but unhealthy"
    NO_MASTER = (
        13,
        "no master, or nobody answers; nothing was done, so it may be repeated",
        Unavailable,
    )
    NOT_LOGGED_IN = 14, "not logged in", NotLoggedIn
    NOT_ALLOWED = 15, "not allowed", NotAllowed
    CONFLICT = 16, "the world is not as the command supposes", Conflict
    INTERRUPTED = 17, "cut off, or never answered by any node: look before you repeat it"
    ABORTED = 130, "ended by Ctrl-C"
    BROKEN_PIPE = 141, "who read the output went away"


_BY_ERROR = {kind: status for status in Exit for kind in status.errors}


def exit_of(error: BrooklineError) -> Exit:
    """Return the status that a command ends with for an error: that of the closest kind."""
    if getattr(error, "outcome", Outcome.NOT_DONE) is Outcome.UNKNOWN:
        return Exit.INTERRUPTED
    return next(_BY_ERROR[kind] for kind in type(error).__mro__ if kind in _BY_ERROR)
