"""Each write of the API that is sent again is answered as the first time, and not done again."""

from __future__ import annotations

import pytest
from tests.api.house import until
from tests.api.repeating import CHILD, DEPLOY, DEPLOY_AS, JSON, YAML, of_web, sender, write

from brookline.api.app import all_operations
from brookline.api.routes import Place, RouteTable
from brookline.plane.requests import KIND
from brookline.values.clock import SystemClock

PLANNED = "/server/ha/switchover/planned"
IN_AN_HOUR = SystemClock().wall_ms() + 3_600_000
ENDS = b'{"session": "s1", "until": 4102444800000}'


async def moved(shop):
    """Return all that there is, exported, after its application was removed."""
    told = await shop.house.call("GET", "/server/ha/persist/export")
    await shop.house.call("DELETE", "/applications/{shop}".format(**shop.ids))
    await until(lambda: not shop.house.management.live.applications())
    return told.body


async def planned(shop):
    """Plan what is to be called off."""
    told = await shop.house.call("POST", f"{PLANNED}?at={IN_AN_HOUR}")
    assert told.status == 200, told
    return b""


WRITES = [
    pytest.param(DEPLOY, 201, id="deploy"),
    pytest.param(DEPLOY_AS, 201, id="deploy-as"),
    pytest.param(write("DELETE", "/applications/{shop}"), 202, id="delete"),
    pytest.param(of_web("/children?start=false", CHILD, **YAML), 201, id="add-children"),
    pytest.param(of_web("/children?timeout=20s", CHILD, **YAML), 201, id="add-and-start-children"),
    pytest.param(of_web("/name?name=other"), 200, id="rename"),
    pytest.param(of_web("/expunge?release=false"), 202, id="expunge"),
    pytest.param(of_web("/config/a", b'"b"', **JSON), 204, id="config"),
    pytest.param(of_web("/config", b'{"a": 1, "b": 2}', **JSON), 204, id="several-config"),
    pytest.param(of_web("/config/a?recurse=true", b"1", **JSON), 204, id="config-of-all-below"),
    pytest.param(of_web("/sensors/a", b"1", **JSON), 204, id="sensor"),
    pytest.param(of_web("/sensors", b'{"a": 1}', **JSON), 204, id="several-sensors"),
    pytest.param(of_web("/sensors/a", method="DELETE"), 204, id="remove-a-sensor"),
    pytest.param(of_web("/tag/add", b'"a"', **JSON), 204, id="add-a-tag"),
    pytest.param(of_web("/tag/delete", b'"a"', **JSON), 200, id="remove-a-tag"),
    pytest.param(of_web("/tag/upsert/a", b"1", **JSON), 204, id="set-a-tag"),
    pytest.param(of_web("/effectors/nap?timeout=0", b"{}", **JSON), 202, id="invoke"),
    pytest.param(of_web("/effectors/nap", b"{}", **JSON), 202, id="invoke-and-wait"),
    pytest.param(of_web("/effectors/fail", b"{}", **JSON), 500, id="invoke-what-fails"),
    pytest.param(write("POST", "/activities/{task}/cancel"), 200, id="cancel"),
    pytest.param(write("POST", "/interrupted/{balked}/resume"), 202, id="resume"),
    pytest.param(write("POST", "/interrupted/{balked}/replay"), 202, id="replay"),
    pytest.param(
        write("POST", "/interrupted/{balked}/abandon", b'{"reason": "no"}', **JSON),
        200,
        id="abandon",
    ),
    pytest.param(write("POST", "/session/end", ENDS, **JSON), 204, id="end-a-session"),
    pytest.param(write("POST", "/server/ha/persist/import", moved), 200, id="import"),
    pytest.param(write("POST", f"{PLANNED}?at={IN_AN_HOUR}"), 200, id="plan"),
    pytest.param(write("DELETE", PLANNED, planned), 204, id="call-off"),
]
"""Each write that is remembered, and how it is answered."""

NOT_REMEMBERED = {
    "POST /v1/server/ha/states/clear",
    "POST /v1/server/ha/states/clear/node",
    "POST /v1/server/ha/switchover",
}
"""Writes of the master about nodes, which are no commits; docs/rest-additions.md says why, and what to do."""


@pytest.fixture
async def shop(shop):
    """Who sends writes, with an operation that waits for a decision."""
    shop = await sender(shop)
    balk = of_web("/effectors/balk?timeout=20s", b"{}", **JSON)
    await shop.send(balk, key="")
    [one] = shop.house.management.interruptions.unresolved()
    shop.ids["balked"] = one.id
    return shop


@pytest.mark.parametrize(("asked", "status"), WRITES)
async def test_a_write_that_is_sent_again_has_the_same_answer_and_is_not_done_again(
    shop, asked, status
):
    if callable(asked["data"]):
        asked = {**asked, "data": await asked["data"](shop)}
    first = await shop.send(asked)
    known = remembered(shop), begun(shop)
    there = set(entities(shop))

    again = await shop.send(asked)

    assert first.status == again.status == status, first.body
    assert first.body == again.body
    for name in ("Content-Type", "Location"):
        assert first.headers.get(name) == again.headers.get(name)
    assert (remembered(shop), begun(shop)) == known
    assert entities(shop) <= there, "what is removed may go meanwhile"


def remembered(shop):
    """Return how many requests are remembered."""
    return len(shop.house.node.replica.records.all(KIND))


def entities(shop):
    return shop.house.node.replica.records.all("entity").keys()


def begun(shop):
    """Return the operations that were begun, each with how often somebody had it go on."""
    tasks = shop.house.management.tasks.top_level()
    return {task.id: task.taken.get("count", 0) for task in tasks}


def route(asked):
    """Return the route that a write takes."""
    path = f"/v1{asked['path']}".partition("?")[0]
    return RouteTable(all_operations()).find(asked["method"], path).operation


def test_each_write_of_the_master_is_sent_again_by_a_test_or_known_not_to_be_remembered():
    writes = [one for one in all_operations() if one.place is Place.MASTER and one.method != "GET"]
    named = {f"{one.method} {one.path}" for one in writes if one.recorded}
    tried = [route(param.values[0]) for param in WRITES]

    assert {f"{one.method} {one.path}" for one in tried} == named
    assert {f"{one.method} {one.path}" for one in writes if not one.recorded} == NOT_REMEMBERED
