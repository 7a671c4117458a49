from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from brookline.errors import BlueprintInvalid, Conflict, InvalidInput, NotFound
from brookline.journal.entry import decode, open_entry
from brookline.journal.keys import entry_key
from brookline.management.context import Caller
from brookline.operations.task import Status

if TYPE_CHECKING:
    from tests.management.conftest import Server

CTX = Caller("tester", "request-1")
SHOP = """
name: shop
location: localhost
services:
- {type: Stubborn, id: web, name: web, brooklyn.config: {url: '$brooklyn:component("db").attributeWhenReady("uri")'}}
- type: Stubborn
  id: db
  name: db
  brooklyn.children: [{type: basic-entity, name: inner}]
"""


async def test_a_blueprint_becomes_an_application_that_runs(server: Server) -> None:
    app = await server.deployed(SHOP)
    assert app.name == "shop"
    assert [child.name for child in app.children] == ["web", "db"]
    assert app.sensors["service.state"] == "RUNNING"
    assert server.named("web").sensors["service.isUp"] is True
    assert server.record("spec", app.id) == {"format": "brooklyn-camp", "text": SHOP}
    [location] = app.locations
    found = server.management.live.location(location)
    assert found is not None
    assert found.spec == "localhost"


async def test_its_start_is_a_task_that_is_durable_before_it_is_answered(server: Server) -> None:
    task = await server.management.deploy(SHOP, ctx=CTX)
    assert server.record("task", task.id)["effector"] == "start"
    assert server.record("entity", task.entity_id)["name"] == "shop"
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert {child.entity_name for child in task.children} == {"web", "db"}
    assert server.management.tasks.of_entity(task.entity_id)[0] is task


async def test_a_blueprint_with_faults_deploys_nothing(server: Server) -> None:
    before = server.node.replica.seq
    with pytest.raises(BlueprintInvalid) as caught:
        await server.management.deploy("location: mars\nservices: [{type: x}]", ctx=CTX)
    assert len(caught.value.faults) == 2
    assert server.management.live.applications() == ()
    assert server.node.replica.seq == before


async def test_warnings_are_kept_with_the_blueprint(server: Server) -> None:
    app = await server.deployed("services: [{type: basic-entity}]\nbrooklyn.policies: []")
    [warning] = server.record("spec", app.id)["warnings"]
    assert warning.startswith("blueprint:2:1: 'brooklyn.policies' is known but has no effect")


async def test_an_id_can_be_chosen_once(server: Server) -> None:
    plan = "services: [{type: basic-entity}]"
    deploy = server.management.deploy
    task = await deploy(plan, app_id="mychosenid1", ctx=CTX)
    assert task.entity_id == "mychosenid1"
    with pytest.raises(Conflict):
        await deploy(plan, app_id="mychosenid1", ctx=CTX)
    for bad in ("short", "UPPERCASE12", "x" * 64):
        with pytest.raises(InvalidInput):
            await deploy(plan, app_id=bad, ctx=CTX)
    await task.wait(20)


async def test_two_deployments_under_one_id_race_and_one_wins(server: Server) -> None:
    plan = "services: [{type: basic-entity}]"
    results = await asyncio.gather(
        *(server.management.deploy(plan, app_id="contended01", ctx=CTX) for _ in range(4)),
        return_exceptions=True,
    )
    assert sorted(type(result).__name__ for result in results) == ["Conflict"] * 3 + ["Task"]
    [app] = server.management.live.applications()
    assert len(app.children) == 1


async def test_children_are_added_and_started(server: Server) -> None:
    app = await server.deployed("services: [{type: basic-entity}]")
    added, task = await server.management.add_children(
        app,
        "services: [{type: Stubborn, name: a}, {type: basic-entity, name: b}]",
        start=None,
        ctx=CTX,
    )
    assert [entity.name for entity in added] == ["a", "b"]
    assert task is not None
    assert await task.wait(20)
    assert task.result == [entity.id for entity in added]
    assert added[0].sensors["service.state"] == "RUNNING"
    quiet, nothing = await server.management.add_children(
        app, "type: Stubborn\nname: c", start=False, ctx=CTX
    )
    assert (nothing, "service.state" in quiet[0].sensors) == (None, False)
    assert len(app.children) == 4


async def test_a_failed_start_is_shown_and_the_rest_runs(server: Server) -> None:
    app = await server.deployed(
        "services: [{type: Stubborn, name: bad, brooklyn.config: {latch.start: false}}, "
        "{type: Stubborn, name: good}]"
    )
    [task] = server.management.tasks.of_entity(app.id)
    assert task.status is Status.FAILED
    assert "latch.start" in task.error
    assert app.sensors["service.state"] == "ON_FIRE"
    assert server.named("good").sensors["service.state"] == "RUNNING"


async def test_an_effector_is_called_with_typed_parameters(server: Server) -> None:
    await server.deployed(SHOP)
    web = server.named("web")
    task = await server.management.invoke(web, "add", {"a": "2", "b": 3.0, "odd": 1}, CTX)
    assert await task.wait(20)
    assert (task.status, task.result) == (Status.COMPLETED, 5)
    with pytest.raises(NotFound, match="No effector 'fly'"):
        await server.management.invoke(web, "fly", {}, CTX)
    with pytest.raises(InvalidInput, match="parameter 'a'"):
        await server.management.invoke(web, "add", {"a": "many"}, CTX)


async def test_a_running_task_can_be_cancelled_once(server: Server, until: Any) -> None:
    task = await server.management.deploy(
        "services: [{type: Stubborn, name: w, brooklyn.config: {holds: true}}]", ctx=CTX
    )
    await until(lambda: server.named("w").sensors.get("service.state") == "STARTING")
    assert await server.management.cancel(task)
    assert task.status is Status.CANCELLED
    assert not await server.management.cancel(task)
    assert server.record("task", task.id)["status"] == "cancelled"


async def test_names_tags_and_config_are_set(server: Server) -> None:
    app = await server.deployed(SHOP)
    management, web = server.management, server.named("web")
    await management.rename(web, "front", CTX)
    assert web.name == "front"
    await management.set_tags(web, ["a", {"b": 1}], CTX)
    assert web.tags == ["a", {"b": 1}]
    await management.set_config(web, {"patience": "90s", "x": [1]}, recurse=False, ctx=CTX)
    assert management.config_now(web, "patience") == "1m 30s"
    assert web.config["x"] == [1]
    await management.set_config(app, {"colour": "red", "x": None}, recurse=True, ctx=CTX)
    assert all(entity.config["colour"] == "red" for entity in management.live.entities())
    assert "x" not in web.config
    await management.set_config(web, {"patience.flag": "1s"}, recurse=False, ctx=CTX)
    assert web.config["patience"] == "1s"


@pytest.mark.parametrize(
    "values",
    [{"patience": "soon"}, {"x": "$brooklyn:nope()"}, {"x": [{"y": "$brooklyn:config("}]}],
    ids=repr,
)
async def test_config_that_does_not_fit_is_refused_whole(
    server: Server, values: dict[str, Any]
) -> None:
    await server.deployed(SHOP)
    web = server.named("web")
    before = dict(web.config)
    with pytest.raises(InvalidInput):
        await server.management.set_config(web, {"ok": 1, **values}, recurse=False, ctx=CTX)
    assert web.config == before


async def test_a_name_cannot_be_empty(server: Server) -> None:
    app = await server.deployed(SHOP)
    with pytest.raises(InvalidInput):
        await server.management.rename(app, " ", CTX)


async def test_unready_config_is_shown_as_it_is_written(server: Server) -> None:
    await server.deployed(SHOP)
    management, web = server.management, server.named("web")
    unready = '$brooklyn:entity("db").attributeWhenReady("uri")'
    assert management.config_now(web, "url") == unready
    await management.set_sensors(server.named("db"), {"uri": "http://db"}, CTX)
    assert management.config_now(web, "url") == "http://db"
    assert management.resolve_now(web, ["$brooklyn:entityId()"]) == [web.id]
    shown = {"type": "org.example.Stubborn", "id": server.named("db").id}
    assert management.resolve_now(web, {"db": '$brooklyn:component("db")'}) == {"db": shown}


async def test_sensors_are_set_and_removed(server: Server) -> None:
    await server.deployed(SHOP)
    inner = server.named("inner")
    await server.management.set_sensors(inner, {"a": 1, "b": {"c": [2]}}, CTX)
    assert {**inner.sensors, "a": 1, "b": {"c": [2]}} == inner.sensors
    await server.management.remove_sensor(inner, "a", CTX)
    await server.management.remove_sensor(inner, "never", CTX)
    assert (inner.sensors["b"], "a" in inner.sensors) == ({"c": [2]}, False)


async def test_a_problem_set_by_hand_puts_an_entity_on_fire(server: Server, until: Any) -> None:
    app = await server.deployed(SHOP)
    web = server.named("web")
    await server.management.set_sensors(web, {"service.problems": {"k": "bad"}}, CTX)
    await until(lambda: app.sensors["service.state"] == "ON_FIRE")
    assert web.sensors["service.state"] == "ON_FIRE"
    await server.management.set_sensors(web, {"service.problems": {}}, CTX)
    await until(lambda: app.sensors["service.state"] == "RUNNING")


async def test_an_application_is_stopped_and_forgotten(server: Server) -> None:
    app = await server.deployed(SHOP)
    kept = await server.deployed("location: localhost\nservices: [{type: basic-entity}]")
    task = await server.management.delete(app, CTX)
    assert task.entity_id == ""
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert server.management.live.applications() == (kept,)
    records = server.node.replica.records
    left = {kind: list(records.ids(kind)) for kind in ("entity", "sensors", "spec", "location")}
    assert set(left["entity"]) == {kept.id, kept.children[0].id}
    assert set(left["sensors"]) <= set(left["entity"])
    assert (left["spec"], left["location"]) == ([kept.id], list(kept.locations))


async def test_what_will_not_stop_is_forgotten_all_the_same(server: Server) -> None:
    app = await server.deployed("services: [{type: Stubborn, brooklyn.config: {stays: true}}]")
    task = await server.management.delete(app, CTX)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert task.result == "removed, although its stop failed: it would not go"
    assert server.management.live.applications() == ()


async def test_an_entity_is_expunged_with_all_below_it(server: Server) -> None:
    app = await server.deployed(SHOP)
    db = server.named("db")
    task = await server.management.expunge(db, release=False, ctx=CTX)
    assert db.name == "[DESTROYING] db"
    assert await task.wait(20)
    assert [entity.name for entity in app.descendants()] == ["web"]
    with pytest.raises(NotFound):
        await server.management.expunge(db, release=True, ctx=CTX)
    with pytest.raises(NotFound):
        await server.management.rename(db, "x", CTX)


async def test_a_start_that_hangs_does_not_keep_an_application(server: Server, until: Any) -> None:
    start = await server.management.deploy(
        "services: [{type: Stubborn, name: w, brooklyn.config: {holds: true}}]", ctx=CTX
    )
    await until(lambda: server.named("w").sensors.get("service.state") == "STARTING")
    [app] = server.management.live.applications()
    task = await server.management.delete(app, CTX)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert server.management.live.applications() == ()
    assert start.status.ended


async def test_who_asked_is_in_the_log(server: Server) -> None:
    app = await server.deployed(SHOP)
    await server.management.rename(app, "other", Caller("ann", "r-7"))
    key = entry_key(server.node.replica.seq)
    data = await server.store.get(key)
    assert data is not None
    entry = decode(open_entry(data, key), key)
    assert [(item.user, item.request) for item in entry.items()] == [("ann", "r-7")]
