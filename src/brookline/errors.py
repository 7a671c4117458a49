"""The whole tree of errors.

    BrooklineError
    ├── InvalidInput      the caller must change the request           HTTP 400   exit 2
    │   ├── BlueprintInvalid    every fault of a blueprint, each with its place
    │   └── KeyReused     the request's id was used for another one         422        2
    ├── NotLoggedIn       no or wrong credentials                           401       14
    │   └── LockedOut     too many wrong ones came before                   429       14
    ├── NotAllowed        known caller, not entitled, or not on this node   403       15
    ├── NotFound          what was looked for, and where                    404        2
    ├── Conflict          the world is not as the request supposes          409       16
    ├── PreconditionFailed  found, but of the wrong kind or parent          412        2
    ├── Cancelled         somebody cancelled what was asked for             500        2
    ├── Unavailable       nobody can do it now; says whether it was done    503       13 or 17
    │   ├── NotMaster     this node does not lead
    │   └── Fenced        a newer epoch exists: stop leading at once
    ├── StepFailed        a step of an operation raised an error of its own 500        2
    ├── TimedOut          it did not end in the time that it was given      500        2
    ├── RemoteError       something outside failed                          500        2
    │   ├── CommandFailed     a command on a machine, with its exit code
    │   ├── Unreachable   a machine gave no definite answer; it may have done it
    │   └── StoreError        the store did not do what was asked
    │       └── StoreUnfit    the store cannot carry a plane, or holds something else
    │           └── StoreAbsent   it is not there, perhaps not yet
    └── Damaged           bytes in the store are not what they must be      500        3

HTTP and exit statuses are two tables at the edges (`api.problems`, `cli.exits`) and nowhere else.
"""

from __future__ import annotations

import enum
from typing import Any, ClassVar, NamedTuple


class Outcome(enum.Enum):
    """What became of a request that was not answered as it should be."""

    NOT_DONE = "not-done"
    """Nothing of it was sent, and nothing will be done: safe to repeat."""

    UNKNOWN = "unknown"
    """It may have been done, or be done yet."""


class BrooklineError(Exception):
    """Something went wrong that a user or operator can understand.

    Attributes:
        code: Stable slug of the situation, for programs and for the documentation.
        message: One sentence for people: what is wrong, where, and what to do.
        details: More text, or empty.
        data: Structured payload for programs.
    """

    code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, details: str = "", data: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = details
        self.data: dict[str, Any] = data or {}


class InvalidInput(BrooklineError):
    """The caller must change the request."""

    code = "invalid-input"


_LONGEST_LINE = 1000


class Fault(NamedTuple):
    """One thing that is wrong in a text.

    Attributes:
        file: Name of the text.
        line: From 1; 0 if it is nowhere in particular.
        column: From 1; 0 if it is nowhere in particular.
        message: What is wrong, and what was perhaps meant.
        source: The line of the text.
    """

    file: str
    line: int
    column: int
    message: str
    source: str

    def told(self) -> dict[str, Any]:
        """Return it for programs; without a line so long that no editor shows it."""
        source = self.source if len(self.source) <= _LONGEST_LINE else ""
        return self._asdict() | {"source": source}

    def where(self) -> str:
        """Return ``file:line:column: ``, or only the file."""
        return f"{self.file}:{self.line}:{self.column}: " if self.line else f"{self.file}: "


class BlueprintInvalid(InvalidInput):
    """A blueprint is wrong; nothing of it was deployed.

    Attributes:
        faults: All that is wrong with it, in the order of the text.
    """

    code = "blueprint-invalid"

    def __init__(self, message: str, *, faults: tuple[Fault, ...], details: str = "") -> None:
        data = {"faults": [fault.told() for fault in faults]}
        super().__init__(message, details=details, data=data)
        self.faults = faults


class KeyReused(InvalidInput):
    """The id of a request was used for another one; nothing was done."""

    code = "key-reused"


class NotLoggedIn(BrooklineError):
    """No credentials, or wrong ones."""

    code = "not-logged-in"


class LockedOut(NotLoggedIn):
    """Too many wrong passwords came before; nothing was looked at.

    Attributes:
        retry_s: When to try again.
    """

    code = "locked-out"

    def __init__(self, message: str, retry_s: float = 1.0, *, details: str = "") -> None:
        super().__init__(message, details=details)
        self.retry_s = retry_s


class NotAllowed(BrooklineError):
    """The caller is known but may not do this, or not on this node."""

    code = "not-allowed"


class NotFound(BrooklineError):
    """There is nothing of that name or id."""

    code = "not-found"


class Conflict(BrooklineError):
    """The world is not as the request supposes."""

    code = "conflict"


class PreconditionFailed(BrooklineError):
    """Found, but of the wrong kind or under another parent."""

    code = "precondition-failed"


class Cancelled(BrooklineError):
    """Somebody cancelled what was asked for."""

    code = "cancelled"


class Unavailable(BrooklineError):
    """Nobody can do it now.

    Attributes:
        outcome: Whether it was certainly not done, or may have been.
    """

    code = "unavailable"

    def __init__(self, message: str, outcome: Outcome, *, details: str = "") -> None:
        super().__init__(message, details=details, data={"outcome": outcome.value})
        self.outcome = outcome


class NotMaster(Unavailable):
    """This node does not lead, and so has not done it."""

    code = "not-master"

    def __init__(
        self, message: str = "this node is not the master", outcome: Outcome = Outcome.NOT_DONE
    ) -> None:
        super().__init__(message, outcome)


class Fenced(Unavailable):
    """A newer epoch exists: whoever gets this must stop leading at once.

    Attributes:
        held: The epoch under which the write was tried.
    """

    code = "fenced"

    def __init__(self, message: str, held: int, outcome: Outcome = Outcome.UNKNOWN) -> None:
        super().__init__(message, outcome)
        self.held = held


class RemoteError(BrooklineError):
    """Something outside of the plane failed."""

    code = "remote"


class StepFailed(BrooklineError):
    """A step raised an error of a class that cannot be made again from what is stored of it.

    Attributes:
        raised: Name of that class.
    """

    code = "step-failed"

    def __init__(self, message: str, raised: str, *, details: str = "") -> None:
        super().__init__(message, details=details)
        self.raised = raised


class TimedOut(BrooklineError):
    """It did not end in the time that it was given."""

    code = "timed-out"


class CommandFailed(RemoteError):
    """A command on a machine ended with another exit code than it should.

    Attributes:
        exit_code: What it ended with; negative for a signal.
    """

    code = "command-failed"

    def __init__(self, message: str, exit_code: int, *, details: str = "") -> None:
        super().__init__(message, details=details, data={"exitCode": exit_code})
        self.exit_code = exit_code


class Unreachable(RemoteError):
    """A machine gave no definite answer: nobody knows what it has done, or does yet.

    Attributes:
        machine: Its name.
        why: What was heard instead.
        sent: Whether what was asked may have come there.
        answers: Whether it answers, and yet does not do what it is asked.
    """

    code = "unreachable"

    def __init__(
        self,
        machine: str,
        why: str,
        *,
        sent: bool = True,
        answers: bool = False,
        details: str = "",
    ) -> None:
        how = "does not do what it is asked" if answers else "is out of reach"
        super().__init__(f"{machine} {how}: {why}", details=details)
        self.machine = machine
        self.why = why
        self.sent = sent
        self.answers = answers


class StoreError(RemoteError):
    """The store did not do what was asked; it may be out of reach, full or refusing."""

    code = "store"


class StoreUnfit(StoreError):
    """The store cannot carry a plane, or holds something that is not ours."""

    code = "store-unfit"


class StoreAbsent(StoreUnfit):
    """The store is not where it should be; a file system may not be mounted yet."""

    code = "store-absent"


class Damaged(BrooklineError):
    """Bytes in the store are not what they must be; nothing is skipped, work halts there."""

    code = "damaged"
