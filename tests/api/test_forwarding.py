"""Any node serves: reads from copies, writes through whoever leads."""

from __future__ import annotations

import asyncio

import pytest
from tests.api.conftest import PLAN
from tests.api.house import ADMIN, until

from brookline.api.settings import ApiSettings, NonMasterWrites
from brookline.errors import StoreError
from brookline.journal.keys import entry_key
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import Mode, NodeState
from brookline.stores.memory import MemoryStore

pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
OVERRIDE = {"Brooklyn-Allow-Non-Master-Access": "TRUE"}


def with_setting(make, writes):
    return make(api=ApiSettings(non_master_writes=writes))


async def set_sensor(house, app, value, **headers):
    return await house.call(
        "POST", f"/applications/{app}/entities/{app}/sensors/a", json=value, headers=headers
    )


async def test_a_write_at_a_standby_is_carried_out_by_the_master(pair):
    master, standby = pair

    told = await standby.call("POST", "/applications", data=PLAN.encode())

    assert told.status == 201
    app = told.json["entityId"]
    assert master.management.live.entity(app) is not None
    assert told.headers["Location"] == f"{standby.url}/v1/applications/{app}"
    assert told.headers["Brookline-Node"] == master.node.identity.instance


class FarStore(MemoryStore):
    """A store on which reading takes a while."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.sleep(0.05)
        return await super().get(key)


async def test_a_door_shows_what_its_master_did_before_it_says_so(make, shelf):
    await (await make()).leads()
    standby = await make(store=FarStore(shelf, "far"))
    await until(lambda: standby.node.state is NodeState.HOT_STANDBY and standby.node.master())

    told = await standby.call("POST", "/applications", data=PLAN.encode())
    read = await standby.call("GET", f"/applications/{told.json['entityId']}")
    task = await standby.call("GET", f"/activities/{told.json['id']}")

    assert (told.status, read.status) == (201, 200)
    assert task.status in (200, 202)


async def test_one_reads_ones_own_writes_from_any_node(pair):
    master, standby = pair
    app = await master.deploy(PLAN)

    for value in range(20):
        told = await set_sensor(standby, app, value)
        seen = {"Brookline-Sequence": told.headers["Brookline-Sequence"]}

        read = await standby.call(
            "GET", f"/applications/{app}/entities/{app}/sensors/a", headers=seen
        )

        assert (told.status, read.json) == (204, value)
        assert int(read.headers["Brookline-Sequence"]) >= int(seen["Brookline-Sequence"])


async def test_a_sequence_that_does_not_come_is_503(make):
    house = await (await make(api=ApiSettings(sequence_wait_s=0.05))).leads()

    told = await house.call("GET", "/server/ha/state", headers={"Brookline-Sequence": "999999"})

    assert (told.status, told.json["data"]["outcome"]) == (503, "not-done")
    assert told.headers["Retry-After"]


async def test_a_sequence_that_is_no_number_is_400(house):
    told = await house.call("GET", "/server/up", headers={"Brookline-Sequence": "soon"})

    assert told.status == 400


async def test_a_refusal_of_the_master_comes_back_through_the_standby(pair):
    _, standby = pair

    told = await standby.call("POST", "/applications", data=b"services: [{type: no.such}]")

    assert (told.status, told.json["error"]) == (400, 400)
    assert told.json["data"]["faults"]
    assert (await standby.call("DELETE", "/applications/nosuch")).status == 404


async def test_an_effector_runs_on_the_master_and_its_result_comes_back(pair):
    master, standby = pair
    app = await master.deploy(PLAN)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    told = await standby.call(
        "POST", f"/applications/{app}/entities/web/effectors/echo", data=b"text=hi", headers=headers
    )

    assert (told.status, told.body) == (202, b"hi")


async def test_the_caller_is_known_where_the_work_is_done(pair):
    master, standby = pair
    asked = []
    rename = master.management.rename

    async def heard(entity, name, ctx):
        asked.append((ctx.user, ctx.request))
        await rename(entity, name, ctx)

    master.management.rename = heard
    app = await master.deploy(PLAN)

    await standby.call(
        "POST",
        f"/applications/{app}/entities/{app}/name?name=x",
        headers={"Idempotency-Key": "my-own-key"},
    )

    assert asked == [("admin", "my-own-key")]


async def test_ids_made_at_doors_are_never_the_same(pair):
    seen = []
    for house in pair:
        execute = house.node.door.execute

        async def heard(request, execute=execute):
            seen.append(request.id)
            return await execute(request)

        house.node.door.execute = heard
    for house in (*pair, *pair):
        await house.call("POST", "/server/ha/states/clear")

    assert len(set(seen)) == 4


async def test_a_hot_standby_answers_every_read(pair):
    master, standby = pair
    app = await master.deploy(PLAN)
    last = {"Brookline-Sequence": str(master.node.replica.seq)}
    paths = [
        "/applications", "/applications/fetch", f"/applications/{app}",
        f"/applications/{app}/entities/web", f"/applications/{app}/entities/web/sensors",
        f"/applications/{app}/entities/web/config/current-state", "/locations",
        f"/applications/{app}/entities/{app}/spec", f"/applications/{app}/entities/{app}/tags",
        "/server/ha/history", "/server/version",
    ]  # fmt: skip

    for path in paths:
        theirs = await standby.call("GET", path, headers=last)
        assert theirs.status == 200, path
        assert theirs.body == (await master.call("GET", path)).body, path
        assert theirs.headers["Brookline-Node"] == standby.node.identity.instance


async def test_a_hot_standby_answers_reads_while_it_takes_over(pair):
    _, standby = pair
    store, fencing, go_on = standby.node._core.parts.store, asyncio.Event(), asyncio.Event()
    create = store.create

    async def slow(key, data):
        fencing.set()
        await go_on.wait()
        return await create(key, data)

    store.create = slow
    promotion = asyncio.create_task(standby.node.set_mode(Mode.MASTER))
    await fencing.wait()

    assert standby.node.state is NodeState.INITIALIZING
    assert await standby.get("/applications") == []
    assert await standby.get("/applications/fetch") == []
    assert (await standby.raw("GET", "/healthz/read")).status == 200
    assert (await standby.raw("GET", "/healthz/master")).status == 503

    go_on.set()
    await promotion
    assert await standby.get("/server/ha/state") == "MASTER"


async def test_a_cold_standby_answers_for_itself_and_forwards_writes(pair, make):
    master, _ = pair
    cold = await make(mode=Mode.STANDBY)
    await until(cold.node.master)

    told = await cold.call("GET", "/applications")
    assert (told.status, told.json["error"]) == (403, 403)
    assert told.json["data"] == {"state": "STANDBY"}
    assert (await cold.call("GET", "/applications", headers=OVERRIDE)).status == 403
    assert (await cold.call("GET", "/no/such/path")).status == 404
    assert await cold.get("/server/ha/state") == "STANDBY"
    assert await cold.get("/server/up") is True
    assert (await cold.call("POST", "/applications", data=PLAN.encode())).status == 201
    assert len(master.management.live.applications()) == 1
    assert (await cold.raw("GET", "/healthz/standby")).status == 200
    assert (await cold.raw("GET", "/healthz/read")).status == 503
    assert (await cold.raw("GET", "/healthz/master")).status == 503


async def test_requests_about_the_node_act_where_they_arrive(pair):
    master, standby = pair

    told = await standby.call("POST", "/server/ha/priority", data={"priority": "7"})
    assert (told.status, told.json) == (200, 0)
    await standby.call("POST", "/server/properties/reload")
    await standby.call("POST", "/server/shutdown")

    assert (standby.node.priority, master.node.priority) == (7, 0)
    assert (standby.control.reloads, master.control.reloads) == (1, 0)
    assert (len(standby.control.orders), len(master.control.orders)) == (1, 0)
    assert await standby.get("/server/ha/priority") == 7


async def test_only_the_master_can_stop_applications_first(pair):
    _, standby = pair

    told = await standby.call("POST", "/server/shutdown", data={"stopAppsFirst": "true"})

    assert (told.status, standby.control.orders) == (403, [])


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"priority": "x"}, 400),
        ({"priority": "٣"}, 400),
        ({"priority": "1_0"}, 400),
        ({"priority": "9" * 5000}, 400),
        ({"priority": "-7"}, 200),
        ({}, 200),
    ],
    ids=["no-number", "other-digits", "underscore", "huge", "negative", "nothing-is-zero"],
)
async def test_a_priority_is_a_number(house, body, status):
    assert (await house.call("POST", "/server/ha/priority", data=body)).status == status


async def test_a_mode_is_asked_for_and_the_state_before_is_answered(pair):
    _, standby = pair

    told = await standby.call("POST", "/server/ha/state", data={"mode": "HOT_BACKUP"})

    assert (told.status, told.json) == (200, "HOT_STANDBY")
    assert await standby.get("/server/ha/state") == "HOT_BACKUP"
    back = await standby.call("POST", "/server/ha/state?mode=AUTO")
    assert back.json == "HOT_BACKUP"


@pytest.mark.parametrize("mode", ["", "NONSENSE"])
async def test_an_unknown_mode_is_400(house, mode):
    told = await house.call("POST", "/server/ha/state", data={"mode": mode} if mode else {})

    assert (told.status, told.json["error"]) == (400, 400)


async def test_states_show_every_node_with_amps_fields_and_ours(pair):
    master, standby = pair
    me, other = standby.node.identity.instance, master.node.identity.instance

    said = await standby.get("/server/ha/states")

    assert (said["ownId"], said["masterId"], said["links"]) == (me, other, {})
    assert said["heartbeatTimeoutMs"] == 2000
    assert said["planeId"] == master.node.plane_id
    assert set(said["nodes"]) == {me, other}
    leader = said["nodes"][other]
    assert (leader["nodeId"], leader["status"], leader["priority"]) == (other, "MASTER", 0)
    assert leader["nodeUri"] == master.url + "/"
    assert isinstance(leader["localTimestamp"], int)
    assert (leader["name"], leader["isMaster"], leader["thisNode"]) == ("n1", True, False)
    own = said["nodes"][me]
    assert (own["status"], own["mode"], own["thisNode"], own["ready"]) == (
        "HOT_STANDBY", "AUTO", True, True,
    )  # fmt: skip
    assert own["next"] == 0


async def test_states_tell_what_is_wrong_with_a_node(pair, shelf):
    master, standby = pair
    me, other = standby.node.identity.instance, master.node.identity.instance
    said = (await master.get("/server/ha/states"))["nodes"]
    assert (said[me]["alarm"], said[other]["alarm"]) == ("", "")

    key = entry_key(standby.node.replica.seq + 1)
    await MemoryStore(shelf).create(key, b"rubbish")

    await until(lambda: any(member.heartbeat.alarm for member in master.node.members()))
    told = (await master.get("/server/ha/states"))["nodes"][me]
    assert told["status"] == "FAILED"
    assert f"entry {key} is damaged" in told["alarm"]


async def test_a_node_tells_by_itself_that_its_store_cannot_be_written(house):
    store = house.node._core.pulse._store
    put, full = store.put, asyncio.Event()

    async def refuse(key, data):
        full.set()
        raise StoreError("no space left")

    store.put = refuse
    await full.wait()
    await until(lambda: house.node.trouble)
    [me] = (await house.get("/server/ha/states"))["nodes"].values()
    assert me["alarm"] == "no space left"

    store.put = put
    await until(lambda: not house.node.trouble)
    [me] = (await house.get("/server/ha/states"))["nodes"].values()
    assert me["alarm"] == ""


async def test_clearing_a_node_needs_its_id(pair):
    _, standby = pair

    assert (await standby.call("POST", "/server/ha/states/clear/node")).status == 400
    told = await standby.call("POST", "/server/ha/states/clear/node", data={"nodeId": "unknown"})
    assert (told.status, told.body) == (200, b"")


async def test_the_history_has_every_field(house):
    (first,) = await house.get("/server/ha/history")

    assert set(first) == {
        "epoch", "node", "name", "from", "reason", "evidence", "detectMs", "electMs", "replayMs",
        "guess", "interrupted", "startedUtc", "activeUtc", "endedUtc", "endReason",
    }  # fmt: skip
    assert (first["epoch"], first["name"], first["endedUtc"]) == (1, "n1", None)


async def test_the_figures_of_a_node_tell_of_its_masterships(pair):
    master, standby = pair

    said = await master.get("/server/ha/metrics")
    other = await standby.get("/server/ha/metrics")

    assert (said["state"], said["rebind"]["count"]) == ("MASTER", 1)
    assert [one["state"] for one in said["highAvailability"]["history"]][-1] == "MASTER"
    history = other["highAvailability"]["history"]
    assert [one["state"] for one in history] == ["INITIALIZING", "HOT_STANDBY"]
    assert history[0]["timestamp"] <= history[1]["timestamp"] <= other["currentTimeUtc"]
    for figures in (said, other):
        persistence = figures["managementStatePersistence"]
        assert (persistence["read"]["count"], persistence["write"]["count"] > 0) == (
            figures["sequence"], True,
        )  # fmt: skip
    assert (said["highAvailability"]["pollPeriod"], said["epoch"]) == (100, 1)
    assert (other["state"], other["rebind"]["count"]) == ("HOT_STANDBY", 0)
    assert said["uptime"] >= 0


async def test_a_switchover_asked_at_the_standby_is_done_by_the_master(pair):
    standby = pair[1]

    form = {"to": "n2", "reason": " n1 has\na bad disk "}
    told = await standby.call("POST", "/server/ha/switchover", data=form)

    assert (told.status, told.json) == (200, standby.node.identity.instance)
    await until(standby.node.leads)
    now, before = await standby.get("/server/ha/history")
    assert now["name"] == "n2"
    assert before["endReason"] == "switchover by admin: n1 has a bad disk"


async def test_a_reason_that_is_a_book_is_400(pair):
    form = {"to": "n2", "reason": "x" * 501}
    told = await pair[0].call("POST", "/server/ha/switchover", data=form)

    assert told.status == 400
    assert "500" in told.json["message"]


async def test_a_switchover_to_nobody_we_know_is_400(pair):
    told = await pair[1].call("POST", "/server/ha/switchover", data={"to": "elsewhere"})

    assert told.status == 400
    assert "n2" in told.json["message"]


async def test_writes_go_on_through_a_switchover_without_an_error(pair):
    master, standby = pair
    app = await master.deploy(PLAN)
    statuses, values = [], 0
    done = asyncio.Event()

    async def write(house):
        nonlocal values
        while not done.is_set():
            told = await set_sensor(house, app, values)
            statuses.append(told.status)
            values += 1

    async with asyncio.TaskGroup() as group:
        for house in (master, standby):
            group.create_task(write(house))
        await until(lambda: values > 20)
        assert (await master.call("POST", "/server/ha/switchover")).status == 200
        before = values
        await until(lambda: values > before + 20)
        done.set()

    assert set(statuses) == {204}
    assert standby.node.leads()


async def test_a_write_is_held_until_somebody_leads(make):
    first = await (await make()).leads()
    app = await first.deploy(PLAN)
    standby = await make(mode=Mode.STANDBY)
    await until(standby.node.master)
    await first.node.set_mode(Mode.DISABLED)

    write = asyncio.ensure_future(set_sensor(standby, app, "held"))
    await until(lambda: standby.node.leads() or write.done())

    assert (await write).status == 204


async def alone(make, write_wait_s):
    """Return a node that never leads by itself, on a plane that nobody leads."""
    first = await (await make()).leads()
    plane = PlaneSettings(poll_s=0.1, timeout_s=5, write_wait_s=write_wait_s)
    backup = await make(mode=Mode.HOT_BACKUP, plane=plane)
    await first.node.stop()
    await until(lambda: backup.node.master() is None)
    return backup


async def test_a_write_that_nobody_takes_in_time_is_503_and_not_done(make):
    backup = await alone(make, 0.2)

    told = await backup.call("POST", "/server/ha/states/clear")

    assert (told.status, told.json["error"]) == (503, 503)
    assert told.json["data"] == {"outcome": "not-done"}
    assert told.headers["Retry-After"] == "1"


async def test_a_held_write_whose_client_hung_up_is_dropped(make):
    backup = await alone(make, 60)
    done = []
    execute = backup.node.door.execute

    async def counting(request):
        done.append(request.path)
        return await execute(request)

    backup.node.door.execute = counting
    _, writer = await asyncio.open_connection(*backup.socket.getsockname())
    head = "POST /v1/server/ha/states/clear HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    writer.write(f"{head}Authorization: {ADMIN['Authorization']}\r\n\r\n".encode())
    await until(lambda: backup.state.tasks)

    writer.close()
    await until(lambda: not backup.state.tasks)
    await backup.node.set_mode(Mode.MASTER)
    await backup.leads()

    assert (await backup.call("POST", "/server/ha/states/clear")).status == 200
    assert done == ["/v1/server/ha/states/clear"]


async def test_a_write_that_was_begun_is_finished_though_its_client_hung_up(shop):
    house, ids = shop
    begun, finish = asyncio.Event(), asyncio.Event()
    rename = house.management.rename

    async def slowly(entity, name, ctx):
        begun.set()
        await finish.wait()
        await rename(entity, name, ctx)

    house.management.rename = slowly
    path = f"/v1/applications/{ids['shop']}/entities/{ids['web']}/name?name=late"
    _, writer = await asyncio.open_connection(*house.socket.getsockname())
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n"
    writer.write(f"{head}Authorization: {ADMIN['Authorization']}\r\n\r\n".encode())
    await begun.wait()
    writer.close()
    await asyncio.sleep(0.3)  # longer than a write goes unwatched
    finish.set()

    await until(lambda: house.management.live.entity(ids["web"]).name == "late")


async def test_redirected_writes_name_the_master(pair, make):
    master, _ = pair
    third = await with_setting(make, NonMasterWrites.REDIRECT)
    await until(third.node.master)

    told = await third.call("POST", "/applications?format=x", data=PLAN.encode())

    assert told.status == 307
    assert told.headers["Location"] == f"{master.url}/v1/applications?format=x"
    told = await third.call("POST", "/server/ha/states/clear", headers=OVERRIDE)
    assert told.status == 200


@pytest.mark.parametrize("mode", NonMasterWrites)
async def test_states_say_what_the_node_does_with_writes(make, mode):
    house = await with_setting(make, mode)
    assert (await house.get("/server/ha/states"))["nonMasterWrites"] == mode.value


async def test_refused_writes_are_amps_403(pair, make):
    third = await with_setting(make, NonMasterWrites.REFUSE)
    await until(third.node.master)

    for path in (
        "/applications",
        "/server/ha/states/clear",
        "/server/ha/priority",
        "/server/ha/state",
    ):
        told = await third.call("POST", path)
        assert (told.status, set(told.json)) == (403, {"message", "error", "data"}), path
        assert told.json["data"] == {"state": third.node.state.value}, path

    told = await third.call("POST", "/server/ha/priority", data={"priority": 3}, headers=OVERRIDE)
    assert told.status == 200
    no = {"Brooklyn-Allow-Non-Master-Access": "false"}
    assert (await third.call("POST", "/server/ha/priority", headers=no)).status == 403
    assert (await third.call("POST", "/applications", headers=OVERRIDE)).status == 403
    assert (await third.call("POST", "/server/ha/states/clear", headers=OVERRIDE)).status == 200
    assert (await third.call("POST", "/logout")).status == 200
    assert (await third.call("POST", "/server/shutdown")).status == 204


async def test_the_refusing_master_takes_writes(make):
    house = await (await with_setting(make, NonMasterWrites.REFUSE)).leads()

    assert (await house.call("POST", "/applications", data=PLAN.encode())).status == 201


async def test_a_master_whose_lease_has_lapsed_does_not_call_itself_one(house):
    assert await house.get("/server/ha/state") == "MASTER"

    house.node.leads = lambda: False

    assert await house.get("/server/ha/state") == "HOT_STANDBY"
    assert (await house.raw("GET", "/healthz/master")).status == 503
    assert (await house.raw("GET", "/healthz/read")).status == 200
