"""Interrupted operations over REST: listed, explained, resolved once."""

from __future__ import annotations

import asyncio

import pytest
from tests.api.conftest import PLAN
from tests.api.house import until
from tests.api.test_events import changed, stream, take

from brookline.plane.states import NodeState


@pytest.fixture
async def after(pair):
    """The second node, after the first one left it an effector that must not be done twice."""
    first, second = pair
    app = await first.deploy(PLAN)
    path = f"/applications/{app}/entities/web"
    told = await first.call("POST", f"{path}/effectors/dwell?timeout=0", json={})
    task = told.json["id"]
    await until(lambda: _began(first, task))
    await first.node.stop()
    await until(lambda: second.node.state is NodeState.MASTER)
    await second.leads()
    return second, task, path


def _began(house, task):
    parts = house.node.replica.records.all("task").values()
    return any(part.get("parent") == task for part in parts)


async def post(house, task, choice, **more):
    return await house.call("POST", f"/interrupted/{task}/{choice}", **more)


async def test_it_is_listed_with_its_reason_and_the_failover(after):
    house, task, path = after
    [one] = await house.get("/interrupted")
    web = await house.get(path)
    assert (one["id"], one["name"], one["entityDisplayName"]) == (task, "dwell", "web")
    assert (one["cause"], one["step"], one["entityId"]) == ("once", "wait", web["id"])
    assert "nobody knows whether its step 'wait' was done" in one["reason"]
    newest = (await house.get("/server/ha/history"))[0]
    assert one["failover"] == {
        "epoch": newest["epoch"],
        "node": "n2",
        "from": "n1",
        "reason": newest["reason"],
        "atUtc": newest["startedUtc"],
    }
    assert one["links"]["activity"] == f"/v1/activities/{task}"
    assert one["links"]["resume"] == f"/v1/interrupted/{task}/resume"


async def test_the_task_of_amps_clients_has_failed_and_says_what_to_do(after):
    house, task, path = after
    shown = await house.get(f"/activities/{task}")
    assert (shown["currentStatus"], shown["isError"], shown["interrupted"]) == (
        "Failed",
        True,
        True,
    )
    assert shown["detailedStatus"].startswith("Interrupted after")
    assert "brookline interrupted" in shown["detailedStatus"]
    problems = await house.get(f"{path}/sensors/service.problems")
    assert "its dwell was interrupted" in problems["interrupted"]


async def test_by_itself_it_says_what_each_choice_would_do(after):
    house, task, _ = after
    one = await house.get(f"/interrupted/{task}")
    assert {name: choice["possible"] for name, choice in one["choices"].items()} == {
        "resume": True, "replay": True, "abandon": True,
    }  # fmt: skip
    assert any("wait of web" in text for text in one["choices"]["resume"]["will"])


async def test_it_is_resumed_as_the_same_task_once(after):
    house, task, path = after
    key = {"Idempotency-Key": "resume-1"}
    told = await post(house, task, "resume", headers=key)
    assert told.status == 202, told.body
    assert (told.json["id"], told.json["currentStatus"]) == (task, "In progress")
    again = await post(house, task, "resume", headers=key)
    assert (again.status, again.json["id"]) == (202, task)
    shown = await house.call("GET", f"/activities/{task}")
    assert (shown.status, shown.json["currentStatus"]) == (202, "In progress")
    assert "Taken up once" in shown.json["detailedStatus"]
    assert await house.get("/interrupted") == []
    assert await house.get(f"{path}/sensors/service.problems") == {}
    late = await post(house, task, "abandon", json={"reason": "late"})
    assert late.status == 409
    assert "was resumed by admin and runs" in late.json["message"]
    assert (await house.call("POST", f"/activities/{task}/cancel")).json is True
    ended = await post(house, task, "resume")
    assert ended.status == 409
    assert "was resumed by admin and was cancelled" in ended.json["message"]


async def test_what_is_resumed_runs_on_every_node_and_can_be_waited_for_there(after, make):
    house, task, _ = after
    third = await make()
    await until(lambda: third.management.tasks.find(task))
    known = third.management.tasks.get(task)
    assert known.status.ended
    told = await third.call("POST", f"/interrupted/{task}/resume")
    assert (told.status, told.json["id"]) == (202, task)
    await until(lambda: not known.status.ended)
    waiting = asyncio.ensure_future(third.call("GET", f"/activities/{task}?timeout=20s"))
    assert (await third.get("/interrupted")) == []
    await until(lambda: (part := house.management.tasks.get(task).children) and part[0].owned)
    assert (await third.call("POST", f"/activities/{task}/cancel")).json is True
    ended = await waiting
    assert (ended.status, ended.json["currentStatus"]) == (200, "Cancelled")


async def test_it_is_replayed_as_another_task(after):
    house, task, _ = after
    told = await post(house, task, "replay")
    assert told.status == 202, told.body
    again = told.json["id"]
    assert again != task
    assert (await house.get("/interrupted")) == []
    one = await house.get(f"/interrupted/{task}")
    assert (one["resolved"]["how"], one["resolved"]["task"]) == ("replayed", again)
    assert one["choices"] == {}
    assert "resume" not in one["links"]
    assert (await house.call("POST", f"/activities/{again}/cancel")).json is True


async def test_that_it_is_decided_is_told_by_the_stream(after):
    house, task, _ = after
    async with stream(house, "topics=plane") as heard:
        await take(heard, "hello")
        assert (await post(house, task, "abandon", json={"reason": "done by hand"})).status == 200
        await take(heard, changed("interrupted", id=task, waits=False))


@pytest.mark.parametrize("form", [True, False], ids=["form", "json"])
async def test_it_is_abandoned_with_a_reason(after, form):
    house, task, path = after
    body = {"data" if form else "json": {"reason": "done by hand"}}
    told = await post(house, task, "abandon", **body)
    assert told.status == 200, told.body
    assert told.json["resolved"] | {"atUtc": 0} == {
        "how": "abandoned", "by": "admin", "atUtc": 0, "why": "done by hand",
    }  # fmt: skip
    assert await house.get("/interrupted") == []
    shown = await house.get(f"/activities/{task}")
    assert shown["currentStatus"] == "Failed"
    assert "abandoned by admin: done by hand" in shown["detailedStatus"]
    assert await house.get(f"{path}/sensors/service.problems") == {}


@pytest.mark.parametrize(
    "body",
    [{}, {"json": {}}, {"json": {"reason": " "}}, {"json": {"reason": 1}}, {"json": ["x"]}],
    ids=["none", "empty", "blank", "number", "list"],
)
async def test_abandoning_without_a_reason_is_refused(after, body):
    house, task, _ = after
    told = await post(house, task, "abandon", **body)
    assert (told.status, "reason" in told.json["message"]) == (400, True)
    assert len(await house.get("/interrupted")) == 1


@pytest.mark.parametrize("choice", ["resume", "replay", "abandon"])
async def test_what_is_not_there_or_not_interrupted_is_refused(shop, choice):
    house, ids = shop
    told = await post(house, "nobody", choice, json={"reason": "x"})
    assert told.status == 404
    tasks = await house.get(f"/applications/{ids['shop']}/entities/{ids['shop']}/activities")
    told = await post(house, tasks[0]["id"], choice, json={"reason": "x"})
    assert (told.status, "has completed" in told.json["message"]) == (409, True)
    shown = await house.call("GET", f"/interrupted/{tasks[0]['id']}")
    assert (shown.status, "has completed" in shown.json["message"]) == (404, True)
