"""Calls between simulated nodes, and from clients to them, over the simulated network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.errors import Outcome, Unavailable
from brookline.plane.peers import Lost, Misdirected, NotSent, Probe, Reply, Request
from brookline.testing.connection import Broken, Refused

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    from brookline.plane.node import PlaneNode
    from brookline.testing.connection import End
    from brookline.testing.network import Network
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness
    from brookline.wire.heartbeats import Heartbeat

CONNECT_S = 2.0
_ID_S = 1.0
_PROBES = 3
_PROBE_PAUSE_S = 0.1
_FORGED_AHEAD = 7
_CURRENT_S = 2.0
"""How long a read waits for what its client has seen already."""


class Line(NamedTuple):
    """Asks for the line of an instance."""

    instance: str


class Identify(NamedTuple):
    """Asks who listens."""


class Identified(NamedTuple):
    """Says who listens."""

    instance: str
    home: str


class Forward(NamedTuple):
    """Hands on a client's write to an instance that leads under an epoch."""

    instance: str
    epoch: int
    request: Request


class Write(NamedTuple):
    """A client's write."""

    request: Request


class Read(NamedTuple):
    """A client's read of a list, by somebody who has seen entry `seq`."""

    name: str
    seq: int


class Nudge(NamedTuple):
    """Says "look at the journal now"."""


class Refusal(NamedTuple):
    """Says that nothing was done: it is not meant for this instance."""


class Failure(NamedTuple):
    """Says 503, with an outcome."""

    outcome: str


class SimPeers:
    """Implements `brookline.plane.peers.Peers`.

    Args:
        network: Carries everything.
        clock: Of the node that calls.
        randomness: Decides which words of a line are forged.
        proved_dead: Whether a node's death is proved by its home's lock.
    """

    def __init__(
        self,
        network: Network,
        clock: Clock,
        *,
        randomness: Randomness,
        proved_dead: Callable[[Heartbeat], bool],
    ) -> None:
        self.forged = 0.0
        self._network = network
        self._clock = clock
        self._randomness = randomness
        self._proved_dead = proved_dead

    async def line(self, master: Heartbeat) -> AsyncGenerator[int, None]:
        """Yield the master's tail; some words may be lost or forged."""
        end = await self._connect(master.address)
        try:
            end.send(Line(master.instance))
            if isinstance(await end.receive(), Refusal):
                raise NotSent
            while True:
                tail = await end.receive()
                lie = self.forged > 0 and self._randomness.random() < self.forged
                yield tail + _FORGED_AHEAD if lie else tail
        except Broken:
            return
        finally:
            end.close()

    async def nudge(self, node: Heartbeat) -> None:
        """Give a hint."""
        self._network.hint(node.address, Nudge())

    async def probe(self, node: Heartbeat) -> Probe:
        """Find out whether that instance is known to be gone."""
        for left in reversed(range(_PROBES)):
            try:
                end = await self._connect(node.address)
            except NotSent as error:
                if not isinstance(error.__cause__, Refused):
                    return Probe.UNKNOWN
            else:
                return await self._identify(end, node)
            if left:
                await self._clock.sleep(_PROBE_PAUSE_S)
        return Probe.REFUSED

    async def proved_dead(self, node: Heartbeat) -> bool:
        """Tell whether the death is proved."""
        return self._proved_dead(node)

    async def forward(self, node: Heartbeat, epoch: int, request: Request) -> Reply:
        """Have that instance carry out a write."""
        end = await self._connect(node.address)
        try:
            end.send(Forward(node.instance, epoch, request))
            answer = await end.receive()
        except Broken as error:
            raise Lost from error
        finally:
            end.close()
        match answer:
            case Reply():
                return answer
            case Refusal():
                raise Misdirected
            case _:
                raise Lost

    async def _connect(self, address: str) -> End:
        try:
            async with asyncio.timeout(CONNECT_S):
                return await self._network.connect(address)
        except (Refused, TimeoutError) as error:
            raise NotSent(address) from error

    async def _identify(self, end: End, node: Heartbeat) -> Probe:
        try:
            async with asyncio.timeout(_ID_S):
                end.send(Identify())
                said = await end.receive()
        except (Broken, TimeoutError):
            return Probe.UNKNOWN
        finally:
            end.close()
        if not isinstance(said, Identified):
            return Probe.UNKNOWN
        if said.instance == node.instance:
            return Probe.SAME
        return Probe.LATER if said.home == node.home else Probe.UNKNOWN


def server(node: PlaneNode, items: Callable[[str], list[str]]) -> Callable[[End], Awaitable[None]]:
    """Return what serves the connections to a node.

    Args:
        node: Which.
        items: Returns a list as it is shown there.
    """

    async def serve(end: End) -> None:
        match await end.receive():
            case Line(instance):
                await _serve_line(node, end, instance)
            case Identify():
                end.send(Identified(node.identity.instance, node.identity.home))
            case Forward(instance, epoch, request):
                end.send(await _forwarded(node, instance, epoch, request))
            case Write(request):
                end.send(await _written(node, request, end))
            case Read(name, seq):
                current = await node.wait_applied(seq, _CURRENT_S)
                # Asked after the wait: meanwhile it may have become a node that shows nothing.
                end.send(items(name) if current and node.readable else Refusal())
            case stranger:
                raise TypeError(f"a message that no node knows: {stranger!r}")

    return serve


async def _serve_line(node: PlaneNode, end: End, instance: str) -> None:
    if instance != node.identity.instance or not node.leads():
        end.send(Refusal())
        return
    end.send("here it is")
    async for tail in node.line.watch():
        end.send(tail)


async def _forwarded(node: PlaneNode, instance: str, epoch: int, request: Request) -> Any:
    if instance != node.identity.instance:
        return Refusal()
    try:
        return await node.door.accept(request, epoch)
    except Misdirected:
        return Refusal()
    except Lost:
        return Failure(Outcome.UNKNOWN.value)
    except Unavailable:
        return Reply(status=503)  # the master says that it does not know


async def _written(node: PlaneNode, request: Request, end: End) -> Any:
    try:
        return await node.door.submit(request, lambda: not end.hung_up)
    except Unavailable as error:
        return Failure(error.outcome.value)
