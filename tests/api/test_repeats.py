"""A write that is sent again is answered, and not done again."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from tests.api.conftest import PLAN
from tests.api.house import ADMIN, until
from tests.api.repeating import APP, CHILD, JSON, YAML, Shop, of_web, sender, write

from brookline.api.app import all_operations
from brookline.api.routes import RouteTable
from brookline.client import calls
from brookline.plane.requests import KIND
from brookline.plane.states import Mode, NodeState

ANN = {"Authorization": aiohttp.encode_basic_auth("ann", "pw")}


@pytest.fixture
async def shop(shop):
    return await sender(shop)


def written(shop):
    """Return what has been written to the log by now, without readings and duties."""
    return shop.house.node.replica.seq


async def tasks(shop):
    """Return what users have begun on the entity, by name; each may be there once."""
    found = shop.house.management.tasks.of_entity(shop.ids["web"])
    return [task.name for task in found if not task.parent_id and task.name != "start"]


async def test_what_changed_since_is_not_changed_back(shop):
    red, blue = of_web("/config/a", b'"red"', **JSON), of_web("/config/a", b'"blue"', **JSON)
    await shop.send(red)
    await shop.send(blue, key="another")

    again = await shop.send(red)

    assert again.status == 204
    entity = shop.house.management.live.entity(shop.ids["web"])
    assert entity.config["a"] == "blue"


async def test_an_application_that_was_deleted_since_is_not_deployed_again(shop):
    first = await shop.send(write("PUT", f"/applications/{APP}", PLAN.encode(), **YAML))
    told = await shop.house.call("DELETE", f"/applications/{APP}")
    await shop.house.call("GET", f"/activities/{told.json['id']}?timeout=20s")

    again = await shop.send(write("PUT", f"/applications/{APP}", PLAN.encode(), **YAML))

    assert (again.status, again.body) == (201, first.body)
    assert (await shop.house.call("GET", f"/applications/{APP}")).status == 404


async def test_what_is_gone_since_is_no_reason_to_refuse_what_was_done(shop):
    rename = of_web("/name?name=other")
    await shop.send(rename)
    await shop.send(of_web("/expunge?release=false"), key="another")
    await until(lambda: shop.house.management.live.entity(shop.ids["web"]) is None)

    assert (await shop.send(rename)).status == 200
    assert (await shop.send(rename, key="a-third")).status == 404


@pytest.mark.parametrize("count", [2, 20])
async def test_those_that_come_at_the_same_time_are_one(shop, count):
    added = of_web("/children?start=false", CHILD, **YAML)

    told = await asyncio.gather(*(shop.send(added) for _ in range(count)))

    assert {(one.status, one.body) for one in told} == {(201, told[0].body)}
    web = shop.house.management.live.entity(shop.ids["web"])
    assert [child.name for child in web.children] == ["child"]


async def test_one_in_progress_is_joined(shop):
    asked = of_web("/effectors/nap", b'{"seconds": 0.3}', **JSON)

    first, second = await asyncio.gather(shop.send(asked), shop.send(asked))

    assert first.status == second.status == 202
    assert first.body == second.body == b"rested"
    assert (await tasks(shop)).count("nap") == 1


async def test_one_that_waits_shorter_is_told_its_task(shop):
    asked = of_web("/effectors/dwell?timeout=10ms", b"{}", **JSON)

    first, again = await shop.send(asked), await shop.send(asked)

    assert first.status == again.status == 202
    assert first.json["id"] == again.json["id"]
    assert again.json["currentStatus"] == "In progress"


@pytest.mark.parametrize(
    "other",
    [
        of_web("/config/a", b'"c"', **JSON),
        of_web("/config/b", b'"b"', **JSON),
        of_web("/sensors/a", b'"b"', **JSON),
        of_web("/config/a?recurse=true", b'"b"', **JSON),
        of_web("/expunge"),
    ],
    ids=["value", "key", "call", "query", "effect"],
)
async def test_the_same_key_for_another_request_is_422_and_not_done(shop, other):
    await shop.send(of_web("/config/a", b'"b"', **JSON))
    seq = written(shop)

    told = await shop.send(other)

    assert (told.status, told.json["error"]) == (422, 422)
    assert "the Idempotency-Key 'my-key' was used for another request" in told.json["message"]
    assert written(shop) == seq


async def test_the_same_key_of_another_user_is_another(shop):
    asked = of_web("/children?start=false", CHILD, **YAML)

    first, other = await shop.send(asked), await shop.send(asked, **ANN)

    assert first.status == other.status == 201
    web = shop.house.management.live.entity(shop.ids["web"])
    assert len(web.children) == 2


async def test_without_a_key_each_is_done(shop):
    asked = of_web("/children?start=false", CHILD, **YAML)

    await shop.send(asked, key="")
    await shop.send(asked, key="")

    web = shop.house.management.live.entity(shop.ids["web"])
    assert len(web.children) == 2


async def test_an_id_that_a_door_made_is_of_no_use_to_clients(shop):
    asked = of_web("/children?start=false", CHILD, **YAML)
    await shop.send(asked, key="")
    [*_, (own, _)] = reversed(list(shop.house.node.replica.records.newest(KIND)))

    await shop.send(asked, key=own.partition("/")[2])

    web = shop.house.management.live.entity(shop.ids["web"])
    assert len(web.children) == 2


async def test_what_was_refused_may_be_sent_again_with_its_key(shop):
    asked = write("PUT", f"/applications/{APP}", b"services: [{type: no.such}]", **YAML)

    assert (await shop.send(asked)).status == 400
    asked["data"] = PLAN.encode()
    assert (await shop.send(asked)).status == 201


async def test_a_key_that_is_too_long_is_400(shop):
    told = await shop.send(of_web("/config/a", b"1", **JSON), key="k" * 256)

    assert told.status == 400


async def test_the_location_of_a_repeated_deploy_is_at_the_node_that_was_asked(pair):
    master, standby = pair
    client = Shop(master, {})
    asked = write("POST", "/applications", PLAN.encode())

    first = await client.send(asked)
    again = await client.send(asked, house=standby)

    path = f"/v1/applications/{first.json['entityId']}"
    assert first.headers["Location"] == master.url + path
    assert again.headers["Location"] == standby.url + path
    assert first.body == again.body


@pytest.mark.slow
async def test_a_write_is_answered_by_the_next_master_as_by_the_one_before(pair):
    master, standby = pair
    client = Shop(master, {})
    asked = write("POST", "/applications", PLAN.encode())
    first = await client.send(asked)
    await master.node.switchover()
    await standby.leads()

    again = await client.send(asked, house=standby)

    assert (first.status, first.body) == (again.status, again.body)
    assert len(standby.management.live.applications()) == 1


async def napping(house):
    app = await house.deploy(PLAN)
    path = f"/applications/{app}/entities/web/effectors/nap"
    return app, write("POST", path, b'{"seconds": 1.5}', **JSON)


def naps(house):
    return [task for task in house.management.tasks if task.name == "nap"]


@pytest.mark.slow
@pytest.mark.parametrize("key", ["my-key", ""], ids=["with-a-key", "without"])
@pytest.mark.parametrize("door", [0, 1], ids=["through-the-master", "through-the-standby"])
async def test_who_waits_for_an_effector_is_answered_by_the_next_master(pair, door, key):
    master, standby = pair
    _, asked = await napping(master)
    await until(lambda: standby.node.replica.seq >= master.node.replica.seq)
    waiting = asyncio.ensure_future(Shop(master, {}).send(asked, key=key, house=pair[door]))
    await until(lambda: naps(standby))

    await master.node.switchover()
    told = await waiting

    assert (told.status, told.body) == (202, b"rested")
    assert standby.node.state is NodeState.MASTER
    assert told.headers["Brookline-Node"] == standby.node.identity.instance
    assert len(naps(standby)) == 1


@pytest.mark.slow
async def test_an_effector_that_is_asked_for_again_at_the_next_master_is_joined(pair):
    master, standby = pair
    _, asked = await napping(master)
    client = Shop(master, {})
    await until(lambda: standby.node.replica.seq >= master.node.replica.seq)
    first = asyncio.ensure_future(client.send(asked))
    await until(lambda: naps(standby))
    await master.node.switchover()
    await standby.leads()

    again = await client.send(asked, house=standby)

    assert (again.status, again.body) == (202, b"rested")
    assert (await first).body == b"rested"
    assert len(naps(standby)) == 1


@pytest.mark.slow
async def test_who_hangs_up_while_an_effector_runs_does_not_end_it(shop):
    path = f"/v1/applications/{shop.ids['shop']}/entities/{shop.ids['web']}/effectors/nap"
    _, writer = await asyncio.open_connection(*shop.house.socket.getsockname())
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    head += f"Content-Length: 15\r\nAuthorization: {ADMIN['Authorization']}\r\n\r\n"
    writer.write(head.encode() + b'{"seconds": 1}\n')
    await until(lambda: naps(shop.house))
    await asyncio.sleep(0.2)  # longer than a write goes unwatched
    writer.close()

    await until(lambda: not shop.house.state.tasks)  # nobody is served any more
    [nap] = naps(shop.house)
    assert not nap.status.ended
    await until(lambda: nap.status.ended)
    assert nap.result == "rested"


@pytest.mark.slow
@pytest.mark.parametrize("stays", [True, False], ids=["waits", "hangs-up"])
async def test_a_write_is_sent_to_the_next_master_only_if_its_client_still_waits(pair, stays):
    master, standby = pair
    app = await master.deploy(PLAN)
    await until(lambda: standby.management.live.entity(app))
    begun = asyncio.Event()

    async def hang(request):
        begun.set()
        await asyncio.Event().wait()

    master.node.door.execute = hang
    path = f"/v1/applications/{app}/entities/{app}/name?name=again"
    reader, writer = await asyncio.open_connection(*standby.socket.getsockname())
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    writer.write(f"{head}Authorization: {ADMIN['Authorization']}\r\n\r\n".encode())
    await begun.wait()
    if not stays:
        await asyncio.sleep(0.2)  # longer than a write goes unwatched
        writer.close()
        await until(lambda: not standby.state.tasks)
    await standby.node.set_mode(Mode.MASTER)
    await standby.leads()
    if stays:
        assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        writer.close()
    await standby.call("POST", f"/applications/{app}/entities/{app}/sensors/a", json=1)

    assert (standby.management.live.entity(app).name == "again") == stays


@pytest.mark.parametrize(
    "call",
    [
        calls.deploy("services: []"),
        calls.deploy("services: []", app_id=APP),
        calls.delete("a"),
        calls.set_config("a", "e", key="k", value=1),
        calls.set_sensor("a", "e", name="s", value=1),
        calls.invoke("a", "e", effector="start", parameters={}),
        calls.cancel("t"),
        calls.resume("t"),
        calls.replay("t"),
        calls.abandon("t", "done by hand"),
        calls.switchover("n2"),
        calls.clear("n2"),
        calls.clear(),
        calls.set_mode("MASTER", at="http://n1:8081"),
        calls.set_priority(1, at="http://n1:8081"),
        calls.shutdown(at="http://n1:8081"),
    ],
    ids=lambda call: f"{call.request.method} {call.request.path}",
)
def test_the_client_library_repeats_just_what_is_remembered(call):
    request = call.request
    found = RouteTable(all_operations()).find(request.method, request.path.partition("?")[0])

    assert request.key
    assert request.recorded == found.operation.recorded
