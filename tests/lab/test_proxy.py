"""The proxy carries bytes, makes links slow or dead in one direction, and refuses as its target does."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from tests.backends.programs import free_port
from tests.lab.proxy import ANY, Change, Conduct, Links, Listener, Proxy

PATIENCE_S = 20.0


class Echo:
    """A server that sends back what it gets, after a word of its own."""

    def __init__(self, port):
        self.port = port
        self.got = asyncio.Event()
        self._writers = []

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_):
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader, writer):
        self._writers.append(writer)
        while data := await reader.read(100):
            self.got.set()
            writer.write(b"echo " + data)


@pytest.fixture
async def stand():
    """A proxy before a port, for the source c1."""
    here, there = free_port(), free_port()
    listener = Listener("n1", ("127.0.0.1", here), ("127.0.0.1", there), "c1")
    proxy = Proxy(Links(1, (listener,)))
    await proxy.start()
    yield proxy, here, there
    await proxy.close()


@contextlib.asynccontextmanager
async def connected(port):
    """Connect once it listens."""
    writer = None
    async with asyncio.timeout(PATIENCE_S):
        while writer is None:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.sleep(0.01)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def test_it_carries_bytes(stand):
    _, here, there = stand
    async with Echo(there), connected(here) as (reader, writer):
        writer.write(b"hello")

        assert await reader.readexactly(10) == b"echo hello"


async def test_it_refuses_while_its_target_does(stand):
    _, here, there = stand
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", here)

    async with Echo(there), connected(here) as (reader, writer):
        writer.write(b"1")
        await reader.readexactly(6)

    async with asyncio.timeout(PATIENCE_S):
        # The first one finds that nobody is there; from then on nobody is here either.
        while await is_taken(here):
            pass


async def is_taken(port):
    """Tell whether a port takes connections, of which nothing is heard."""
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionRefusedError:
        return False
    with contextlib.suppress(ConnectionResetError):
        assert await reader.read() == b""
    writer.transport.abort()
    return True


async def test_what_is_held_on_its_way_there_comes_once_it_is_let_go(stand):
    proxy, here, there = stand
    async with Echo(there) as echo, connected(here) as (reader, writer):
        proxy.change(Change("c1", "n1", Conduct(hold_up=True)))
        writer.write(b"1")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(echo.got.wait(), 0.2)

        proxy.change(Change("c1", "n1", Conduct()))
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readexactly(6) == b"echo 1"


async def test_what_is_held_on_its_way_back_was_heard(stand):
    proxy, here, there = stand
    async with Echo(there) as echo, connected(here) as (reader, writer):
        proxy.change(Change(ANY, "n1", Conduct(hold_down=True)))
        writer.write(b"1")
        async with asyncio.timeout(PATIENCE_S):
            await echo.got.wait()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.2)


async def test_a_link_that_resets_ends_its_connections(stand):
    proxy, here, there = stand
    async with Echo(there), connected(here) as (reader, writer):
        proxy.change(Change("c1", ANY, Conduct(reset=1.0)))
        writer.write(b"1")
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ConnectionResetError):
                await reader.readexactly(1)


def test_the_most_particular_word_about_a_link_counts():
    proxy = Proxy(Links(1, ()))
    slow, slower = Conduct(delay_s=0.1), Conduct(delay_s=0.2)
    proxy.change(Change(ANY, "n1", slow))
    proxy.change(Change("c1", "n1", slower))

    assert proxy.conduct("c1", "n1") == slower
    assert proxy.conduct("c2", "n1") == slow
    assert proxy.conduct("c2", "n2") == Conduct()
