from __future__ import annotations

import asyncio

import pytest

from brookline.journal.keys import entry_key
from brookline.stores.registry import open_store
from brookline.values.clock import SystemClock

KEYS = [
    "blob/0000000001-ab",
    "journal/0000000/0000000001",
    "journal/0000000/0000000999",
    "journal/0000001/0000001000",
    "journal/0000001/0000001001",
    "journal/0000002/0000002000",
    "node/A",
    "node/_x",
    "node/a",
    "node/a-1",
    "node/a.b",
    "node/a0",
    "plane",
    "snapshot/0000000010-ab",
]


@pytest.fixture
async def full(store):
    for key in reversed(KEYS):
        await store.create(key, b"x")
    return store


async def test_all_keys_come_in_bytewise_order(full):
    assert await full.list("") == sorted(KEYS, key=str.encode)


async def test_a_folder_sorts_by_its_slash_among_the_keys_beside_it(store):
    keys = ["mail/a-0", "mail/a.x", "mail/a/1", "mail/a/2", "mail/a0", "mail/aa", "mail/b/0"]
    for key in keys[::-1]:
        await store.put(key, b"x")
    assert keys == sorted(keys)
    assert await store.list("mail/") == keys
    for n, key in enumerate(keys):
        assert await store.list("mail/", after=key) == keys[n + 1 :]
    assert await store.list("mail/a") == keys[:6]
    assert await store.list("mail/a/") == ["mail/a/1", "mail/a/2"]


async def test_an_empty_store_lists_nothing(store):
    assert await store.list("") == []
    assert await store.list("journal/") == []


@pytest.mark.parametrize(
    "prefix",
    [
        "journal/",
        "journal/0000001/",
        "journal/0000001/000000100",
        "journal",
        "jour",
        "node/a",
        "zoo",
    ],
)
async def test_a_prefix_need_not_end_at_a_slash(full, prefix):
    assert await full.list(prefix) == [key for key in sorted(KEYS) if key.startswith(prefix)]


@pytest.mark.parametrize(
    "after", ["", "a", *KEYS, "journal/0000001", "journal/0000001/", "node/a/", "zz"]
)
async def test_after_is_exclusive_wherever_it_lies(full, after):
    for prefix in ("", "journal/", "node/a", "journal/0000001/"):
        expected = [key for key in sorted(KEYS) if key.startswith(prefix) and key > after]
        assert await full.list(prefix, after) == expected


async def test_walking_page_by_page_meets_every_key_once(full):
    met, after = [], ""
    while page := (await full.list("", after))[:3]:
        met += page
        after = page[-1]
    assert met == sorted(KEYS)


MANY = {"postgresql": 1_100, "etcd": 1_100, "seaweedfs": 1_100, "azurite": 5_100}
"""More entries than a server tells at once: a thousand with S3, five thousand with Azure."""


@pytest.fixture
async def long(server, request):
    """A store with more entries than come in one page, and them."""
    store = await open_store(server.place(), SystemClock())
    keys = [entry_key(seq) for seq in range(1, MANY[request.node.callspec.params["server"]])]
    left = iter(keys[::-1])

    async def write():
        for key in left:
            await store.put(key, b"x")

    await asyncio.gather(*(write() for _ in range(16)))
    yield store, keys
    await store.close()


@pytest.mark.slow
@pytest.mark.timeout(180)
async def test_what_comes_in_several_pages_is_whole_and_in_order(long):
    store, keys = long
    await store.put("node/a", b"beat")
    assert await store.list("") == [*keys, "node/a"]
    assert await store.list("journal/") == keys
    for after in (keys[0], keys[50], keys[998], keys[999], keys[1_000], keys[-1]):
        assert await store.list("journal/", after) == keys[keys.index(after) + 1 :]
    await store.delete(keys[500])
    assert await store.list("journal/", keys[2]) == [*keys[3:500], *keys[501:]]


async def test_what_is_listed_is_a_copy(full):
    listed = await full.list("node/")
    listed.clear()
    assert len(await full.list("node/")) == 6


@pytest.mark.parametrize("prefix", ["../", "/", ".tmp-", "journal//", "a b", "journal/../"])
async def test_what_no_key_begins_with_is_refused(store, prefix):
    with pytest.raises(ValueError, match="no prefix"):
        await store.list(prefix)
