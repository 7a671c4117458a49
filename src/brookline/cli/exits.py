"""Exit statuses: one table, and what each error ends with.

0   done
1   the command line is wrong
2   refused or failed
3   a fault of the program itself
10  there are changes
11  timed out while waiting
12  finished, but unhealthy
13  no master, or nobody answers
14  not logged in
15  not allowed
16  conflict
17  cut off by a failover, and not resumed
"""

from __future__ import annotations

import enum

from brookline.errors import (
    BrooklineError,
    Conflict,
    Damaged,
    NotAllowed,
    NotLoggedIn,
    Unavailable,
)


class Exit(enum.IntEnum):
    """What a command ends with; never an HTTP status."""

    OK = 0
    USAGE = 1
    FAILED = 2
    INTERNAL = 3
    CHANGES = 10
    TIMED_OUT = 11
    UNHEALTHY = 12
    NO_MASTER = 13
    NOT_LOGGED_IN = 14
    NOT_ALLOWED = 15
    CONFLICT = 16
    INTERRUPTED = 17

    ABORTED = 130
    """By Ctrl-C, as shells say it."""

    BROKEN_PIPE = 141
    """Who read the output went away."""


_BY_ERROR: tuple[tuple[type[BrooklineError], Exit], ...] = (
    (NotLoggedIn, Exit.NOT_LOGGED_IN),
    (NotAllowed, Exit.NOT_ALLOWED),
    (Conflict, Exit.CONFLICT),
    (Unavailable, Exit.NO_MASTER),
    (Damaged, Exit.INTERNAL),
    (BrooklineError, Exit.FAILED),
)


def exit_of(error: BrooklineError) -> Exit:
    """Return the status that a command ends with for an error."""
    return next(status for kind, status in _BY_ERROR if isinstance(error, kind))
