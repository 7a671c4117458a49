"""What was committed after its caller had been told that it may be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from brookline.errors import Outcome, Unavailable
from brookline.management.context import Caller
from brookline.operations.task import Status
from brookline.stores.store import Undecided

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from tests.management.conftest import Server

    from brookline.operations.task import Task

CTX = Caller("tester")
PLAN = "name: shop\nservices: [{type: Stubborn, name: quick}]"


class FullDisk:
    """Takes nothing, until there is room."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.create = server.store.create

    async def refuse(self, key: str, data: bytes) -> Undecided:
        return Undecided("no space left")

    async def in_vain(self, asked: Awaitable[Any]) -> None:
        """Have something asked that is refused as not known, before there is room."""
        self.server.store.create = self.refuse  # type: ignore[method-assign, assignment]
        leadership = self.server.node._core.leadership
        assert leadership is not None
        waiting = asyncio.ensure_future(asked)
        while leadership.writer.undecided_since is None:  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.005)
        leadership.writer._wait_s = 0.0
        leadership.writer.expire()
        with pytest.raises(Unavailable, match="no space left") as refused:
            await waiting
        assert refused.value.outcome is Outcome.UNKNOWN
        leadership.writer._wait_s = 10.0

    def make_room(self) -> None:
        self.server.store.create = self.create  # type: ignore[method-assign]


def tasks(server: Server, name: str) -> list[Task]:
    return [task for task in server.management.tasks.top_level() if task.name == name]


async def test_a_deploy_that_lands_late_is_started(
    server: Server, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    disk = FullDisk(server)
    await disk.in_vain(server.management.deploy(PLAN, ctx=CTX))
    disk.make_room()
    await until(lambda: tasks(server, "start"))
    [start] = tasks(server, "start")
    assert await start.wait(20)
    assert start.status is Status.COMPLETED
    assert server.named("quick").sensors["service.state"] == "RUNNING"


async def test_so_is_every_other_task(
    server: Server, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    app = await server.deployed(PLAN)
    disk = FullDisk(server)
    management = server.management
    for asked, name in (
        (management.invoke(server.named("quick"), "add", {"a": 1}, CTX), "add"),
        (
            management.add_children(
                app, "services: [{type: Stubborn, name: late}]", start=True, ctx=CTX
            ),
            "add children",
        ),
        (management.expunge(server.named("quick"), release=False, ctx=CTX), "expunging quick"),
        (management.delete(app, CTX), "destroying shop"),
    ):
        await disk.in_vain(asked)
        disk.make_room()
        await until(lambda name=name: tasks(server, name))
        [task] = tasks(server, name)
        assert await task.wait(20), name
        assert task.status is Status.COMPLETED, name
    assert management.live.applications() == ()


async def test_what_lands_when_this_node_acts_no_more_is_done_once_it_acts_again(
    server: Server, until: Callable[[Callable[[], object]], Awaitable[None]]
) -> None:
    app = await server.deployed(PLAN)
    disk = FullDisk(server)
    await disk.in_vain(server.management.delete(app, CTX))
    await server.built.tenant.deactivate()  # as when the lease has lapsed
    disk.make_room()
    await until(lambda: tasks(server, "destroying shop"))
    [task] = tasks(server, "destroying shop")
    assert server.record("task", task.id)["status"] == "running"
    await server.built.tenant.activate(server.node.epoch)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED
    assert server.management.live.applications() == ()
