"""Calls to other nodes over HTTP: the plane's `Peers`."""

from __future__ import annotations

import asyncio
import errno
import importlib
import logging
import socket
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import msgspec

from brookline.api import internode
from brookline.operations.streams import Piece
from brookline.plane.peers import Lost, Misdirected, NotSent, Probe, Reply
from brookline.security.node_keys import Call, digest_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

    import aiohttp

    from brookline.plane.peers import Request
    from brookline.security.node_keys import NodeKey
    from brookline.values.clock import Clock
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.peers")

_CONNECT_S = 2.0
_HINT_S = 1.0
_PIECE_S = 5.0
_PROBES = 3
_PROBE_PAUSE_S = 0.1
"""Three probes within 300 ms, so that a listener that is only being exchanged is not called dead."""
_LOOKS = 10
"""Looks at an address that accepts connections and breaks them, before nothing is known of it."""

_identified = msgspec.json.Decoder(internode.Identified)


class HttpPeers:
    """Calls other nodes, each call signed for the instance that it is meant for.

    Args:
        instance: Of this node.
        key: Its key pair.
        clock: For pauses.
        proved_dead: Whether a node's death is proved by its home's lock.
    """

    def __init__(
        self,
        instance: str,
        key: NodeKey,
        *,
        clock: Clock,
        proved_dead: Callable[[Heartbeat], Awaitable[bool]],
    ) -> None:
        self._instance = instance
        self._key = key
        self._clock = clock
        self._proved_dead = proved_dead
        self._session: aiohttp.ClientSession | None = None
        self._ready = False

    async def get_ready(self) -> None:
        """Import the HTTP client: late, for a lone node never needs it, and in a thread.

        It takes a fifth of a second, for which the loop would stand still. Every call does this
        before its own import.
        """
        if not self._ready:
            await asyncio.to_thread(importlib.import_module, "aiohttp")
            self._ready = True

    async def line(self, master: Heartbeat) -> AsyncGenerator[int, None]:
        """Yield the master's tail after each commit, and once a poll; ends when the line breaks.

        Raises:
            NotSent: If the line was never up.
        """
        await self.get_ready()
        import aiohttp  # noqa: PLC0415

        try:
            response = await self._open("GET", master, internode.LINE)
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise NotSent(f"{master.address}: {error}") from error
        async with response:
            if response.status != 200:
                raise NotSent(f"{master.address} answers {response.status}")
            try:
                async for word in response.content:
                    yield int(word)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                log.debug("line broke", extra={"fields": {"why": str(error)}})

    async def nudge(self, node: Heartbeat) -> None:
        """Say "look at the journal now". A hint: it raises nothing and may be lost."""
        await self.get_ready()
        import aiohttp  # noqa: PLC0415

        try:
            async with asyncio.timeout(_HINT_S):
                response = await self._open("POST", node, internode.NUDGE)
                response.release()
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            fields = {"node": node.name, "why": str(error)}
            log.debug("nudge lost", extra={"fields": fields})

    async def probe(self, node: Heartbeat) -> Probe:
        """Find out whether that instance is known to be gone."""
        refusals = 0
        for look in range(_LOOKS):
            if look:
                await self._clock.sleep(_PROBE_PAUSE_S)
            found = await self._look(node)
            refusals = refusals + 1 if found is Probe.REFUSED else 0
            if found is not None and (found is not Probe.REFUSED or refusals == _PROBES):
                return found
        return Probe.UNKNOWN

    async def proved_dead(self, node: Heartbeat) -> bool:
        """Tell whether the death is proved: same boot id, and its home's lock names it and is free."""
        return await self._proved_dead(node)

    async def forward(self, node: Heartbeat, epoch: int, request: Request) -> Reply:
        """Have that instance carry out a write under that epoch; one hop.

        Raises:
            NotSent: No byte was sent.
            Misdirected: The other does not lead under that epoch, and did nothing.
            Lost: It was sent, and no answer came.
        """
        body = internode.pack_request(request)
        status, answer = await self._sent(node, internode.FORWARD, body, epoch=epoch)
        return _carried_out(node, status, answer)

    async def relay(self, node: Heartbeat, request: Request, within_s: float) -> Reply:
        """Have that instance carry out a request about itself, as if it had come there; one hop.

        Args:
            node: It.
            request: What is asked of it.
            within_s: How long it may take.

        Raises:
            NotSent: No byte was sent.
            CallUnknown: Its version does not know such calls; it did nothing.
            Misdirected: It refused the call, and did nothing.
            Lost: It was sent, and no answer came.
        """
        if not node.address:
            raise NotSent("it says no address for other nodes")
        body = internode.pack_request(request)
        try:
            async with asyncio.timeout(within_s):
                status, answer = await self._sent(node, internode.RELAY, body)
        except TimeoutError as error:
            raise Lost(f"{node.address} has not answered within {within_s:g} s") from error
        if status == 404:
            raise internode.CallUnknown
        return _carried_out(node, status, answer)

    async def piece(self, node: Heartbeat, task_id: str, name: str, start: int) -> Piece:
        """Return what a node has of a stream, from a place on; nothing if it does not answer."""
        await self.get_ready()
        import aiohttp  # noqa: PLC0415

        body = internode.pack_asked(task_id, name, start)
        try:
            async with asyncio.timeout(_PIECE_S):
                response = await self._open("POST", node, internode.STREAM, body=body)
                told = internode.unpack_told(await response.read())
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError) as error:
            fields = {"node": node.name, "why": str(error)}
            log.debug("stream not told", extra={"fields": fields})
            return Piece(b"", 0)
        return Piece(told.content, told.end, told.kept)

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()

    async def _open(
        self, method: str, node: Heartbeat, path: str, *, body: bytes = b"", epoch: int = 0
    ) -> aiohttp.ClientResponse:
        call = Call(
            method=method,
            path=path,
            sender=self._instance,
            target=node.instance,
            counter=node.counter,
            epoch=epoch,
            digest=digest_of(body),
        )
        headers = internode.signed_headers(self._key, call)
        return await self._client().request(
            method, node.address.rstrip("/") + path, data=body or None, headers=headers,
            allow_redirects=False, ssl=_trusted(node),
        )  # fmt: skip

    async def _sent(
        self, node: Heartbeat, path: str, body: bytes, *, epoch: int = 0
    ) -> tuple[int, bytes]:
        """Send a call that may do something; return the status and the body of the answer.

        Raises:
            NotSent: No byte was sent.
            Lost: It was sent, and no answer came.
        """
        await self.get_ready()
        import aiohttp  # noqa: PLC0415

        try:
            response = await self._open("POST", node, path, body=body, epoch=epoch)
            return response.status, await response.read()
        except (
            aiohttp.ClientConnectorError,
            aiohttp.ConnectionTimeoutError,
            aiohttp.ServerFingerprintMismatch,
        ) as error:
            raise NotSent(f"{node.address}: {error}") from error
        except (aiohttp.ClientError, OSError, TimeoutError) as error:
            raise Lost(f"{node.address}: {error}") from error

    async def _look(self, node: Heartbeat) -> Probe | None:
        """Look once; None if somebody accepted the connection and broke it.

        So does a process that is being killed: its connections may end before its listener does.
        """
        connected = await self._connects(node.address)
        if connected is None:
            return Probe.UNKNOWN
        return await self._identify(node) if connected else Probe.REFUSED

    async def _identify(self, node: Heartbeat) -> Probe | None:
        """Ask who listens at the node's address; None if the connection breaks."""
        await self.get_ready()
        import aiohttp  # noqa: PLC0415

        try:
            async with asyncio.timeout(_HINT_S):
                response = await self._open("GET", node, internode.ID)
                said = _identified.decode(await response.read())
        except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError, ConnectionError):
            return None
        except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError):
            return Probe.UNKNOWN
        if said.instance == node.instance:
            return Probe.SAME
        return Probe.LATER if said.home == node.home else Probe.UNKNOWN

    async def _connects(self, address: str) -> bool | None:
        """Tell whether somebody listens there; None if that cannot be told."""
        place = urlsplit(address)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_HINT_S):
                found = await loop.getaddrinfo(place.hostname, place.port, type=socket.SOCK_STREAM)
                verdicts = [await _connect(family, where) for family, *_, where in found]
        except (OSError, TimeoutError):
            return None
        if any(verdict == 0 for verdict in verdicts):
            return True
        return False if all(verdict == errno.ECONNREFUSED for verdict in verdicts) else None

    def _client(self) -> aiohttp.ClientSession:
        import aiohttp  # noqa: PLC0415

        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S)
            # Writes that wait for an effector may be many; each has a connection of its own.
            connector = aiohttp.TCPConnector(limit=0)
            self._session = aiohttp.ClientSession(
                timeout=timeout, connector=connector, auto_decompress=False
            )
        return self._session


def _trusted(node: Heartbeat) -> aiohttp.Fingerprint | bool:
    """Return which certificate is believed: the one in the heartbeat, whoever signed it."""
    import aiohttp  # noqa: PLC0415

    return aiohttp.Fingerprint(bytes.fromhex(node.certificate)) if node.certificate else True


def _carried_out(node: Heartbeat, status: int, answer: bytes) -> Reply:
    """Return what another node answers to a request that it was to carry out.

    Raises:
        Misdirected: It did nothing.
        Lost: It may have done it.
    """
    if 400 <= status < 500:
        # Refused before anything was done: it is not, or not yet, who it was taken for.
        raise Misdirected(f"{node.address} answers {status}")
    if status >= 500:
        raise Lost(f"{node.address} answers {status}")
    try:
        return internode.unpack_reply(answer)
    except msgspec.DecodeError as error:
        raise Lost(f"{node.address} answers {status}") from error


async def _connect(family: int, where: Any) -> int:
    """Connect and hang up; return the number of the error, or 0."""
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setblocking(False)  # noqa: FBT003 - the standard library's word
        try:
            await asyncio.get_running_loop().sock_connect(sock, where)
        except OSError as error:
            return error.errno or -1
        return 0
