"""The HTTP server: uvicorn's protocol on our listeners, in our loop, ended in our order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import resource
import select
import socket
import struct
import termios
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from brookline.server.connection import Connection
from brookline.values.crew import Crew

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from brookline.server.loop import Standstill
    from brookline.values.clock import Clock

    App = Callable[..., Awaitable[None]]

log = logging.getLogger("brookline.http")

_ACCEPTS_AT_ONCE = 256
_KEPT_BACK = 256
"""Descriptors that no client gets: without any, a master could not even write to its store."""

_FAREWELL_S = 0.25
"""How long a connection without a request is kept at the end: one that is in use has its next
request answered, with ``Connection: close``, and no request meets a connection that closes."""

_HANDSHAKE_S = 10.0
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that answers a client with RST: nothing of what it sent was read."""


class HttpServer:
    """Serves an ASGI application.

    Args:
        app: The application.
        sockets: Listening already.
        tls: Context of the certificate, or None.
        standstill: Tells when the loop stood still.
        clock: Times the end.
        most: Connections at the same time; as many as the descriptors allow if None.
    """

    def __init__(
        self,
        app: App,
        sockets: Sequence[socket.socket],
        *,
        tls: ssl.SSLContext | None,
        standstill: Standstill,
        clock: Clock,
        most: int | None = None,
    ) -> None:
        self.config = _config(app)
        self.state = ServerState()
        self.connections = cast("set[Connection]", self.state.connections)
        self.standstill = standstill
        self.loop = asyncio.get_running_loop()
        self._sockets = list(sockets)
        self._tls = tls
        self._clock = clock
        self._most = _most_connections() if most is None else most
        self._connecting = 0
        self._closing: list[tuple[bytes, bytes]] = []
        self._crew = Crew("http")

    def start(self) -> None:
        """Begin to accept connections."""
        self.standstill.hooks.append(self.drop_all)
        self._crew.spawn(self._each_second(), "each second")
        for sock in self._sockets:
            self.loop.add_reader(sock, self._accept, sock)

    def drop_all(self) -> None:
        """Close all connections unread, also those that wait to be accepted."""
        dropped = len(self.connections)
        for connection in list(self.connections):
            connection.transport.abort()
        for sock in self._sockets:
            dropped += _refuse_waiting(sock)
        log.warning("connections dropped", extra={"fields": {"count": dropped}})

    def ask_to_close(self) -> None:
        """Have every answer from now on end its connection, so that clients find another node."""
        self._closing = [(b"connection", b"close")]
        self._set_headers()
        for connection in self.connections:
            if connection.cycle is not None:
                connection.cycle.keep_alive = False

    async def close(self, wait_s: float) -> None:
        """Accept nothing more, answer what has been sent, for some seconds at most, and close all.

        A connection without a request is closed only after a while, and when nothing lies in its
        buffer: a client whose connection is closed would not know whether its request was done.
        """
        self.ask_to_close()
        while self._sockets:
            sock = self._sockets.pop()
            self._accept(sock)  # who is connected already gets an answer, not a reset
            self.loop.remove_reader(sock)
            sock.close()
        begun = now = self._clock.monotonic()
        while (self.connections or self._connecting) and now < begun + wait_s:
            if now >= begun + _FAREWELL_S:
                self._close_idle()
            await self._clock.sleep(0.005)
            now = self._clock.monotonic()
        for connection in list(self.connections):
            connection.transport.abort()
        for task in list(self.state.tasks):
            task.cancel()
        if self.state.tasks:
            await asyncio.wait(list(self.state.tasks))
        await self._crew.disband()
        if self.drop_all in self.standstill.hooks:
            self.standstill.hooks.remove(self.drop_all)

    def _close_idle(self) -> None:
        """Close connections that wait for a request.

        One that closes already is not closed again, which breaks a transport of TLS; nor is it
        waited for a client that never answers the goodbye, once it has all that was sent.
        """
        for connection in list(self.connections):
            transport = connection.transport
            if not transport.is_closing():
                if connection.is_idle and not _has_unread(transport):
                    transport.close()
            elif self._tls and not _has_unsent(transport):
                transport.abort()

    def _accept(self, listener: socket.socket) -> None:
        self.standstill.check()  # else what waited would be of the new age
        for _ in range(_ACCEPTS_AT_ONCE):
            if len(self.connections) + self._connecting >= self._most:
                self._pause(listener, f"there are {self._most} connections already")
                return
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listener, str(error))
                return
            sock.settimeout(0)
            self._connecting += 1  # here, not in the task: who is accepted is waited for
            self._crew.spawn(self._connect(sock, self.standstill.age), "connection")

    async def _connect(self, sock: socket.socket, age: int) -> None:
        try:
            await self.loop.connect_accepted_socket(
                lambda: Connection(self, age),
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
            )
        except OSError as error:  # a client that spoke no TLS, or went away
            log.debug("connection failed", extra={"fields": {"why": str(error)}})
            sock.close()
        finally:
            self._connecting -= 1

    def _pause(self, listener: socket.socket, why: str) -> None:
        """Accept nothing for a second: there are no descriptors or no memory to spare."""
        log.error("cannot accept connections", extra={"fields": {"why": why}})
        self.loop.remove_reader(listener)

        def resume() -> None:
            if listener.fileno() >= 0:
                self.loop.add_reader(listener, self._accept, listener)

        self.loop.call_later(1.0, resume)

    async def _each_second(self) -> None:
        while True:
            self._set_headers()
            self.look()
            await self._clock.sleep(1.0)

    def look(self) -> None:
        """Close connections that have been silent for too long; called once a second."""
        for connection in list(self.connections):
            connection.look()

    def _set_headers(self) -> None:
        date = formatdate(self._clock.wall_ms() / 1000, usegmt=True).encode()
        self.state.default_headers = [(b"date", date), *self._closing]


def _config(app: Any) -> Config:
    config = Config(
        app,
        http=Connection,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
    )
    config.load()
    return config


def _most_connections() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return max(soft - _KEPT_BACK, _KEPT_BACK)


def _has_unread(transport: asyncio.Transport) -> bool:
    descriptor = _descriptor(transport)
    if descriptor < 0:
        return False
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(0))


def _has_unsent(transport: asyncio.Transport) -> bool:
    """Tell whether bytes wait in the kernel, as they do while any wait in a transport's buffer."""
    descriptor = _descriptor(transport)
    if descriptor < 0:
        return False
    waiting = fcntl.ioctl(descriptor, termios.TIOCOUTQ, bytes(4))
    return any(waiting)


def _descriptor(transport: asyncio.Transport) -> int:
    """Return the descriptor of its socket, or -1; with TLS the socket goes before the transport."""
    sock = transport.get_extra_info("socket")
    return -1 if sock is None else int(sock.fileno())


def _refuse_waiting(listener: socket.socket) -> int:
    refused = 0
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            sock.close()
            refused += 1
    return refused
