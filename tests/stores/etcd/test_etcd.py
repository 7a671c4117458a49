from __future__ import annotations

import asyncio
import os

import pytest
from tests.backends.programs import free_port

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.etcd import watching
from brookline.stores.etcd.address import read_address
from brookline.stores.etcd.compaction import PERIOD_S
from brookline.stores.etcd.gateway import Refused
from brookline.stores.etcd.keyspace import Keyspace
from brookline.stores.store import CREATED, EXISTS, Undecided

pytestmark = pytest.mark.xdist_group("etcd")

ENTRY, BLOB = "journal/0000000/0000000001", "blob/0000000001-ab"
LARGE = 3 << 20


def test_a_url_names_hosts_and_a_prefix():
    address = read_address("etcd://me:s%40cret@h1:1,h2,[::1]:3/ops/plane1", {})
    assert address.endpoints == ("http://h1:1", "http://h2:2379", "http://[::1]:3")
    assert (address.prefix, address.user, address.password) == ("ops/plane1", "me", "s@cret")
    assert "cret" not in f"{address!r}"
    assert read_address("etcd://h", {}).prefix == "brookline"


def test_what_a_url_leaves_out_comes_from_the_variables_of_etcdctl():
    said = {"ETCDCTL_USER": "me:secret", "ETCDCTL_CACERT": "/ca.pem"}
    address = read_address("etcd://h/x", said)
    assert (address.user, address.password) == ("me", "secret")
    assert address.endpoints == ("https://h:2379",)
    other = read_address("etcds://you@h/x", {**said, "ETCDCTL_PASSWORD": "p"})
    assert (other.user, other.password) == ("you", "p")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("etcd://", "write etcd://host"),
        ("etcd:h/x", "write etcd://host"),
        ("etcd://h/a b", "the prefix may have"),
        ("etcd://h:x/a", "'h:x' is no host with a port from 1 to 65535"),
        ("etcd://h1,h2:99999/a", "'h2:99999' is no host with a port"),
        ("etcd://h:0/a", "'h:0' is no host with a port"),
        ("etcd://:2379/a", "':2379' is no host with a port"),
        ("etcd://h1,,h2/a", "'' is no host with a port"),
        ("etcd://[::1/a", r"'\[::1' is no host with a port"),
        ("etcd://h#x/a", "'h#x' is no host with a port"),
        ("etcd://h/x?ca=1", "no parameter 'ca', but"),
    ],
)
def test_what_is_no_such_url_is_refused(url, words):
    with pytest.raises(StoreUnfit, match=words):
        read_address(url, {})


async def test_of_several_members_one_that_lives_is_used(etcd, open_store):
    url = etcd.place().replace("127.0.0.1:", f"127.0.0.1:{free_port()},127.0.0.1:")
    store = await open_store(url)
    assert await store.create(ENTRY, b"one") == CREATED
    assert await store.get(ENTRY) == b"one"


async def test_a_prefix_that_holds_something_else_is_not_touched(etcd, open_store):
    url = etcd.place()
    store = await open_store(url)
    await store._gateway.ask(
        "/v3/kv/put", {"key": store._keys.name("registry/pods"), "value": "eA=="}
    )
    with pytest.raises(StoreUnfit, match=r"holds something else \(registry\)"):
        await open_store(url)

    await store.create("plane", b"{}")
    assert await (await open_store(url)).get("plane") == b"{}"


async def test_planes_whose_prefixes_begin_alike_do_not_meet(etcd, open_store):
    url = etcd.place()
    one, two = await open_store(url), await open_store(f"{url}0")
    await one.create(ENTRY, b"one")
    await two.create(ENTRY, b"two")
    assert await one.list("") == await two.list("") == [ENTRY]
    await one.delete(ENTRY)
    assert await two.get(ENTRY) == b"two"


async def test_a_long_list_comes_in_pages(etcd, open_store, monkeypatch):
    monkeypatch.setattr("brookline.stores.etcd.store._PAGE", 7)
    store = await open_store(etcd.place())
    keys = [f"journal/0000000/{number:010d}" for number in range(30)]
    for key in keys:
        await store.put(key, b"x")
    await store.create(BLOB, os.urandom(LARGE))
    assert await store.list("journal/") == keys
    assert await store.list("", after=keys[3]) == keys[4:]
    assert await store.list("") == [BLOB, *keys]


async def parts_of(store):
    everything = Keyspace(store._address.prefix).listed("", "").body(keys_only=True)
    found = await store._gateway.ask("/v3/kv/range", everything)
    names = [store._keys.key(each["key"]) for each in found.get("kvs", ())]
    return [name for name in names if name.startswith(".parts/")]


async def test_no_part_is_left_behind(etcd, open_store):
    store, other = await open_store(etcd.place()), None
    other = await open_store(store._address.place)
    data = os.urandom(LARGE)
    assert await store.create(BLOB, data) == CREATED
    mine = await parts_of(store)
    assert len(mine) == 6
    assert await other.create(BLOB, data) == EXISTS
    assert await other.create(BLOB, data[::-1]) == EXISTS
    assert await parts_of(store) == mine

    await store.put(BLOB, os.urandom(LARGE))
    assert len(await parts_of(store)) == 6
    assert not set(mine) & set(await parts_of(store))
    await store.put(BLOB, b"small")
    assert await parts_of(store) == []

    await store.put(BLOB, data)
    await store.delete(BLOB)
    assert await parts_of(store) == []


async def test_an_undecided_create_of_a_large_value_uses_its_upload_again(etcd, open_store):
    store = await open_store(etcd.place())
    data = os.urandom(LARGE)
    upload = await store._parts.upload(BLOB, data)
    assert await store._parts.upload(BLOB, data) == upload
    assert await store.create(BLOB, data) == CREATED
    assert len(await parts_of(store)) == 6
    assert await store.get(BLOB) == data


async def test_a_delete_while_parts_are_sent_takes_them_and_is_noticed(etcd, open_store):
    store = await open_store(etcd.place())
    data = os.urandom(LARGE)
    await store._parts.upload(BLOB, data)
    await store.delete(BLOB)

    outcome = await store.create(BLOB, data)

    assert outcome.reason == "the key was deleted while its value was sent"
    assert await store.get(BLOB) is None
    assert await store.create(BLOB, data) == CREATED
    assert await store.get(BLOB) == data


async def test_an_upload_that_was_cut_short_goes_on_under_its_id(etcd, open_store):
    store = await open_store(etcd.place())
    data, ask = os.urandom(LARGE), store._gateway.ask
    left = 3

    async def fail_soon(path, body, **more):
        nonlocal left
        left -= 1
        if not left:
            raise TimeoutError
        return await ask(path, body, **more)

    store._gateway.ask = fail_soon
    assert isinstance(await store.create(BLOB, data), Undecided)
    store._gateway.ask = ask

    assert await store.create(BLOB, data) == CREATED
    assert len(await parts_of(store)) == 6
    assert await store.get(BLOB) == data


async def test_a_first_part_that_lands_late_makes_no_value_of_one_whose_others_are_gone(
    etcd, open_store
):
    # It was sent twice, for its answer was lost; between the two, somebody deleted the key.
    store = await open_store(etcd.place())
    data = os.urandom(LARGE)
    await store._parts.upload(BLOB, data)
    first, *_ = await parts_of(store)
    await store.delete(BLOB)
    await store._gateway.ask("/v3/kv/put", {"key": store._keys.name(first), "value": "eA=="})

    outcome = await store.create(BLOB, data)

    assert isinstance(outcome, Undecided)
    assert await store.get(BLOB) is None
    assert await parts_of(store) == []
    assert await store.create(BLOB, data) == CREATED
    assert await store.get(BLOB) == data


async def test_a_value_whose_parts_are_missing_is_no_value(etcd, open_store):
    store = await open_store(etcd.place())
    await store.create(BLOB, os.urandom(LARGE))
    (first, *_) = await parts_of(store)
    await store._gateway.ask("/v3/kv/deleterange", {"key": store._keys.name(first)})
    with pytest.raises(StoreError, match="parts of its value are missing"):
        await store.get(BLOB)


async def test_a_value_that_is_not_ours_is_no_value(etcd, open_store):
    store = await open_store(etcd.place())
    await store._gateway.ask("/v3/kv/put", {"key": store._keys.name(ENTRY), "value": "eA=="})
    with pytest.raises(StoreError, match="did not write"):
        await store.get(ENTRY)


async def test_watchers_are_told_of_new_keys(etcd, open_store):
    store = await open_store(etcd.place())
    hints = store.watch("journal/")
    await anext(hints)  # it watches
    await store.put("node/a", b"beat")
    waiting = asyncio.ensure_future(anext(hints))
    await asyncio.wait([waiting], timeout=0.2)
    assert not waiting.done()

    await store.create(ENTRY, b"one")
    async with asyncio.timeout(10):
        await waiting
    await hints.aclose()


async def all_of(hints):
    return [each async for each in hints]


async def test_a_watch_notices_a_server_that_says_nothing_any_more(etcd, open_store, monkeypatch):
    monkeypatch.setattr(watching, "QUIET_S", 0.3)
    monkeypatch.setattr(watching, "limit_s", lambda: 0.5)
    store = await open_store(etcd.place())
    hints = store.watch("journal/")
    for _ in range(3):
        async with asyncio.timeout(10):
            await anext(hints)  # it is there, and has nothing to tell

    etcd.pause()
    try:
        async with asyncio.timeout(10):
            with pytest.raises(StoreError, match="cannot watch"):
                await all_of(hints)
    finally:
        etcd.resume()


@pytest.mark.parametrize("cut", [0, 5, 12])
async def test_a_watch_that_etcd_ends_is_over_though_its_stream_goes_on(cut):
    said = b'{"result":{"created":true}}\n', b'{"result":{"canceled":true}}\n'

    class Ending:
        async def stream(self, *_):
            at = said[1].index(b'"canc') + cut
            for chunk in (said[0], said[1][:at], said[1][at:]):
                yield chunk
            await asyncio.Event().wait()

    hints = watching.Watching(Ending(), {}).hints()
    async with asyncio.timeout(10):
        with pytest.raises(Refused, match="ended"):
            await all_of(hints)


class Hours:
    """A clock on which a test lets hours pass."""

    def __init__(self):
        self.now = 0.0

    def monotonic(self):
        return self.now


@pytest.mark.parametrize(("option", "forgets"), [("", True), ("?compact=no", False)])
async def test_the_past_is_forgotten_unless_that_is_somebody_elses_task(
    etcd, open_store, option, forgets
):
    clock = Hours()
    store = await open_store(f"{etcd.place()}{option}", clock)
    await store.put("node/a", b"1")
    name = store._keys.name("node/a")
    past = await store._gateway.ask("/v3/kv/range", {"key": name})
    for number in range(3):
        await store.put("node/a", b"%d" % number)
        clock.now += PERIOD_S

    await store.put("node/a", b"last")
    await store.put("node/a", b"last")

    old = {"key": name, "revision": past["header"]["revision"]}
    if forgets:
        with pytest.raises(Exception, match="compacted"):
            await store._gateway.ask("/v3/kv/range", old)
    else:
        assert (await store._gateway.ask("/v3/kv/range", old))["kvs"]
    assert await store.get("node/a") == b"last"
