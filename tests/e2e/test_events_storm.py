"""Hundreds of clients of the stream whose node dies: all come to the other one at once, and go on there."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import resource

import pytest
from tests.e2e.servers import QUICK, Writer
from tests.e2e.test_events import log_of, sensors_of

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

CLIENTS, SLOW, STORMS = 500, 50, 3
FILES = 4096
"""Open ones that a server, and this process, may have."""


@pytest.fixture(autouse=True)
def many_files():
    before = soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, most), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


class Client:
    """Reads one node after another, and goes on at the next with the last id.

    Attributes:
        heard: Entries, each with the values that it set.
        hellos: Names of nodes, each with whether it went on, and from which entry.
        reads: Set while it reads.
    """

    def __init__(self, servers, query):
        self.servers = servers
        self.query = query
        self.last_id = ""
        self.heard = []
        self.hellos = []
        self.resets = 0
        self.coalesced = 0
        self.reads = asyncio.Event()
        self.reads.set()
        self._writer = None

    def last_seq(self):
        return int(self.last_id.partition("@")[0] or -1)

    def drop(self):
        """Break the connection off."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def run(self):
        for number in range(10_000):
            server = self.servers[number % len(self.servers)]
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._listen(server)
            await asyncio.sleep(0.01)

    async def _listen(self, server):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 14)
        self._writer = writer
        try:
            headers = dict(server.cluster.login)
            if self.last_id:
                headers["Last-Event-ID"] = self.last_id
            lines = [f"GET /v1/events?{self.query} HTTP/1.1", "Host: x"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            writer.write("\r\n".join([*lines, "", ""]).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            if b" 200 " in head.partition(b"\r\n")[0]:
                await self._events(reader)
        finally:
            writer.close()

    async def _events(self, reader):
        left = b""
        while True:
            await self.reads.wait()
            size = int(await reader.readuntil(b"\r\n"), 16)
            left += (await reader.readexactly(size + 2))[:-2]
            *whole, left = left.split(b"\n\n")
            for event in whole:
                self._take(dict(line.split(": ", 1) for line in event.decode().split("\n")))

    def _take(self, fields):
        data = json.loads(fields["data"])
        self.last_id = fields.get("id", self.last_id)
        match fields["event"]:
            case "hello":
                self.hellos.append((data["name"], data["resumed"], data["seq"]))
            case "reset":
                self.resets += 1
            case "changes":
                self.coalesced += "coalesced" in data
                values = [one["set"] for one in data["changes"] if one["type"] == "sensors"]
                self.heard += [(data["seq"], each) for each in values]


async def until(what, holds):
    for _ in range(6000):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"in vain: {what}")


@contextlib.asynccontextmanager
async def listening(clients):
    tasks = [asyncio.create_task(client.run()) for client in clients]
    try:
        await until("all are greeted", lambda: all(client.hellos for client in clients))
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def writing(servers, app):
    """Gives a function that waits for so many more writes."""
    writer = Writer(servers, app)
    await asyncio.to_thread(writer.__enter__)
    try:
        yield functools.partial(asyncio.to_thread, writer.writes)
    finally:
        await asyncio.to_thread(writer.__exit__)


async def test_all_clients_go_on_at_once_at_the_next_master_without_gap_or_repetition(cluster):
    n1, n2 = await asyncio.to_thread(cluster.pair, *QUICK)
    app = await asyncio.to_thread(cluster.deploy, n2)
    query = f"topics=entities&application={app}&sensors=*"
    clients = [Client([n1, n2], query) for _ in range(CLIENTS)]
    async with listening(clients):
        async with writing([n1, n2], app) as writes:
            for client in clients[:SLOW]:
                client.reads.clear()
            await writes(50)
            await asyncio.to_thread(n1.kill)
            await writes(50)
            for client in clients[:SLOW]:
                client.reads.set()
            for storm in range(STORMS):
                await until(
                    "all are there", lambda n=storm: all(len(c.hellos) > 1 + n for c in clients)
                )
                for client in clients:
                    client.drop()
                await writes(20)
            await until("all are there", lambda: all(len(c.hellos) > 1 + STORMS for c in clients))
        told = sensors_of(log_of(cluster), app)
        await until("all is heard", lambda: all(c.last_seq() >= told[-1][0] for c in clients))

    for client in clients:
        (first, _, begin), *later = client.hellos
        assert first == "n1"
        assert {(name, resumed) for name, resumed, _ in later} == {("n2", True)}
        assert not client.resets
        assert_all_once(client, [one for one in told if one[0] > begin])
    assert n2.is_well("master")


def assert_all_once(client, told):
    """Make sure that a client has heard each entry once; of several in one event the latest counts."""
    seqs = [seq for seq, _ in client.heard]
    assert seqs == sorted(set(seqs)), "an entry twice, or out of order"
    if not client.coalesced:
        assert client.heard == told
    assert {k: v for _, values in client.heard for k, v in values.items()} == {
        k: v for _, values in told for k, v in values.items()
    }
