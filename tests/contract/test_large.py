"""Values of several MiB, as snapshots are: whole or absent, whoever races for them."""

from __future__ import annotations

import asyncio
import os

from brookline.stores.store import CREATED, EXISTS, Created

BLOB = "blob/0000000001-ab"
SIZE = 3 << 20


async def test_of_several_large_values_one_wins_whole(store, other):
    bids = [bytes([n]) * SIZE for n in range(4)]

    outcomes = await asyncio.gather(
        *((store, other)[n % 2].create(BLOB, bid) for n, bid in enumerate(bids))
    )

    won = [bid for bid, told in zip(bids, outcomes, strict=True) if isinstance(told, Created)]
    assert len(won) == 1
    assert await other.get(BLOB) == won[0]
    assert await store.list("") == [BLOB]


async def test_a_large_value_that_lost_leaves_the_winner_alone(store, other):
    assert await store.create(BLOB, b"small") == CREATED
    assert await other.create(BLOB, os.urandom(SIZE)) == EXISTS
    assert await store.get(BLOB) == b"small"


async def test_creating_a_large_value_again_says_exists_and_keeps_it(store, other):
    data = os.urandom(SIZE)
    assert await store.create(BLOB, data) == CREATED
    for connection in (store, other, store):
        assert await connection.create(BLOB, data) == EXISTS
        assert await connection.create(BLOB, data[::-1]) == EXISTS
        assert await connection.get(BLOB) == data


async def test_a_deleted_large_value_is_gone_and_its_key_can_live_again(store, other):
    first, second = os.urandom(SIZE), os.urandom(SIZE)
    await store.create(BLOB, first)
    await other.delete(BLOB)
    assert await store.get(BLOB) is None
    assert await store.list("") == []
    assert await store.create(BLOB, first) == CREATED
    await store.delete(BLOB)
    assert await store.create(BLOB, second) == CREATED
    assert await other.get(BLOB) == second


async def test_large_and_small_puts_replace_each_other(store, other):
    for data in (b"small", os.urandom(SIZE), os.urandom(SIZE), b"again", b""):
        await store.put(BLOB, data)
        assert await other.get(BLOB) == data
    assert await store.list("") == [BLOB]


async def test_a_large_create_whose_caller_gave_up_is_decided_by_the_next_try(store):
    for number in range(6):
        key, data = f"blob/{number:010d}-ab", bytes([number]) * SIZE
        attempt = asyncio.ensure_future(store.create(key, data))
        await asyncio.sleep(0.002 * number)
        attempt.cancel()
        await asyncio.wait([attempt])
        assert await store.create(key, data) in (CREATED, EXISTS)
        assert await store.get(key) == data
