"""REST resource: the stream of events. What it tells, and how, is in `docs/events.md`."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.api.answers import Answer
from brookline.api.calls import whole_number
from brookline.api.event_filter import read_filter, words
from brookline.api.output_pump import OutputPump
from brookline.api.routes import Param, Place, read
from brookline.errors import InvalidInput

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.api.event_client import EventClient
    from brookline.api.event_filter import Filter
    from brookline.api.hub import Hub

STREAM = "text/event-stream"
_LAST = "last-event-id"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Answer):
    """The answer to who wants to hear what happens; it goes on for as long as it is listened to.

    Attributes:
        wanted: What of.
        last_id: What the client has already, or empty.
        user: Who asks.
        pump: What brings output of a task, or None.
    """

    wanted: Filter
    last_id: str
    user: str
    pump: OutputPump | None

    def client(self, hub: Hub) -> EventClient:
        """Return a client that is to be served.

        Raises:
            Unavailable: If this node leaves, or has too many.
        """
        client = hub.open(self.wanted, self.last_id, self.user)
        client.pump = self.pump.run if self.pump is not None else None
        return client


async def get_events(call: Call) -> Listen:
    """Tell what changes as it changes, as server-sent events."""
    wanted = read_filter(call.query)
    last_id = call.headers.get(_LAST, "") or call.query.get("lastEventId", "")
    return Listen(
        status=200,
        media=STREAM,
        wanted=wanted,
        last_id=last_id.strip(),
        user=call.user,
        pump=_pump(call, wanted),
    )


def _pump(call: Call, wanted: Filter) -> OutputPump | None:
    """Return what brings the output that is asked for.

    Raises:
        InvalidInput: If it is not said of which task, or from where.
    """
    streams = words(call.query, "output")
    if not streams:
        return None
    if len(wanted.tasks) != 1:
        raise InvalidInput("output is that of one task: topics=tasks&task=…&output=stdout")
    starts = words(call.query, "from") or ["0"] * len(streams)
    numbers = [whole_number("from", start) for start in starts]
    if len(numbers) != len(streams) or any(number < 0 for number in numbers):
        raise InvalidInput("from needs a number of bytes for each stream of output, by commas")
    places = dict(zip(streams, numbers, strict=True))
    return OutputPump(call.ports, next(iter(wanted.tasks)), places)


_PARAMS = (
    *(Param(name) for name in ("topics", "application", "entity", "sensors", "detail")),
    *(Param(name) for name in ("task", "output", "from", "lastEventId")),
)

OPERATIONS = (
    read(
        "/events",
        get_events,
        returns=str,
        place=Place.ANY,
        params=_PARAMS,
        produces=(STREAM,),
        beyond=True,
    ),
)
