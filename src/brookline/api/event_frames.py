"""Events as they go over the wire. Source: WHATWG HTML, server-sent events."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from brookline.api.answers import encode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_ID = re.compile(r"(?P<seq>[0-9]{1,18})@(?P<plane>[0-9A-Za-z_-]*)")


class EventId(NamedTuple):
    """A place in the log of a plane, as clients keep it.

    Attributes:
        seq: The entry.
        plane: Id of the plane.
    """

    seq: int
    plane: str

    def __str__(self) -> str:
        return f"{self.seq}@{self.plane}"


def read_id(text: str) -> EventId | None:
    """Return the place that an id names, or None if it is none of ours."""
    found = _ID.fullmatch(text.strip())
    return EventId(int(found["seq"]), found["plane"]) if found else None


def frame(event: str, body: Mapping[str, Any], at: EventId | None = None) -> bytes:
    """Return an event; with the place in the log after which the client has all, if it has one."""
    return framed(event, encode(body), at)


def framed(event: str, body: bytes, at: EventId | None = None) -> bytes:
    """Return an event of which the body is JSON already; JSON has no line breaks of its own."""
    place = b"" if at is None else b"id: %d@%s\n" % (at.seq, at.plane.encode())
    return b"%sevent: %s\ndata: %s\n\n" % (place, event.encode(), body)
