"""The clients of a drill: one writes and one reads through each node, and all that they see is kept.

A client asks its node; where that does not answer, or says that it cannot do it now, it asks the next one, with the same key
of the request. So it is with clients that know all nodes of a plane, and prefer one.
"""

from __future__ import annotations

import dataclasses
import threading
from typing import TYPE_CHECKING

from brookline.client import calls
from brookline.client.course import Patience, outcome_of
from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.cli.tool import Tool
    from brookline.client.client import Client
    from brookline.client.exchange import Request
    from brookline.values.pace import Pace

WRITE, READ = "write", "read"

EVERY_S = 0.1
"""Between two calls of a client."""

GIVE_UP_S = 90.0
"""How long a client goes on with one call."""

_CALL_S = 3.0
"""How long a node may take before the next one is asked."""

_PAUSE_S = 0.05

_CHILD = "services: [{{type: org.apache.brooklyn.entity.stock.BasicEntity, name: {name}}}]"


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A call, as its client saw it.

    Attributes:
        kind: `WRITE` or `READ`.
        door: Name of the node that was asked first.
        name: Of what was written; empty for a read.
        began: Monotonic time.
        ended: Likewise.
        tries: How many nodes were asked.
        error: Why it was given up, or empty.
        outcome: What became of a write that was given up.
    """

    kind: str
    door: str
    name: str
    began: float
    ended: float
    tries: int
    error: str = ""
    outcome: Outcome = Outcome.NOT_DONE


@dataclasses.dataclass(frozen=True, slots=True)
class Door:
    """A node through which clients go in.

    Attributes:
        name: Of the node.
        url: Its address.
    """

    name: str
    url: str


class Load:
    """Clients that write to one application and read it, until they are told to end.

    Args:
        tool: Makes clients.
        doors: The nodes.
        app: Id of the application; entities are added below it.

    Attributes:
        seen: All calls so far, in the order of their ends.
    """

    def __init__(self, tool: Tool, doors: Sequence[Door], app: str) -> None:
        self.seen: list[Seen] = []
        self._tool = tool
        self._doors = doors
        self._app = app
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=work, args=(number,), daemon=True)
            for number in range(len(doors))
            for work in (self._write, self._read)
        ]

    def begin(self) -> None:
        """Start all clients."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Let each client bring its last call to an end."""
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def written(self) -> int:
        """Return how many writes were acknowledged so far."""
        return sum(1 for one in list(self.seen) if one.kind == WRITE and not one.error)

    def _write(self, number: int) -> None:
        count = 0

        def make() -> tuple[str, Request]:
            nonlocal count
            count += 1
            name = f"drill-{number}-{count}"
            plan = _CHILD.format(name=name)
            return name, calls.add_children(self._app, self._app, plan).request

        self._work(WRITE, number, make)

    def _read(self, number: int) -> None:
        self._work(READ, number, lambda: ("", calls.application(self._app).request))

    def _work(self, kind: str, number: int, make: Callable[[], tuple[str, Request]]) -> None:
        # Doors in turn, beginning with one's own.
        doors = [*self._doors[number:], *self._doors[:number]]
        with self._tool.make_stranger(Patience(0.0, 0.0)) as client:
            caller = _Caller(client, doors, self._tool.pace)
            while not self._ended.is_set():
                name, request = make()
                seen = caller.call(kind, name, request)
                self.seen.append(seen)
                self._ended.wait(max(0.0, EVERY_S - (seen.ended - seen.began)))


class _Caller:
    """Brings one call after the other to an end, at whichever door."""

    def __init__(self, client: Client, doors: Sequence[Door], pace: Pace) -> None:
        self._client = client
        self._doors = doors
        self._pace = pace

    def call(self, kind: str, name: str, request: Request) -> Seen:
        """Return how a call went."""
        began, tries, unknown, why = self._pace.monotonic(), 0, False, ""
        while True:
            door = self._doors[tries % len(self._doors)]
            tries += 1
            why, outcome = self._ask(request, door)
            unknown = unknown or outcome is Outcome.UNKNOWN
            now = self._pace.monotonic()
            if not why:
                return Seen(kind, self._doors[0].name, name, began, now, tries)
            if outcome is None or now - began >= GIVE_UP_S:
                became = Outcome.UNKNOWN if unknown else Outcome.NOT_DONE
                return Seen(kind, self._doors[0].name, name, began, now, tries, why, became)
            if tries % len(self._doors) == 0:
                self._pace.sleep(_PAUSE_S)

    def _ask(self, request: Request, door: Door) -> tuple[str, Outcome | None]:
        """Return why it was not answered, and what became of it: None if asking again is no use."""
        at = dataclasses.replace(request, at=door.url, timeout_s=_CALL_S)
        try:
            answer = self._client.ask(at)
        except Unavailable as error:
            return error.message, error.outcome
        if answer.status < 300:
            return "", None
        why = f"{door.name} answers {answer.status}"
        if answer.status in (421, 502, 503, 504):
            return why, outcome_of(answer)
        return why, None
