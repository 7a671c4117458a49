from __future__ import annotations

import gc
import weakref

import pytest
from tests.api.house import ADMIN

from brookline.plane.states import Mode
from brookline.security.passwords import amp_hash
from brookline.security.users import User


def pages(ids):
    entity = f"/v1/applications/{ids['shop']}/entities/{ids['web']}"
    return ["/v1/server/ha/state", entity, f"{entity}/sensors/current-state"]


def hit(house, path, headers=()):
    """Find a page as the protocol does, from bytes."""
    raw = [
        (name.lower().encode(), value.encode())
        for name, value in {**ADMIN, **dict(headers)}.items()
    ]
    scope = {"method": "GET", "raw_path": path.encode(), "query_string": b"", "headers": raw}
    return house.app.hot.find({**scope, "client": ("127.0.0.1", 1)})


async def test_hot_and_long_ways_answer_the_same(shop):
    house, ids = shop
    for path in pages(ids):
        hot = await house.raw("GET", path, headers=ADMIN)
        slow = await house.raw("GET", path + "/", headers=ADMIN)

        assert hit(house, path) is not None
        assert hot.headers["ETag"]
        assert "ETag" not in slow.headers
        assert hot.body == slow.body
        names = [{name.lower() for name in told.headers} for told in (hot, slow)]
        assert names[0] - {"etag"} == names[1]


async def test_a_page_is_encoded_once(shop):
    house, ids = shop
    for path in pages(ids):
        await house.raw("GET", path, headers=ADMIN)

        assert hit(house, path) is hit(house, path)


async def test_a_page_follows_every_change(shop):
    house, ids = shop
    _, entity, state = pages(ids)
    await house.raw("GET", entity, headers=ADMIN)
    await house.raw("GET", state, headers=ADMIN)

    await house.raw("POST", f"{entity}/name?name=renamed", headers=ADMIN)
    await house.raw("POST", f"{entity}/sensors/a", json=7, headers=ADMIN)

    assert (await house.raw("GET", entity, headers=ADMIN)).json["name"] == "renamed"
    assert (await house.raw("GET", state, headers=ADMIN)).json["a"] == 7


async def test_a_page_of_what_is_gone_is_404(shop):
    house, ids = shop
    _, entity, _ = pages(ids)
    await house.raw("GET", entity, headers=ADMIN)

    told = await house.raw("POST", f"{entity}/expunge", headers=ADMIN)
    await house.get(f"/activities/{told.json['id']}?timeout=20s")

    assert (await house.raw("GET", entity, headers=ADMIN)).status == 404


async def test_pages_do_not_keep_alive_what_is_gone(shop):
    house, ids = shop
    _, entity, state = pages(ids)
    gone = weakref.ref(house.management.live.entity(ids["web"]))
    for path in (entity, state):
        assert hit(house, path) is not None

    told = await house.call("POST", f"{entity.removeprefix('/v1')}/expunge")
    await house.get(f"/activities/{told.json['id']}?timeout=5s")
    gc.collect()

    assert gone() is None


@pytest.mark.parametrize("number", [0, 1, 2], ids=["state", "entity", "sensors"])
async def test_a_client_that_has_it_is_told_so(shop, number):
    house, ids = shop
    path = pages(ids)[number]
    first = await house.raw("GET", path, headers=ADMIN)

    same = await house.raw("GET", path, headers={**ADMIN, "If-None-Match": first.headers["ETag"]})
    other = await house.raw("GET", path, headers={**ADMIN, "If-None-Match": '"other"'})

    assert (same.status, same.body) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert other.body == first.body


async def test_pages_want_a_login_that_still_holds(shop):
    house, ids = shop
    for path in pages(ids):
        assert (await house.raw("GET", path)).status == 401
        assert (await house.raw("GET", path, headers=ADMIN)).status == 200

    house.login.users.configure({"admin": User("admin", amp_hash("s", "0" * 64))})

    for path in pages(ids):
        assert (await house.raw("GET", path, headers=ADMIN)).status == 401


async def test_what_is_unusual_takes_the_long_way(shop):
    house, ids = shop
    _, entity, state = pages(ids)
    for path in (entity, state):
        await house.raw("GET", path, headers=ADMIN)
        assert hit(house, path, {"Accept": "application/xml"}) is None
        assert hit(house, path, {"Brookline-Sequence": "1"}) is None
        assert hit(house, path, {"Accept": "application/json"}) is not None
    for path in (
        "/v1/applications",
        "/v1/applications/shop/entities/web",
        f"{entity}/config/current-state",
    ):
        assert hit(house, path) is None


async def test_pages_are_refused_on_a_cold_standby(shop, make):
    _, ids = shop
    cold = await make(mode=Mode.STANDBY)
    _, entity, state = pages(ids)

    for path in (entity, state):
        assert (await cold.raw("GET", path, headers=ADMIN)).status == 403


async def test_several_requests_in_one_packet_are_answered_in_order(shop):
    import asyncio

    house, ids = shop
    await house.raw("GET", pages(ids)[0], headers=ADMIN)
    reader, writer = await asyncio.open_connection(*house.socket.getsockname())
    paths = ["/v1/server/ha/state", "/v1/server/up", "/v1/server/ha/state", "/v1/server/planeid"]
    heads = [
        f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: {ADMIN['Authorization']}\r\n"
        for path in paths
    ]
    writer.write("".join(head + "\r\n" for head in heads[:-1]).encode())
    writer.write((heads[-1] + "Connection: close\r\n\r\n").encode())

    answers = (await reader.read()).decode()

    writer.close()
    bodies = [part.partition("\r\n\r\n")[2] for part in answers.split("HTTP/1.1 200 OK\r\n")[1:]]
    assert bodies == ['"MASTER"', "true", '"MASTER"', house.node.plane_id]


async def test_an_old_client_gets_its_page_and_the_end_of_the_connection(shop):
    import asyncio

    house, _ = shop
    await house.call("GET", "/server/ha/state")
    reader, writer = await asyncio.open_connection(*house.socket.getsockname())
    writer.write(
        f"GET /v1/server/ha/state HTTP/1.0\r\nAuthorization: {ADMIN['Authorization']}\r\n\r\n".encode()
    )

    answer = (await reader.read()).decode()

    writer.close()
    assert answer.endswith('"MASTER"')
    assert "connection: close" in answer
