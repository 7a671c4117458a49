"""The stream among many and bad clients: slow ones, ones that hang, and all that come at once."""

from __future__ import annotations

import asyncio
import dataclasses
import gc

from tests.api.house import ADMIN, until
from tests.api.test_events import changed, stream, take

from brookline.api import event_client
from brookline.api.settings import ApiSettings

PATH = "/applications/{shop}/entities/{web}/sensors/{name}"
BEAT = ApiSettings(poll_s=0.1, timeout_s=2.0, events_beat_s=0.1)


async def set_sensor(house, ids, name, value):
    told = await house.call("POST", PATH.format(**ids, name=name), json=value)
    assert told.status == 204, told.body


async def paused(house, query, last=""):
    """Open a stream that is read no further than its head; returns its reader and its writer."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", int(house.url.rpartition(":")[2]), limit=1
    )
    lines = [f"GET /v1/events?{query} HTTP/1.1", "Host: x", *map(": ".join, ADMIN.items())]
    lines += [f"Last-Event-ID: {last}"] if last else []
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await reader.read(1)
    writer.transport.pause_reading()
    return reader, writer


async def test_a_slow_client_gets_several_entries_as_one_and_slows_nobody(shop):
    house, ids = shop
    query = f"topics=entities&entity={ids['web']}&sensors=*"
    reader, writer = await paused(house, query)
    await until(lambda: len(house.app.hub._clients) == 1)
    (slow,) = house.app.hub._clients
    big = "x" * 50_000
    count = 0
    async with stream(house, query) as heard:
        await take(heard, "hello")
        while slow.since is None:  # until its socket takes no more
            count += 1
            await set_sensor(house, ids, f"n{count % 5}", f"{big}{count}")
            await take(heard, changed("sensors"))
        for _ in range(100):
            count += 1
            await set_sensor(house, ids, f"n{count % 5}", f"{big}{count}")
            await take(heard, changed("sensors"))
    writer.transport.resume_reading()
    reader._limit = 1 << 24
    seen = b""
    async with asyncio.timeout(10):
        while b'"coalesced":' not in seen or f"{big}{count}".encode() not in seen:
            seen += await reader.read(1 << 20)
    assert seen.count(big.encode()) < count
    writer.close()


async def test_a_client_that_lags_behind_what_is_kept_is_cut_with_a_reason(shop):
    house, ids = shop
    house.app.hub.ring._most = 10
    async with stream(house, "topics=entities&sensors=n") as heard:
        await take(heard, "hello")
        (client,) = house.app.hub._clients
        client._cursor = 0
        await set_sensor(house, ids, "n", 1)
        house.app.hub.ring.floor = house.node.replica.seq
        await set_sensor(house, ids, "n", 2)
        cut = await take(heard, "cut")
        assert cut.data == {"reason": "slow", "retryMs": 1000}
        assert [event async for event in heard] == []


async def stuffed(house):
    """Return the connection of a client that takes nothing, and has more to take than fits."""
    _, writer = await paused(house, "topics=plane")
    await until(lambda: len(house.app.hub._clients) == 1)
    (client,) = house.app.hub._clients
    while client.since is None:
        client.put(event_client.frame("padding", {"text": "x" * 100_000}))
        await asyncio.sleep(0)
    return writer


async def test_a_client_that_takes_nothing_is_hung_up_on(make):
    house = await (await make(api=BEAT)).leads()
    house.app.hub.patience_s = 0.2
    writer = await stuffed(house)
    await until(lambda: not house.app.hub._clients)
    writer.close()


async def test_a_node_that_leaves_waits_for_no_client_that_takes_nothing(make):
    house = await (await make(api=BEAT)).leads()
    house.app.hub.farewell_s = 0.2
    writer = await stuffed(house)
    house.control.shutting_down = True
    await until(lambda: not house.app.hub._clients)
    house.control.shutting_down = False
    writer.close()


async def test_all_that_come_at_once_hear_and_leave_nothing_behind(shop):
    house, ids = shop
    for _ in range(3):
        async with asyncio.TaskGroup() as group:
            for number in range(60):
                group.create_task(listen_once(house, ids, number))
        await until(lambda: not house.app.hub._clients and not house.app.hub._channels)
    await until(lambda: not house.app.hub._runs)
    gc.collect()
    left = [one for one in gc.get_objects() if isinstance(one, event_client.EventClient)]
    assert left == []


async def listen_once(house, ids, number):
    query = f"topics=entities&sensors=n{number % 3}"
    async with stream(house, query) as heard:
        await take(heard, "hello")
        await set_sensor(house, ids, f"n{number % 3}", number)
        await take(heard, changed("sensors", id=ids["web"]))


async def test_there_are_not_more_clients_than_are_allowed(make):
    house = await (await make(api=dataclasses.replace(BEAT, events_clients=2))).leads()
    async with stream(house) as one, stream(house) as other:
        await take(one, "hello")
        await take(other, "hello")
        told = await house.call("GET", "/events")
        assert told.status == 503
        assert told.headers["Retry-After"]


async def test_clients_with_one_question_get_the_same_bytes(shop):
    house, ids = shop
    query = "topics=entities&sensors=n"
    async with stream(house, query) as one, stream(house, query) as other:
        await take(one, "hello")
        await take(other, "hello")
        (channel,) = house.app.hub._channels.values()
        encoded = []
        before = channel._encoded
        channel._encoded = lambda told: encoded.append(told.seq) or before(told)
        await set_sensor(house, ids, "n", 1)
        assert await take(one, "changes") == await take(other, "changes")
        assert len(encoded) == 1


async def test_a_quiet_stream_beats_with_its_place(make):
    house = await (await make(api=BEAT)).leads()
    async with stream(house, "topics=tasks") as heard:
        await take(heard, "hello")
        beat = await take(heard, "beat")
        assert beat.id == f"{beat.data['seq']}@{house.node.plane_id}"
        assert beat.data["seq"] == house.node.replica.seq
