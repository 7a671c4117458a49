"""Connections over TLS end in two steps, and their clients need not take part in the second."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl

import pytest

from brookline.server.connection import IDLE_S
from brookline.server.http_server import HttpServer
from brookline.server.listening import listen
from brookline.server.loop import Standstill
from brookline.server.tls import own_tls
from brookline.values.clock import SystemClock
from brookline.values.ports import PortRange

LONG = b"x" * (8 << 20)


async def app(scope, receive, send):
    body = LONG if scope["path"] == "/long" else b"ok"
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class Served:
    """A server over TLS in this loop, and clients on threads."""

    def __init__(self, folder) -> None:
        clock = SystemClock()
        sockets = listen(["127.0.0.1"], PortRange.of(0))
        self.place = sockets[0].getsockname()
        self.server = HttpServer(
            app,
            sockets,
            tls=own_tls(folder, [], clock).context,
            standstill=Standstill(clock, 10.0),
            clock=clock,
        )
        self.server.start()

    async def client(self, path: str = "/") -> ssl.SSLSocket:
        """Return a connection on which a request was sent, and that nobody reads from now on."""
        return await asyncio.to_thread(self._connect, path)

    def _connect(self, path: str) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(socket.create_connection(self.place))
        sock.sendall(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
        if path == "/":
            assert read(sock, b"ok").startswith(b"HTTP/1.1 200")
        return sock


def read(sock: ssl.SSLSocket, end: bytes = b"") -> bytes:
    got = b""
    with contextlib.suppress(ConnectionResetError, ssl.SSLEOFError):
        while (data := sock.recv(1 << 20)) and not (got := got + data).endswith(end or b"\0"):
            pass
    return got


@pytest.fixture
async def served(tmp_path):
    made = Served(tmp_path / "tls")
    yield made
    await made.server.close(1.0)


async def test_closing_ends_with_clients_that_never_answer_the_goodbye(served):
    idle = [await served.client() for _ in range(3)]

    async with asyncio.timeout(60):
        await served.server.close(600.0)

    assert served.server.connections == set()
    for sock in idle:
        assert await asyncio.to_thread(read, sock) == b""
        sock.close()


async def test_closing_ends_with_clients_that_hang_up_meanwhile(served):
    idle = [await served.client() for _ in range(20)]
    closing = asyncio.ensure_future(served.server.close(600.0))
    for number, sock in enumerate(idle):
        await asyncio.sleep(0.02)
        if number % 2:
            with contextlib.suppress(OSError):
                await asyncio.to_thread(sock.unwrap)
        sock.close()

    async with asyncio.timeout(60):
        await closing

    assert served.server.connections == set()


async def test_closing_cuts_no_answer_off_that_is_read_slowly(served):
    slow = await served.client("/long")
    closing = asyncio.ensure_future(served.server.close(600.0))
    while not all(c.transport.is_closing() for c in served.server.connections):  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.1)

    got = await asyncio.to_thread(read, slow)

    assert got.endswith(LONG)
    await closing
    slow.close()


async def test_a_client_that_says_nothing_is_sent_away_once(served):
    idle = await served.client()

    for _ in range(IDLE_S + 4):
        served.server.look()

    (connection,) = served.server.connections
    assert connection.transport.is_closing()
    assert connection.transport.get_extra_info("socket") is not None
    assert await asyncio.to_thread(read, idle) == b""
    idle.close()
