"""What a store says while its server is away, and that it goes on by itself once it is back."""

from __future__ import annotations

import asyncio

import pytest

from brookline.errors import StoreError, StoreUnfit
from brookline.stores import times
from brookline.stores.registry import open_store
from brookline.stores.store import CREATED, EXISTS, Undecided
from brookline.values.clock import SystemClock

ENTRY, NEXT = "journal/0000000/0000000001", "journal/0000000/0000000002"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]


@pytest.fixture
async def open_here():
    opened = []

    async def open_one(url):
        opened.append(await open_store(url, SystemClock()))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def hasty(monkeypatch):
    """Calls that give up soon."""
    monkeypatch.setattr(times, "ANSWER_S", 0.5)
    monkeypatch.setattr(times, "CREATE_S", 0.6)


async def test_a_server_that_hangs_leaves_creates_undecided_and_reads_without_an_answer(
    server, open_here, hasty
):
    store = await open_here(server.place())
    assert await store.create(ENTRY, b"one") == CREATED

    server.pause()
    try:
        outcome = await store.create(NEXT, b"two")
        assert isinstance(outcome, Undecided)
        assert "no answer in time" in outcome.reason
        for call in (store.get(ENTRY), store.put("node/a", b"beat"), store.list("node/")):
            with pytest.raises(StoreError, match="no answer in time"):
                await call
    finally:
        server.resume()

    async with asyncio.timeout(60):
        while isinstance(await store.create(NEXT, b"two"), Undecided):
            pass
        assert await store.create(NEXT, b"three") == EXISTS
        assert await store.get(NEXT) == b"two"


async def test_what_was_created_is_there_when_a_killed_server_is_back(server, open_here):
    url = server.place()
    store = await open_here(url)
    for number in range(1, 20):
        key = f"journal/0000000/{number:010d}"
        assert await store.create(key, key.encode()) == CREATED

    server.kill()
    try:
        outcome = await store.create("journal/0000000/0000000020", b"late")
        assert isinstance(outcome, Undecided)
        assert outcome.reason
        for call in (store.get(ENTRY), open_store(url, SystemClock())):
            with pytest.raises(StoreError) as raised:
                await call
            assert not isinstance(raised.value, StoreUnfit)
            assert "s3same" not in raised.value.message
    finally:
        server.start()

    async with asyncio.timeout(60):
        while isinstance(await store.create("journal/0000000/0000000020", b"late"), Undecided):
            pass
    keys = [f"journal/0000000/{number:010d}" for number in range(1, 21)]
    assert await store.list("journal/") == keys
    assert [await store.get(key) for key in keys[:-1]] == [key.encode() for key in keys[:-1]]
