"""A database that fails over to its standby, under a store that knows both."""

from __future__ import annotations

import asyncio

import pytest
from tests.backends.fixtures import served
from tests.backends.postgresql import Postgresql

from brookline.stores.store import CREATED, EXISTS, Undecided

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180), pytest.mark.xdist_group("postgresql")]


def entry(number):
    return f"journal/0000000/{number:010d}"


async def created(store, number):
    """Create an entry, again and again until that is decided."""
    while isinstance(outcome := await store.create(entry(number), b"%d" % number), Undecided):
        pass
    if outcome == EXISTS:
        assert await store.get(entry(number)) == b"%d" % number
        await store.settle(entry(number))
    return outcome


async def test_the_store_follows_to_the_standby_and_all_that_was_acknowledged_is_there(open_store):
    with served(Postgresql) as primary, served(lambda: Postgresql(primary)) as standby:
        url = primary.place().replace("@127.0.0.1", f"@127.0.0.1:{standby.port},127.0.0.1")
        primary.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
        primary.execute("SELECT pg_reload_conf()")
        store = await open_store(url)
        for number in range(1, 51):
            assert await store.create(entry(number), b"%d" % number) == CREATED

        primary.kill()
        assert isinstance(await store.create(entry(51), b"51"), Undecided)
        standby.execute("ALTER SYSTEM RESET synchronous_standby_names")
        standby.execute("SELECT pg_promote(), pg_reload_conf()")

        async with asyncio.timeout(60):
            for number in range(51, 101):
                await created(store, number)
        assert await store.list("journal/") == [entry(each) for each in range(1, 101)]
        for number in range(1, 101):
            assert await store.get(entry(number)) == b"%d" % number
        await store.close()
