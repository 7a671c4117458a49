"""A cluster of three members, of which one dies."""

from __future__ import annotations

import asyncio
import signal
import socket

import pytest
from tests.backends.etcd import Etcd
from tests.backends.fixtures import served

from brookline.errors import StoreError
from brookline.stores.etcd.store import EtcdStore
from brookline.stores.store import CREATED, EXISTS, Undecided
from brookline.values.clock import SystemClock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("etcd")]


def entry(number):
    return f"journal/0000000/{number:010d}"


async def created(store, number, *, open_yet=False):
    """Create an entry, again and again until that is decided; return how often it was not.

    Args:
        open_yet: Whether it was asked for before, and that is undecided.
    """
    for tries in range(1000):
        outcome = await store.create(entry(number), b"%d" % number)
        if not isinstance(outcome, Undecided):
            assert outcome == CREATED or ((tries or open_yet) and outcome == EXISTS)
            return tries
    raise AssertionError(outcome.reason)


async def test_a_store_goes_on_through_the_members_that_live_and_has_lost_nothing():
    with served(lambda: Etcd(members=3)) as cluster:
        store = await EtcdStore.open(cluster.place(), SystemClock())
        number = 0
        async with asyncio.timeout(120):
            for member in cluster.members:
                for _ in range(10):
                    await created(store, number := number + 1)
                member.program.end(signal.SIGKILL)
                for _ in range(10):
                    await created(store, number := number + 1)
                await asyncio.to_thread(cluster.start_member, member)
        assert await store.list("journal/") == [entry(each) for each in range(1, number + 1)]
        for each in range(1, number + 1):
            assert await store.get(entry(each)) == b"%d" % each
        await store.close()


async def test_hosts_of_different_clusters_are_refused():
    with served(Etcd) as one, served(Etcd) as two:
        hosts = f"127.0.0.1:{one.port},127.0.0.1:{two.port}"
        store = await EtcdStore.open(f"etcd://{hosts}/x", SystemClock())
        assert await store.create(entry(1), b"1") == CREATED
        one.kill()
        outcomes = [await store.create(entry(2), b"2") for _ in range(3)]
        assert all(isinstance(outcome, Undecided) for outcome in outcomes)
        assert "different clusters" in outcomes[-1].reason
        with pytest.raises(StoreError, match="different clusters"):
            await store.get(entry(1))
        await store.close()


async def test_a_member_that_is_cut_off_from_the_others_is_left_for_another():
    with served(lambda: Etcd(members=3)) as cluster:
        alone = cluster.members[0]
        store = await EtcdStore.open(f"etcd://127.0.0.1:{alone.port}/x", SystemClock())
        assert await store.create(entry(1), b"1") == CREATED
        await store.close()
        for member in cluster.members[1:]:
            member.program.end(signal.SIGKILL)

        store = await EtcdStore.open.__func__(_Unchecked, cluster.url("x"), SystemClock())
        assert isinstance(await store.create(entry(2), b"2"), Undecided)
        for member in cluster.members[1:]:
            await asyncio.to_thread(cluster.start_member, member, wait=False)
        async with asyncio.timeout(60):
            await created(store, 2, open_yet=True)
        assert await store.get(entry(1)) == b"1"
        assert await store.get(entry(2)) == b"2"
        await store.close()


@pytest.mark.parametrize("calls", [2, 3, 5])
async def test_calls_that_fail_together_do_not_pass_over_the_member_that_lives(calls):
    with served(Etcd) as alive, socket.create_server(("127.0.0.1", 0)) as mute:
        hosts = f"127.0.0.1:{mute.getsockname()[1]},127.0.0.1:{alive.port}"
        store = await EtcdStore.open.__func__(_Unchecked, f"etcd://{hosts}/x", SystemClock())

        async def ask():
            return await store._gateway.ask("/v3/kv/range", {"key": "eA=="}, allowed_s=0.3)

        told = await asyncio.gather(*(ask() for _ in range(calls)), return_exceptions=True)
        assert all(isinstance(each, TimeoutError) for each in told)
        assert store._gateway._at == 1
        assert await store.create(entry(1), b"1") == CREATED
        await store.close()


class _Unchecked(EtcdStore):
    """Opened while nobody could check it."""

    async def _check(self):
        pass


@pytest.mark.parametrize("body", [b"{}", b"<html>welcome</html>", b"[]", b'{"kvs": []}'])
async def test_what_is_not_etcds_gateway_is_not_believed(body):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\nconnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        store = await EtcdStore.open.__func__(
            _Unchecked, f"etcd://127.0.0.1:{port}/x", SystemClock()
        )
        assert isinstance(await store.create(entry(1), b"1"), Undecided)
        with pytest.raises(StoreError, match="not an answer of etcd"):
            await store.get(entry(1))
        with pytest.raises(StoreError):
            await EtcdStore.open(f"etcd://127.0.0.1:{port}/x", SystemClock())
        await store.close()
