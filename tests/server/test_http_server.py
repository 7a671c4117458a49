from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from http.client import HTTPConnection, HTTPResponse

import pytest

from brookline.server.connection import IDLE_S, MOST_HEAD_BYTES
from brookline.server.http_server import HttpServer
from brookline.server.listening import listen
from brookline.server.loop import Standstill
from brookline.values.clock import SystemClock
from brookline.values.ports import PortRange

CHILD = """
import asyncio, sys
from brookline.server.http_server import HttpServer
from brookline.server.listening import listen
from brookline.server.loop import Standstill, new_loop
from brookline.values.clock import SystemClock
from brookline.values.ports import PortRange

standstill = Standstill(SystemClock(), 1.0)
seen = open(sys.argv[1], "a", buffering=1)

async def app(scope, receive, send):
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        more = message["more_body"]
    print(scope["path"], file=seen)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"ok"})

async def main():
    sockets = listen(["127.0.0.1"], PortRange.of(0))
    server = HttpServer(app, sockets, tls=None, standstill=standstill, clock=SystemClock())
    server.start()
    print(sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await server.close(1.0)

with asyncio.Runner(loop_factory=lambda: new_loop(standstill)) as runner:
    runner.run(main())
"""


def ask(path: str) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody".encode()


def answer(sock: socket.socket) -> bytes:
    """Return what comes until `ok`, or nothing if the connection is closed unanswered."""
    got = b""
    with contextlib.suppress(ConnectionResetError):
        while not got.endswith(b"ok") and (data := sock.recv(65536)):
            got += data
    return got


@pytest.mark.slow
def test_what_was_sent_while_the_process_was_stopped_is_closed_unread(tmp_path):
    seen = tmp_path / "seen"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(seen)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        place = ("127.0.0.1", int(process.stdout.readline()))
        idle, half = socket.create_connection(place), socket.create_connection(place)
        idle.sendall(ask("/before"))
        assert answer(idle).endswith(b"ok")
        half.sendall(ask("/half")[:-2])

        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        idle.sendall(ask("/idle"))
        half.sendall(b"dy")
        waiting = [socket.create_connection(place) for _ in range(20)]
        for number, sock in enumerate(waiting):
            sock.sendall(ask(f"/waiting{number}"))
        threading.Event().wait(1.5)  # longer than writes are held
        process.send_signal(signal.SIGCONT)

        assert [answer(sock) for sock in (idle, half, *waiting)] == [b""] * 22
        with socket.create_connection(place) as after:
            after.sendall(ask("/after"))
            assert answer(after).endswith(b"ok")
        for sock in (idle, half, *waiting):
            sock.close()
        process.communicate()
        assert process.returncode == 0
    assert seen.read_text().split() == ["/before", "/after"]


@pytest.mark.slow
def test_a_short_stop_closes_nothing(tmp_path):
    seen = tmp_path / "seen"
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(seen)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        place = ("127.0.0.1", int(process.stdout.readline()))
        with socket.create_connection(place) as sock:
            sock.sendall(ask("/one"))
            assert answer(sock).endswith(b"ok")
            process.send_signal(signal.SIGSTOP)
            os.waitpid(process.pid, os.WUNTRACED)
            sock.sendall(ask("/two"))
            process.send_signal(signal.SIGCONT)
            assert answer(sock).endswith(b"ok")
        process.communicate()
    assert seen.read_text().split() == ["/one", "/two"]


class Jumping(SystemClock):
    def __init__(self) -> None:
        self.jumped = 0.0

    def boottime(self) -> float:
        return super().boottime() + self.jumped


class Named:
    """What an application says of its node with each answer."""

    def raw(self) -> list[tuple[bytes, bytes]]:
        return [(b"brookline-node", b"n1")]


class Served:
    """A server in this loop, and clients on threads."""

    def __init__(self, most: int | None = None) -> None:
        self.clock = Jumping()
        self.standstill = Standstill(self.clock, 10.0)
        self.sockets = listen(["127.0.0.1"], PortRange.of(0))
        self.place = self.sockets[0].getsockname()
        self.let_go = asyncio.Event()
        self.paths: list[str] = []
        self.asked = asyncio.get_running_loop().create_future()
        app = functools.partial(self.app)
        app.stamp = Named()  # type: ignore[attr-defined]
        self.server = HttpServer(
            app,
            self.sockets,
            tls=None,
            standstill=self.standstill,
            clock=self.clock,
            most=most,
        )
        self.server.start()

    async def app(self, scope, receive, send):
        self.paths.append(scope["path"])
        if scope["path"] in ("/slow", "/stop"):
            self.asked.set_result(None)
        if scope["path"] == "/slow":
            await self.let_go.wait()
        if scope["path"] == "/stop":
            self.clock.jumped += 60
        await send(
            {
                "type": "http.response.start",
                "status": 200,
                "headers": [(b"content-length", b"2")],
            }
        )
        await send({"type": "http.response.body", "body": b"ok"})


@pytest.fixture
async def served():
    made = Served()
    yield made
    made.let_go.set()
    await made.server.close(1.0)


async def test_a_stop_in_the_midst_of_an_iteration_is_noticed_before_anything_is_read(served):
    _, first = await asyncio.open_connection(*served.place)
    reader, second = await asyncio.open_connection(*served.place)
    first.write(b"GET /stop HTTP/1.1\r\nhost: x\r\n\r\n")
    await served.asked
    # This loop is a plain one: nothing but the protocol itself looks at the clock.
    second.write(b"GET /second HTTP/1.1\r\nhost: x\r\n\r\n")

    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert served.paths == ["/stop"]
    assert served.standstill.age == 1
    first.close()
    second.close()


@pytest.mark.parametrize("steps", range(8), ids=str)
async def test_wherever_a_connection_is_when_the_stop_comes_it_is_not_read_after_it(served, steps):
    with socket.create_connection(served.place) as sock:
        sock.sendall(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n")
        for _ in range(steps):
            await asyncio.sleep(0)
        read_before = list(served.paths)
        served.clock.jumped += 60

        got = await asyncio.to_thread(answer, sock)

    assert served.paths == read_before
    assert bool(got) == bool(read_before)


async def test_a_stop_is_met_at_each_point_of_a_connection(served):
    """The test above covers the way only if it is longer than no and shorter than all steps."""
    with socket.create_connection(served.place) as sock:
        sock.sendall(b"GET /x HTTP/1.1\r\nhost: x\r\n\r\n")
        steps = 0
        while not served.paths:
            await asyncio.sleep(0)
            steps += 1
        assert 2 < steps < 8
        await asyncio.to_thread(answer, sock)


def get(place, path: str) -> tuple[int, str | None]:
    connection = HTTPConnection(*place)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        assert response.read() == b"ok"
        return response.status, response.headers["connection"]
    finally:
        connection.close()


async def test_asked_to_close_each_answer_ends_its_connection(served):
    assert await asyncio.to_thread(get, served.place, "/") == (200, None)
    slow = asyncio.ensure_future(asyncio.to_thread(get, served.place, "/slow"))
    await served.asked

    served.server.ask_to_close()
    served.let_go.set()

    assert await slow == (200, "close")
    assert await asyncio.to_thread(get, served.place, "/") == (200, "close")


async def test_closing_lets_running_requests_end_and_accepts_no_more(served):
    slow = asyncio.ensure_future(asyncio.to_thread(get, served.place, "/slow"))
    await served.asked
    closing = asyncio.ensure_future(served.server.close(30.0))
    await asyncio.sleep(0)

    with pytest.raises(ConnectionRefusedError):
        await asyncio.to_thread(get, served.place, "/late")
    served.let_go.set()

    assert (await slow)[0] == 200
    await closing


async def test_requests_that_come_one_behind_the_other_are_answered_in_order(served):
    reader, writer = await asyncio.open_connection(*served.place)
    writer.write(b"".join(b"GET /%d HTTP/1.1\r\nhost: x\r\n\r\n" % n for n in range(5)))

    for _ in range(5):
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_closing_answers_what_was_sent_already_and_what_waits_to_be_accepted(served):
    with socket.create_connection(served.place) as idle:
        idle.sendall(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
        await asyncio.to_thread(answer, idle)
        idle.sendall(b"GET /2 HTTP/1.1\r\nhost: x\r\n\r\n")
        with socket.create_connection(served.place) as waiting:
            waiting.sendall(b"GET /3 HTTP/1.1\r\nhost: x\r\n\r\n")
            await served.server.close(30.0)

            for sock in (idle, waiting):
                got = answer(sock)
                assert got.startswith(b"HTTP/1.1 200")
                assert b"connection: close" in got


async def test_closing_answers_the_next_request_of_a_connection_that_is_in_use(served):
    reader, writer = await asyncio.open_connection(*served.place)
    writer.write(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
    assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
    closing = asyncio.ensure_future(served.server.close(30.0))
    await asyncio.sleep(0.02)  # a client takes a little time between two requests

    writer.write(b"GET /2 HTTP/1.1\r\nhost: x\r\n\r\n")

    got = await reader.read()
    assert got.startswith(b"HTTP/1.1 200")
    assert b"connection: close" in got
    await closing
    writer.close()


async def test_closing_closes_connections_without_a_request(served):
    reader, writer = await asyncio.open_connection(*served.place)

    await served.server.close(30.0)

    assert await reader.read() == b""
    writer.close()


async def test_closing_does_not_wait_for_ever(served, caplog):
    reader, writer = await asyncio.open_connection(*served.place)
    writer.write(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n")
    await served.asked

    await served.server.close(0.01)

    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    assert not served.server.state.tasks
    assert caplog.text == ""  # it is no fault of the program
    writer.close()


async def test_closing_answers_one_that_waits_to_be_accepted_alone(served):
    with socket.create_connection(served.place) as waiting:
        waiting.sendall(b"GET /3 HTTP/1.1\r\nhost: x\r\n\r\n")
        await served.server.close(30.0)

        assert answer(waiting).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(
    "begin", [b"GET /" + b"a" * 9, b"GET / HTTP/1.1\r\nx: "], ids=["line", "header"]
)
async def test_a_head_without_end_is_refused_before_it_fills_the_memory(served, begin):
    def flood(sock: socket.socket) -> int:
        sock.sendall(begin)
        sent = 0
        with contextlib.suppress(ConnectionResetError, BrokenPipeError):
            while sent < 64 << 20:
                sent += sock.send(b"a" * 65536)
        return sent

    with socket.create_connection(served.place) as sock:
        assert await asyncio.to_thread(flood, sock) < 64 << 20
    assert not served.paths
    assert await asyncio.to_thread(get, served.place, "/") == (200, None)


def told(place, said: bytes) -> tuple[int, bytes, list[str]]:
    """Return status, body and names of the headers of the only answer to what is said."""
    with socket.create_connection(place) as sock:
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            sock.sendall(said)
        reply = HTTPResponse(sock)
        reply.begin()
        return reply.status, reply.read(), [name.lower() for name in reply.headers]


@pytest.mark.parametrize(("more", "status"), [(0, 200), (1, 431), (5000, 431)])
@pytest.mark.parametrize("body", [0, 200_000])
async def test_the_head_of_a_request_is_limited_to_the_byte(served, more, status, body):
    head = b"POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\nx: \r\n\r\n" % body
    long = head.replace(b"x: ", b"x: " + b"a" * (MOST_HEAD_BYTES + more - len(head)))
    whole = long + b"b" * body if status == 200 else long
    found, text, _ = await asyncio.to_thread(told, served.place, whole)
    assert found == status
    assert served.paths == (["/1"] if status == 200 else [])
    if status == 431:
        assert json.loads(text)["error"] == 431


@pytest.mark.parametrize(
    "said",
    [
        b"POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ncontent-length: 4\r\n\r\nabcd",
        b"POST /1 HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
        b"CONNECT host:443 HTTP/1.1\r\nhost: x\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"nonsense\r\n\r\n",
    ],
    ids=["two lengths", "length and chunks", "CONNECT", "TLS", "nonsense"],
)
async def test_what_is_no_request_is_refused_as_json_by_the_node(served, said):
    status, text, headers = await asyncio.to_thread(told, served.place, said)
    assert status == 400
    assert json.loads(text)["error"] == 400
    assert {"content-type", "content-length", "connection", "brookline-node"} <= set(headers)
    assert served.paths == []


async def test_a_long_body_is_no_long_head(served):
    body = b"b" * (1 << 20)
    with socket.create_connection(served.place) as sock:
        for path in (b"/1", b"/2"):
            head = b"POST %s HTTP/1.1\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % (path, len(body))
            await asyncio.to_thread(sock.sendall, head + body)
            assert (await asyncio.to_thread(answer, sock)).startswith(b"HTTP/1.1 200")
    assert served.paths == ["/1", "/2"]


@pytest.mark.parametrize("said", [b"", b"GET / HT"], ids=["nothing", "a part"])
async def test_a_client_that_asks_nothing_is_sent_away_in_time(served, said):
    reader, writer = await asyncio.open_connection(*served.place)
    writer.write(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n" + said)
    await reader.readuntil(b"ok")

    for _ in range(IDLE_S):
        served.server.look()
    assert not reader.at_eof()
    for _ in range(2):
        served.server.look()

    assert await reader.read() == b""
    writer.close()


async def test_a_client_that_waits_for_its_answer_is_not_sent_away(served):
    slow = asyncio.ensure_future(asyncio.to_thread(get, served.place, "/slow"))
    await served.asked
    for _ in range(2 * IDLE_S):
        served.server.look()
    served.let_go.set()

    assert await slow == (200, None)


async def test_there_are_no_more_connections_than_descriptors_allow(caplog):
    full = Served(most=2)
    pairs = [await asyncio.open_connection(*full.place) for _ in range(2)]
    for reader, writer in pairs:
        writer.write(b"GET /1 HTTP/1.1\r\nhost: x\r\n\r\n")
        await reader.readuntil(b"ok")

    _, third = await asyncio.open_connection(*full.place)
    for _ in range(20):
        await asyncio.sleep(0)

    assert "cannot accept connections" in caplog.text
    assert len(full.server.connections) == 2
    third.close()
    for _, writer in pairs:
        writer.close()
    await full.server.close(1.0)
