"""Writes: made into requests at the door, and carried out on the master by the same routes.

A client's write is read whole, handed to the plane's door, and comes back to `execute` on the node
that leads: this one, or another to which the door forwarded it. One that was carried out before is
answered as it was then.
"""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
from typing import TYPE_CHECKING

from brookline.api.asking import Follows, told_again
from brookline.api.calls import Call, parse_query
from brookline.api.negotiation import form_of
from brookline.api.problems import Refused, problem, unexpected
from brookline.api.routes import LONGEST_KEY
from brookline.api.wireform import SEQUENCE
from brookline.errors import BrooklineError, InvalidInput, Unavailable
from brookline.management.context import Repeated
from brookline.plane.peers import Reply, Request
from brookline.values.trace import REQUEST

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from brookline.api.answers import Answer
    from brookline.api.node_port import Node
    from brookline.api.ports import Ports
    from brookline.api.routes import Operation, RouteTable
    from brookline.api.wireform import Stamp

KEY = "idempotency-key"
BASE = "brookline-base"
"""Scheme and authority that the client used; travels with a forwarded request."""

_KEPT = ("content-type", "accept", "x-requested-with")

_PATIENCE_S = 0.1
"""After so long a write's client is watched, so that one that hung up is not served later."""

_OWN_S = 1.0
"""How long an answer from another node is kept back until this one shows what was done."""


class Dropped(Exception):
    """The client of a held write has hung up; nothing was done, and nobody waits for an answer."""


@dataclasses.dataclass(slots=True)
class _Waiting:
    """A write that has not been answered.

    Attributes:
        request: Id of the request.
        gone: Returns once the client has hung up.
        task: Serves the client.
        left: Whether the client has.
        dropped: Whether it was given up because of that.
    """

    request: str
    gone: Callable[[], Awaitable[None]]
    task: asyncio.Task[object] | None
    left: bool = False
    dropped: bool = False

    def is_wanted(self) -> bool:
        """Tell whether its client still waits, as far as is known."""
        return not self.left


class Writes:
    """The API's side of the door."""

    def __init__(self, ports: Ports, table: RouteTable, stamp: Stamp) -> None:
        self._ports = ports
        self._table = table
        self._stamp = stamp
        self._numbers = itertools.count(1)
        self._changing: set[asyncio.Task[object] | None] = set()
        self._submits = itertools.count()
        self._waiting: dict[int, _Waiting] = {}
        self._watching = False

    def request(
        self,
        operation: Operation,
        path: str,
        headers: Mapping[str, str],
        *,
        body: bytes,
        user: str,
        base: str,
    ) -> Request:
        """Return a client's write as it goes to the door.

        Args:
            operation: What is asked for.
            path: Raw path with its query.
            headers: All that the client sent.
            body: All of it.
            user: Who asks.
            base: Scheme and authority that the client used.

        Raises:
            InvalidInput: If the client's key is too long to be kept.
        """
        given = headers.get(KEY, "")
        if len(given) > LONGEST_KEY:
            raise InvalidInput(f"the Idempotency-Key is longer than {LONGEST_KEY} characters")
        # Nobody else makes ids that begin with this instance's, and it is new at each start.
        made = f"{self._ports.node.identity.instance}-{next(self._numbers)}"
        kept = [(name, headers[name]) for name in _KEPT if name in headers]
        return Request(
            id=given or made, method=operation.method, path=path, headers=(*kept, (BASE, base)),
            body=body, user=user, from_client=bool(given), repeatable=operation.recorded,
            waits=operation.follow is not None,
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
            reply = await self._ports.node.door.submit(request, waiting.is_wanted)
            return await shown_here(self._ports.node, reply)
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
        try:
            return self._stamp.reply(await self._executed(request))
        except Unavailable:
            raise
        except (BrooklineError, Refused) as refusal:
            return self._stamp.reply(problem(refusal))
        except Exception as fault:  # noqa: BLE001 - the edge of the API
            return self._stamp.reply(unexpected(fault))

    async def _executed(self, request: Request) -> Answer:
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
            write=request,
            base=headers.get(BASE, ""),
            accepted=form_of(found.operation, headers.get("accept", "")),
        )
        answer = await self._answer(found.operation, call, request)
        if isinstance(answer, Follows):
            assert found.operation.follow is not None
            async with self._ports.node.door.while_leading():
                return await found.operation.follow(call, answer)
        return answer

    async def _answer(self, operation: Operation, call: Call, request: Request) -> Answer | Follows:
        """Do what is asked for, unless it was done before; what happens then may take long."""
        memory, task = self._ports.node.door.memory, asyncio.current_task()
        known = memory.find(request) if operation.recorded else None
        if known is not None:
            return told_again(known, call.base)
        self._changing.add(task)  # so that it comes to its end, also if its client hangs up
        try:
            return await operation.handler(call)
        except Repeated as repeated:
            return told_again(repeated.record, call.base)
        except BrooklineError:
            # Perhaps because it was done meanwhile, by the same request that came another way.
            known = memory.find(request) if operation.recorded else None
            if known is None:
                raise
            return told_again(known, call.base)
        finally:
            self._changing.discard(task)

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
        waiting.left = True
        if number in self._waiting and waiting.task not in self._changing:
            waiting.dropped = True
            if waiting.task is not None:
                waiting.task.cancel()


async def shown_here(node: Node, reply: Reply) -> Reply:
    """Return an answer once this node shows what another one did: its client may look here.

    Clients that show sequences need no such favour; a plain ``curl`` does. A node that is far
    behind answers all the same: the thing is done.
    """
    sequence = next((int(value) for name, value in reply.headers if name == SEQUENCE), 0)
    if sequence > node.replica.seq:
        await node.wait_applied(sequence, _OWN_S)
    return reply
