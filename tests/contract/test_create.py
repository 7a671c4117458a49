from __future__ import annotations

import asyncio
import os

import pytest

from brookline.stores.store import CREATED, EXISTS, Created, Exists, Undecided

ENTRY = "journal/0000000/0000000001"


async def test_a_key_that_is_absent_is_created(store):
    assert await store.create(ENTRY, b"one") == CREATED
    assert await store.get(ENTRY) == b"one"


async def test_a_key_that_exists_is_refused_and_stays_as_it_is(store, other):
    await store.create(ENTRY, b"one")
    for connection in (store, other):
        assert await connection.create(ENTRY, b"two") == EXISTS
        assert await connection.get(ENTRY) == b"one"


async def test_creating_again_with_the_same_bytes_says_exists(store):
    await store.create(ENTRY, b"one")
    assert await store.create(ENTRY, b"one") == EXISTS


async def test_a_key_that_was_put_cannot_be_created(store):
    await store.put("node/a", b"beat")
    assert await store.create("node/a", b"other") == EXISTS
    assert await store.get("node/a") == b"beat"


async def test_a_deleted_key_can_be_created_again(store, other):
    await store.create(ENTRY, b"one")
    await other.delete(ENTRY)
    assert await store.create(ENTRY, b"two") == CREATED
    assert await other.get(ENTRY) == b"two"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="empty"),
        pytest.param(bytes(range(256)), id="every-byte"),
        pytest.param(os.urandom(3 << 20), id="3-MiB"),
    ],
)
async def test_bytes_come_back_as_they_were_sent(store, other, data):
    assert await store.create(ENTRY, data) == CREATED
    assert await other.get(ENTRY) == data


async def test_another_connection_sees_what_was_created(store, other):
    assert await other.get(ENTRY) is None
    await store.create(ENTRY, b"one")
    assert await other.get(ENTRY) == b"one"
    assert await other.list("journal/") == [ENTRY]


async def test_keys_may_lie_deep_and_beside_each_other(store):
    keys = ["mail/a/b-000001", "mail/a/b-000002", "mail/b/a-000001", "probe/x/y/z", "plane"]
    for key in keys:
        assert await store.create(key, key.encode()) == CREATED
    for key in keys:
        assert await store.get(key) == key.encode()
    assert await store.list("") == sorted(keys)


async def test_of_sixteen_tasks_one_wins_and_its_bytes_stay(store, other):
    async def race(number: int) -> None:
        key = f"journal/0000000/{number:010d}"
        bids = [f"{number} {racer}".encode() for racer in range(16)]
        outcomes = await asyncio.gather(
            *(decided((store, other)[n % 2], key, bid) for n, bid in enumerate(bids))
        )
        held = await store.get(key)
        assert held == await other.get(key)
        assert held in bids
        won = [bid for bid, told in zip(bids, outcomes, strict=True) if isinstance(told, Created)]
        # Whoever asked a second time may have won with the first.
        assert won in ([held], [])
        assert sum(isinstance(told, Exists) for told in outcomes) == len(bids) - len(won)

    # Side by side: a server may let those who want one key wait for seconds.
    await asyncio.gather(*(race(number) for number in range(12)))


async def decided(store, key: str, data: bytes):
    """Create a key, and ask again as long as there is no definite answer, as on a busy machine."""
    while isinstance(told := await store.create(key, data), Undecided):
        pass
    return told


async def test_of_many_keys_created_at_once_all_are_there(store):
    keys = [f"journal/{n // 10:07d}/{n:010d}" for n in range(50)]
    outcomes = await asyncio.gather(*(store.create(key, key.encode()) for key in keys))
    assert outcomes == [CREATED] * 50
    assert await store.list("journal/") == keys


async def test_a_create_whose_caller_gave_up_is_whole_or_absent_and_the_next_try_decides(store):
    data = os.urandom(300_000)
    for number in range(20):
        key = f"journal/0000000/{number:010d}"
        attempt = asyncio.ensure_future(store.create(key, data))
        for _ in range(number % 5):
            await asyncio.sleep(0)
        attempt.cancel()
        await asyncio.wait([attempt])
        assert await store.get(key) in (None, data)
        assert await store.create(key, data) in (CREATED, EXISTS)
        assert await store.get(key) == data


async def test_what_can_be_read_can_be_settled(store, other):
    await store.create(ENTRY, b"one")
    await other.settle(ENTRY)
    assert await other.get(ENTRY) == b"one"


@pytest.mark.parametrize(
    "key",
    [
        pytest.param("", id="empty"),
        pytest.param("/plane", id="absolute"),
        pytest.param("journal/", id="ends-with-slash"),
        pytest.param("journal//1", id="empty-segment"),
        pytest.param("../plane", id="leaves-the-store"),
        pytest.param("journal/../../x", id="leaves-in-the-middle"),
        pytest.param("journal/./1", id="dot"),
        pytest.param(".tmp-1", id="hidden"),
        pytest.param("journal/.nfs0001", id="hidden-below"),
        pytest.param("a b", id="space"),
        pytest.param("a\nb", id="newline"),
        pytest.param("plane\n", id="newline-at-the-end"),
        pytest.param("a\0b", id="zero"),
        pytest.param("é", id="not-ascii"),
        pytest.param("x" * 201, id="long-segment"),
        pytest.param("/".join(["x" * 100] * 10), id="long-key"),
    ],
)
async def test_what_is_no_key_is_refused_by_every_call(store, key):
    for call in (store.create(key, b""), store.put(key, b"")):
        with pytest.raises(ValueError, match="no key"):
            await call
    for call in (store.get(key), store.delete(key), store.settle(key)):
        with pytest.raises(ValueError, match="no key"):
            await call
    assert await store.list("") == []
