"""Asking one node for something about itself: at its own address, else through any other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from brookline.errors import Conflict, NotFound, Outcome, Unavailable

if TYPE_CHECKING:
    from typing import Any

    from brookline.client.calls import Call
    from brookline.client.client import Client
    from brookline.client.states import Member


class About(Protocol):
    """Makes a call about a node."""

    def __call__(self, *, at: str = "", node: str = "") -> Call[Any]:
        """Return the call to the node at an address, or to any for the node of an instance id."""
        ...


class Told(NamedTuple):
    """What a node answered.

    Attributes:
        answer: The answer.
        at: Its address, or empty if another one passed it on.
    """

    answer: Any
    at: str


def ask_node(
    client: Client, member: Member, about: About, *, timeout_s: float | None = None
) -> Told:
    """Ask a node, whichever way leads to it.

    It is asked itself first: so a master that hangs is in nobody's way. Another one is asked to pass
    it on where the node's address is not known, leads nowhere from here, or is not trusted.

    Args:
        client: Of the plane.
        member: Who is meant.
        about: What is asked.
        timeout_s: How long it may take, if not as usual.

    Raises:
        Conflict: If nobody knows where it listens, and nobody passes it on.
        BrooklineError: What the node says, or `Unavailable` if no way leads to it.
    """
    address = client.nodes.address_of(member.instance)
    why: Conflict | Unavailable
    if not address:
        why = Conflict(f"{member.name} is {member.status}, and nobody knows its address")
    else:
        try:
            return Told(client.do(about(at=address), timeout_s=timeout_s), address)
        except Unavailable as error:
            if error.outcome is Outcome.UNKNOWN or "cause" not in error.data:
                raise  # it was reached
            why = error
    try:
        return Told(client.do(about(node=member.instance), timeout_s=timeout_s), "")
    except NotFound:
        raise why from None  # servers of others, and of earlier versions, pass nothing on
