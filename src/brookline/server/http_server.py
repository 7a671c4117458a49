"""The HTTP server: uvicorn's protocol on our listeners, in our loop, ended in our order."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import select
import socket
import struct
from email.utils import formatdate
from typing import TYPE_CHECKING, Any, cast

from uvicorn.config import Config
from uvicorn.server import ServerState

from brookline.api.hot_protocol import HotProtocol
from brookline.values.crew import Crew

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Sequence

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from brookline.server.loop import Standstill
    from brookline.values.clock import Clock

    App = Callable[..., Awaitable[None]]

log = logging.getLogger("brookline.http")

_ACCEPTS_AT_ONCE = 256
_IDLE_S = 75
"""How long an idle connection is kept; longer than most clients keep theirs."""

_HANDSHAKE_S = 10.0
_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER that answers a client with RST: nothing of what it sent was read."""


class _Protocol(HotProtocol):
    """One connection, which reads nothing that was sent before the loop stood still."""

    def __init__(self, server: HttpServer, age: int) -> None:
        super().__init__(server.config, server.state, {}, server.loop)
        self._standstill = server.standstill
        self._age = age

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._is_old():
            transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._is_old():
            self.transport.abort()
        else:
            super().data_received(data)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, functools.partial(self._answer, cycle, app))

    async def _answer(
        self, cycle: RequestResponseCycle, app: App, scope: Any, receive: Any, send: Any
    ) -> None:
        """Answer a request, unless the loop stood still since it was read."""
        if self._is_old():
            cycle.disconnected = True
        else:
            await app(scope, receive, send)

    def _is_old(self) -> bool:
        self._standstill.check()
        return self._age != self._standstill.age


class HttpServer:
    """Serves an ASGI application.

    Args:
        app: The application.
        sockets: Listening already.
        tls: Context of the certificate, or None.
        standstill: Tells when the loop stood still.
        clock: Times the end.
    """

    def __init__(
        self,
        app: App,
        sockets: Sequence[socket.socket],
        *,
        tls: ssl.SSLContext | None,
        standstill: Standstill,
        clock: Clock,
    ) -> None:
        self.config = _config(app)
        self.state = ServerState()
        self.connections = cast("set[_Protocol]", self.state.connections)
        self.standstill = standstill
        self.loop = asyncio.get_running_loop()
        self._sockets = list(sockets)
        self._tls = tls
        self._clock = clock
        self._connecting = 0
        self._closing: list[tuple[bytes, bytes]] = []
        self._crew = Crew("http")

    def start(self) -> None:
        """Begin to accept connections."""
        self.standstill.hooks.append(self.drop_all)
        self._crew.spawn(self._keep_date(), "date")
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

        A connection without a request is closed only when nothing lies in its buffer, since its
        client would not know whether that was done.
        """
        self.ask_to_close()
        while self._sockets:
            sock = self._sockets.pop()
            self._accept(sock)  # who is connected already gets an answer, not a reset
            self.loop.remove_reader(sock)
            sock.close()
        deadline = self._clock.monotonic() + wait_s
        while self._close_idle() and self._clock.monotonic() < deadline:
            await self._clock.sleep(0.005)
        for connection in list(self.connections):
            connection.transport.abort()
        for task in list(self.state.tasks):
            task.cancel()
        if self.state.tasks:
            await asyncio.wait(list(self.state.tasks))
        await self._crew.disband()
        if self.drop_all in self.standstill.hooks:
            self.standstill.hooks.remove(self.drop_all)

    def _close_idle(self) -> bool:
        """Close connections that wait for a request; tell whether others are left."""
        for connection in list(self.connections):
            if _is_idle(connection) and not _has_unread(connection.transport):
                connection.transport.close()
        return bool(self.connections or self._connecting)

    def _accept(self, listener: socket.socket) -> None:
        self.standstill.check()  # else what waited would be of the new age
        for _ in range(_ACCEPTS_AT_ONCE):
            try:
                sock, _ = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:
                self._pause(listener, error)
                return
            sock.settimeout(0)
            self._crew.spawn(self._connect(sock, self.standstill.age), "connection")

    async def _connect(self, sock: socket.socket, age: int) -> None:
        self._connecting += 1
        try:
            await self.loop.connect_accepted_socket(
                lambda: _Protocol(self, age),
                sock,
                ssl=self._tls,
                ssl_handshake_timeout=_HANDSHAKE_S if self._tls else None,
            )
        except OSError as error:  # a client that spoke no TLS, or went away
            log.debug("connection failed", extra={"fields": {"why": str(error)}})
            sock.close()
        finally:
            self._connecting -= 1

    def _pause(self, listener: socket.socket, error: OSError) -> None:
        """Accept nothing for a second: there are no descriptors or no memory left."""
        log.error("cannot accept connections", extra={"fields": {"why": str(error)}})
        self.loop.remove_reader(listener)

        def resume() -> None:
            if listener.fileno() >= 0:
                self.loop.add_reader(listener, self._accept, listener)

        self.loop.call_later(1.0, resume)

    async def _keep_date(self) -> None:
        while True:
            self._set_headers()
            await self._clock.sleep(1.0)

    def _set_headers(self) -> None:
        date = formatdate(self._clock.wall_ms() / 1000, usegmt=True).encode()
        self.state.default_headers = [(b"date", date), *self._closing]


def _config(app: Any) -> Config:
    config = Config(
        app,
        http=HotProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=_IDLE_S,
    )
    config.load()
    return config


def _is_idle(connection: _Protocol) -> bool:
    cycle: RequestResponseCycle | None = connection.cycle
    return cycle is None or cycle.response_complete


def _has_unread(transport: asyncio.Transport) -> bool:
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
    return bool(poll.poll(0))


def _refuse_waiting(listener: socket.socket) -> int:
    refused = 0
    with contextlib.suppress(OSError):
        while True:
            sock, _ = listener.accept()
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            sock.close()
            refused += 1
    return refused
