"""One request to one node, and the four ways in which that ends."""

from __future__ import annotations

import dataclasses
import enum
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

READS = ("GET", "HEAD", "OPTIONS")


@dataclasses.dataclass(frozen=True, slots=True)
class Request:
    """What is asked, whichever node is asked.

    Attributes:
        method: In capitals.
        path: From the root, with its query, already quoted.
        body: Empty for none.
        headers: Besides those that the client adds by itself.
        at: Address of the only node that may be asked, for requests about the node itself; empty
            for any.
        timeout_s: How long one node may take to answer; None for the usual.
        key: The request's id, sent as ``Idempotency-Key``; empty for reads.
        recorded: Whether servers of ours remember the key with what the request changes, so that it
            is answered, and not done again, when it is sent again.
    """

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = dataclasses.field(default_factory=dict)
    at: str = ""
    timeout_s: float | None = None
    key: str = ""
    recorded: bool = False

    @property
    def reads(self) -> bool:
        """Whether it changes nothing and so may be repeated at will."""
        return self.method in READS


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A node answered.

    Attributes:
        status: The HTTP status.
        headers: By name in lower case.
        body: As it came.
        url: The address that answered.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str

    def json(self) -> Any:
        """Return the body as JSON, or None if it is empty.

        Raises:
            ValueError: If it is not JSON.
        """
        return json.loads(self.body) if self.body else None

    def text(self) -> str:
        """Return the body as text."""
        return self.body.decode("utf-8", "replace")


class Cause(enum.Enum):
    """Why a node did not answer, for programs."""

    ABSENT = "absent"
    """Nobody listens there, or there is no such host."""

    UNTRUSTED = "untrusted"
    """Its certificate is not trusted."""

    NOT_TLS = "not-tls"
    """It does not speak TLS."""

    HUNG_UP = "hung-up"
    """It ended the connection without an answer: it died, or wants TLS."""

    SILENT = "silent"
    """It cannot be reached, or did not answer in time, or the connection broke."""

    @property
    def lasting(self) -> bool:
        """Whether asking again would not help."""
        return self in (Cause.ABSENT, Cause.UNTRUSTED, Cause.NOT_TLS)


@dataclasses.dataclass(frozen=True, slots=True)
class NotSent:
    """No complete request left this machine: the node cannot have done it.

    Attributes:
        reason: What was in the way, for people.
        cause: The same for programs.
    """

    reason: str
    cause: Cause = Cause.SILENT


@dataclasses.dataclass(frozen=True, slots=True)
class Lost:
    """The request was sent and no answer came: the node may have done it, or may do it yet.

    Attributes:
        reason: What came instead, for people.
        cause: The same for programs.
    """

    reason: str
    cause: Cause = Cause.SILENT


Result = Answer | NotSent | Lost


@dataclasses.dataclass(frozen=True, slots=True)
class Send:
    """A step of a course: send this to that node and come back with the result.

    Attributes:
        url: Address of the node.
        request: What to send.
        timeout_s: How long to wait for the answer.
    """

    url: str
    request: Request
    timeout_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Pause:
    """A step of a course: wait before the next one.

    Attributes:
        seconds: How long.
        why: What is in the way, for people.
    """

    seconds: float
    why: str = ""


Step = Send | Pause
