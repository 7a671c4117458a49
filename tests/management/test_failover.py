from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from brookline.errors import NotMaster
from brookline.management.context import Caller
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.management.conftest import Server

CTX = Caller("tester")
PLAN = """
name: shop
services:
- {type: Stubborn, name: slow, brooklyn.config: {holds: true}}
- {type: Stubborn, name: quick}
- {type: basic-entity, name: thing}
"""


def waits(server: Server) -> bool:
    """Tell whether the start that holds has come to its step, which must not be done twice."""
    records = server.node.replica.records
    return any(task.get("name") == "wait" for task in records.all("task").values())


@pytest.fixture
async def after(server: Server, start: Callable[[str], Any], until: Any) -> Server:
    """The second server, after the first one left it a start that was under way."""
    second: Server = await start("n2")
    await server.management.deploy(PLAN, ctx=CTX)
    await until(lambda: waits(server))
    await until(lambda: server.named("quick").sensors.get("service.state") == "RUNNING")
    await server.management.set_sensors(server.named("thing"), {"x": 1}, CTX)
    await server.node.stop()
    return await second.leads()


async def test_a_hot_standby_shows_all_and_changes_nothing(
    server: Server, start: Callable[[str], Any], until: Any
) -> None:
    app = await server.deployed("services: [{type: basic-entity, name: thing}]")
    second: Server = await start("n2")
    await until(lambda: second.management.live.entity(app.id) is not None)
    assert [child.name for child in second.management.live.applications()[0].children] == ["thing"]
    await server.management.set_sensors(server.named("thing"), {"x": 7}, CTX)
    await until(lambda: second.named("thing").sensors.get("x") == 7)
    assert [task.name for task in second.management.tasks.of_entity(app.id)] == ["start"]
    with pytest.raises(NotMaster):
        await second.management.set_sensors(second.named("thing"), {"x": 8}, CTX)


async def test_what_was_cut_off_is_shown_as_interrupted(after: Server) -> None:
    [app] = after.management.live.applications()
    [task] = [task for task in after.management.tasks.of_entity(app.id) if not task.parent_id]
    assert task.status is Status.INTERRUPTED
    assert "interrupted" in task.error
    slow = after.named("slow")
    for entity in (app, slow):
        assert entity.sensors["service.state"] == "ON_FIRE"
        assert entity.sensors["service.isUp"] is False
        assert "its start was interrupted" in entity.sensors["service.problems"]["interrupted"]
    assert after.node.history()[0]["interrupted"] == ["start of shop"]


async def test_what_had_ended_is_as_it_was(after: Server) -> None:
    assert after.named("quick").sensors["service.state"] == "RUNNING"
    assert after.named("thing").sensors["x"] == 1


async def test_what_was_cut_off_can_be_called_again(after: Server, until: Any) -> None:
    management, slow = after.management, after.named("slow")
    await management.set_config(slow, {"holds": False}, recurse=False, ctx=CTX)
    [app] = management.live.applications()
    task = await management.invoke(app, "start", {}, CTX)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert slow.sensors["service.problems"] == {}
    await until(lambda: app.sensors["service.state"] == "RUNNING")


async def test_what_was_cut_off_can_be_deleted(after: Server) -> None:
    [app] = after.management.live.applications()
    task = await after.management.delete(app, CTX)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert after.management.live.applications() == ()


async def test_a_server_that_starts_later_finds_everything(
    after: Server, start: Callable[[str], Any], until: Any
) -> None:
    await after.node.stop()
    third: Server = await (await start("n3")).leads()
    assert [app.name for app in third.management.live.applications()] == ["shop"]
    assert third.named("thing").sensors["x"] == 1


async def test_what_a_lapsed_lease_cuts_off_is_told_when_it_is_renewed(
    server: Server, until: Any
) -> None:
    start = await server.management.deploy(PLAN, ctx=CTX)
    await until(lambda: waits(server))
    tenant, epoch = server.built.tenant, server.node.epoch
    await tenant.deactivate()
    assert server.record("task", start.id)["status"] == "running"
    await tenant.activate(epoch)
    assert server.record("task", start.id)["status"] == "interrupted"
    assert server.named("slow").sensors["service.state"] == "ON_FIRE"
    again = await server.management.invoke(server.named("quick"), "add", {"a": 1}, CTX)
    assert await again.wait(20)
    assert again.result == 2
