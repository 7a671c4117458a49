"""Writes: made into requests at the door, and carried out on the master by the same routes.

A client's write is read whole, handed to the plane's door, and comes back to `execute` on the node
that leads: this one, or another to which the door forwarded it.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from typing import TYPE_CHECKING

from brookline.api.calls import Call, parse_query
from brookline.api.negotiation import form_of
from brookline.api.problems import Refused, problem, unexpected
from brookline.errors import BrooklineError, InvalidInput, Unavailable
from brookline.plane.peers import Reply, Request
from brookline.values.trace import REQUEST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from brookline.api.ports import Ports
    from brookline.api.routes import RouteTable
    from brookline.api.wireform import Stamp

KEY = "idempotency-key"
BASE = "brookline-base"
"""Scheme and authority that the client used; travels with a forwarded request."""

_KEPT = ("content-type", "accept", "x-requested-with")

_LONGEST_KEY = 255
_PATIENCE_S = 0.1
"""After so long a write's client is watched, so that one that hung up is not served later."""


class Dropped(Exception):
    """The client of a held write has hung up; nothing was done, and nobody waits for an answer."""


@dataclasses.dataclass(slots=True)
class _Waiting:
    """A write that has not been answered.

    Attributes:
        request: Id of the request.
        gone: Returns once the client has hung up.
        task: Serves the client.
        dropped: Whether it was given up because the client has.
    """

    request: str
    gone: Callable[[], Awaitable[None]]
    task: asyncio.Task[object] | None
    dropped: bool = False


class Writes:
    """The API's side of the door."""

    def __init__(self, ports: Ports, table: RouteTable, stamp: Stamp) -> None:
        self._ports = ports
        self._table = table
        self._stamp = stamp
        self._numbers = itertools.count(1)
        self._begun: set[str] = set()
        self._submits = itertools.count()
        self._waiting: dict[int, _Waiting] = {}
        self._watching = False

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        body: bytes,
        user: str,
        base: str,
    ) -> Request:
        """Return a client's write as it goes to the door.

        Args:
            method: HTTP method.
            path: Raw path with its query.
            headers: All that the client sent.
            body: All of it.
            user: Who asks.
            base: Scheme and authority that the client used.

        Raises:
            InvalidInput: If the client's key is too long to be kept.
        """
        given = headers.get(KEY, "")
        if len(given) > _LONGEST_KEY:
            raise InvalidInput(f"the Idempotency-Key is longer than {_LONGEST_KEY} characters")
        # Nobody else makes ids that begin with this instance's, and it is new at each start.
        made = f"{self._ports.node.identity.instance}-{next(self._numbers)}"
        kept = [(name, headers[name]) for name in _KEPT if name in headers]
        return Request(
            id=given or made, method=method, path=path, headers=(*kept, (BASE, base)), body=body,
            user=user, from_client=bool(given),
        )  # fmt: skip

    async def submit(self, request: Request, gone: Callable[[], Awaitable[None]]) -> Reply:
        """Have a write carried out by whoever leads.

        Args:
            request: The write.
            gone: Returns once the client has hung up.

        Raises:
            Unavailable: Nobody could do it, or nobody knows whether it was done.
            Dropped: Its client hung up while it was held.
        """
        # Several requests may have one id, if their client says so; hence a number of our own.
        number = next(self._submits)
        waiting = self._waiting[number] = _Waiting(request.id, gone, asyncio.current_task())
        if not self._watching:
            self._watching = True
            self._ports.crew.spawn(self._watch(), "clients")
        try:
            return await self._ports.node.door.submit(request)
        except asyncio.CancelledError:
            if not waiting.dropped:
                raise
            raise Dropped from None
        finally:
            del self._waiting[number]

    async def execute(self, request: Request) -> Reply:
        """Carry out a write, on the master; the door calls this.

        Raises:
            Unavailable: It was not done, or nobody knows; all other refusals are replies.
        """
        REQUEST.set(request.id)  # for the log; the task of this request ends with it
        self._begun.add(request.id)
        try:
            return await self._executed(request)
        except Unavailable:
            raise
        except (BrooklineError, Refused) as refusal:
            return self._stamp.reply(problem(refusal))
        except Exception as fault:  # noqa: BLE001 - the edge of the API
            return self._stamp.reply(unexpected(fault))
        finally:
            self._begun.discard(request.id)

    async def _executed(self, request: Request) -> Reply:
        path, _, query = request.path.partition("?")
        found = self._table.find(request.method, path)
        headers = dict(request.headers)
        call = Call(
            ports=self._ports,
            path=found.path,
            query=parse_query(query.encode()) if query else {},
            headers=headers,
            body=request.body,
            user=request.user,
            request=request.id,
            base=headers.get(BASE, ""),
            accepted=form_of(found.operation, headers.get("accept", "")),
        )
        return self._stamp.reply(await found.operation.handler(call))

    async def _watch(self) -> None:
        """Watch the clients of all writes that take long, as long as there are any."""
        known: set[int] = set()
        while self._waiting:
            before = set(self._waiting)
            await self._ports.clock.sleep(_PATIENCE_S)
            long = before & self._waiting.keys()
            for number in long - known:
                waiting = self._waiting[number]
                work = self._drop_when_gone(number, waiting)
                self._ports.crew.spawn(work, f"client/{waiting.request}")
            known = long
        self._watching = False

    async def _drop_when_gone(self, number: int, waiting: _Waiting) -> None:
        await waiting.gone()
        if number in self._waiting and waiting.request not in self._begun:
            waiting.dropped = True
            if waiting.task is not None:
                waiting.task.cancel()
