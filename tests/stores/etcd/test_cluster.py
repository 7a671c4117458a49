"""A cluster of three members, of which one dies."""

from __future__ import annotations

import asyncio
import signal

import pytest
from tests.backends.etcd import Etcd
from tests.backends.fixtures import served

from brookline.stores.etcd.store import EtcdStore
from brookline.stores.store import CREATED, EXISTS, Undecided
from brookline.values.clock import SystemClock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("etcd")]


def entry(number):
    return f"journal/0000000/{number:010d}"


async def created(store, number):
    """Create an entry, again and again until that is decided; return how often it was not."""
    for tries in range(1000):
        outcome = await store.create(entry(number), b"%d" % number)
        if not isinstance(outcome, Undecided):
            assert outcome == CREATED or (tries and outcome == EXISTS)
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
