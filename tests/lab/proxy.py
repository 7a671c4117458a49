"""A small TCP proxy that makes links slow, lossy, or dead; a process of its own.

It reads lines of JSON from its input: `Links` once, then a `Change` each; it ends with its input. In
namespaces it listens on an address a target, and knows who connects by their address; on loopback
there is a listener for each source.

A target that refuses connections is refused here too: fast failover rests on that.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import sys
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Coroutine

ANY = "*"
_LOOK_S = 0.05
_CHUNK = 1 << 16


class Conduct(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a link treats what goes over it.

    Attributes:
        delay_s: Each piece is that late.
        rate: Bytes a second; 0 for any.
        loss: Chance that a piece takes as long as lost packets do: a time-out, or two, or three.
        reset: Chance that a piece ends its connection.
        hold_up: Whether nothing goes from source to target.
        hold_down: Whether nothing goes back.
    """

    delay_s: float = 0.0
    rate: float = 0.0
    loss: float = 0.0
    reset: float = 0.0
    hold_up: bool = False
    hold_down: bool = False


CALM = Conduct()


class Listener(msgspec.Struct, frozen=True):
    """Where the proxy stands for a target.

    Attributes:
        target: Name of it.
        listen: Host and port here.
        connect: Host and port there.
        source: Who connects here; empty if that is told by their address.
    """

    target: str
    listen: tuple[str, int]
    connect: tuple[str, int]
    source: str = ""


class Links(msgspec.Struct, frozen=True):
    """All that the proxy does.

    Attributes:
        seed: Of its dice.
        listeners: One for each target, or for each source and target.
        names: Of addresses.
    """

    seed: int
    listeners: tuple[Listener, ...]
    names: dict[str, str] = {}


class Change(msgspec.Struct, frozen=True):
    """A link behaves like this from now on; the source or the target may be `ANY`."""

    source: str
    target: str
    conduct: Conduct


class Reset(Exception):
    """This connection is to end."""


class Proxy:
    """Listens, connects, and carries bytes to and fro."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._random = random.Random(links.seed)
        self._conducts: dict[tuple[str, str], Conduct] = {}
        self._servers: dict[int, asyncio.Server] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        for number in range(len(self._links.listeners)):
            self._spawn(self._open_once_there(number))

    async def close(self) -> None:
        """Stop listening, and end all connections."""
        for server in self._servers.values():
            server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def change(self, change: Change) -> None:
        self._conducts[change.source, change.target] = change.conduct

    def conduct(self, source: str, target: str) -> Conduct:
        """Return how a link behaves: the most particular word about it counts."""
        for key in ((source, target), (ANY, target), (source, ANY), (ANY, ANY)):
            if (found := self._conducts.get(key, CALM)) != CALM:
                return found
        return CALM

    async def _open_once_there(self, number: int) -> None:
        """Listen for a target as soon as it takes connections itself."""
        listener = self._links.listeners[number]
        while True:
            with contextlib.suppress(OSError):
                _, probe = await asyncio.open_connection(*listener.connect)
                probe.close()
                break
            await asyncio.sleep(_LOOK_S)
        host, port = listener.listen

        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._spawn(self._carried(number, reader, writer))

        self._servers[number] = await asyncio.start_server(accept, host, port, reuse_address=True)

    async def _carried(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            with contextlib.suppress(OSError, Reset):
                await self._carry(number, reader, writer)
        finally:
            _abort(writer)

    async def _carry(
        self, number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        listener = self._links.listeners[number]
        address = writer.get_extra_info("peername")[0]
        source = listener.source or self._links.names.get(address, ANY)
        link = (source, listener.target)
        await self._hurdle(link, 0, up=True)
        try:
            back, forth = await asyncio.open_connection(*listener.connect)
        except OSError:
            self._refuse_from_now_on(number)
            raise
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, forth, link, up=True))
                group.create_task(self._pump(back, writer, link, up=False))
        except* (OSError, Reset):
            _abort(writer)
        finally:
            forth.close()

    def _refuse_from_now_on(self, number: int) -> None:
        if (server := self._servers.pop(number, None)) is not None:
            server.close()
            self._spawn(self._open_once_there(number))

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        link: tuple[str, str],
        *,
        up: bool,
    ) -> None:
        while data := await reader.read(_CHUNK):
            await self._hurdle(link, len(data), up=up)
            writer.write(data)
            await writer.drain()
        await self._hurdle(link, 0, up=up)
        with contextlib.suppress(OSError):
            writer.write_eof()

    async def _hurdle(self, link: tuple[str, str], size: int, *, up: bool) -> None:
        """Wait as long as the link wants it."""
        conduct = self.conduct(*link)
        if size and self._random.random() < conduct.reset:
            raise Reset
        waits = conduct.delay_s + (size / conduct.rate if conduct.rate else 0.0)
        lost = 0.2
        while size and self._random.random() < conduct.loss and lost < 4:
            waits += lost
            lost *= 2
        if waits:
            await asyncio.sleep(waits)
        while self._held(link, up=up):  # noqa: ASYNC110 - a link has no event, and few are held
            await asyncio.sleep(_LOOK_S)

    def _held(self, link: tuple[str, str], *, up: bool) -> bool:
        conduct = self.conduct(*link)
        return conduct.hold_up if up else conduct.hold_down

    def _spawn(self, coroutine: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _abort(writer: asyncio.StreamWriter) -> None:
    """End a connection as a host does that knows nothing of it."""
    sock = writer.get_extra_info("socket")
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def serve() -> None:
    """Do what the input says, until it ends."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader(limit=1 << 20)
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    proxy = Proxy(msgspec.json.decode(await lines.readline(), type=Links))
    await proxy.start()
    while line := await lines.readline():
        proxy.change(msgspec.json.decode(line, type=Change))
    await proxy.close()


if __name__ == "__main__":
    asyncio.run(serve())
