"""What a node asks of other nodes. HTTP implements it in the product, a simulator in tests."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Protocol

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from brookline.wire.heartbeats import Heartbeat


class Request(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A write that some node will carry out.

    Attributes:
        id: Request id: the client's `Idempotency-Key`, or one made at the door.
        method: Such as ``POST``.
        path: Raw path with query, such as ``/v1/applications?format=``.
        headers: Lower-case names; only those that matter to the one who carries it out.
        body: All of it.
        user: Who asks, already authenticated by the door.
        from_client: Whether `id` was given by the client.
        repeatable: Whether it is remembered with what it changes, so that its door may send it again.
        waits: Whether it is remembered for as long as the task that it has begun.
    """

    id: str
    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    user: str = ""
    from_client: bool = False
    repeatable: bool = False
    waits: bool = False


class Reply(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The answer to a `Request`."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


class NotSent(Exception):
    """No byte of the request reached the other node."""


class Misdirected(Exception):
    """The other node is not who the request was meant for (421): it did nothing with it."""


class Lost(Exception):
    """The request was sent and no answer came, or will come: it may have been done."""


class Probe(enum.Enum):
    """What asking an address whether its node lives brought."""

    REFUSED = "refused"
    """ECONNREFUSED, three times within 300 ms: no process listens there."""

    SAME = "same"
    """That very instance answered."""

    LATER = "later"
    """Another instance of the same node's home answered: the one asked for is gone."""

    UNKNOWN = "unknown"
    """Anything else: a time-out, unreachable, a stranger."""


class Peers(Protocol):
    """Calls from node to node. Each names the instance that it is meant for."""

    def line(self, master: Heartbeat) -> AsyncGenerator[int, None]:
        """Yield the master's tail after each commit, and once a poll; ends when the line breaks.

        Raises:
            NotSent: If the line was never up.
        """
        ...

    async def nudge(self, node: Heartbeat) -> None:
        """Say "look at the journal now". A hint: it raises nothing and may be lost."""
        ...

    async def probe(self, node: Heartbeat) -> Probe:
        """Find out whether that instance is known to be gone."""
        ...

    async def proved_dead(self, node: Heartbeat) -> bool:
        """Tell whether the death is proved: same boot id, and its home's lock names it and is free."""
        ...

    async def forward(self, node: Heartbeat, epoch: int, request: Request) -> Reply:
        """Have that instance carry out a write under that epoch; one hop.

        Raises:
            NotSent: No byte was sent.
            Misdirected: The other does not lead under that epoch, and did nothing.
            Lost: It was sent, and no answer came.
        """
        ...
