"""Operations that need a type of entity which is not installed where they run."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.management.conftest import CLASSES, Stubborn

from brookline.entities.startable import Startable
from brookline.errors import NotFound
from brookline.management.context import Caller
from brookline.model.effectors import effector
from brookline.operations.safety import repeatable
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.management.conftest import Server

    from brookline.model.entity import Entity
    from brookline.operations.operation import Operation
    from brookline.operations.task import Task

ANN = Caller("ann")
GATES: dict[str, asyncio.Event] = {}


@repeatable
async def passing(name: str) -> str:
    """Wait for a gate; may be done again."""
    await GATES.setdefault(name, asyncio.Event()).wait()
    return f"{name} passed"


class Fading(Startable):
    """Of a type that the second server has not."""

    TYPE = "org.example.Fading"

    async def do_start(self, op: Operation) -> None:
        await op.step("wait", passing, "fading")

    async def do_stop(self, op: Operation) -> None:
        await op.step("end", passing, "fading")

    @effector
    async def ponder(self, op: Operation) -> Any:
        """Think until the gate opens."""
        return await op.step("think", passing, "fading")


class Asker(Stubborn):
    """Calls the others of its application."""

    TYPE = "org.example.Asker"

    @effector
    async def ask(self, op: Operation) -> Any:
        """Wait for the own gate, and have Fading ones think."""
        await op.step("first", passing, self.name)
        others = [one for one in self.application.children if one is not self]
        return [await op.call(one, "ponder") for one in others]


ALL = (*CLASSES, Fading, Asker)
PLAN = "{name: shop, services: [{type: Asker, name: asker}, {type: Fading, name: fading}]}"


@pytest.fixture(autouse=True)
def gates() -> None:
    """Close all gates."""
    GATES.clear()


@pytest.fixture
async def first(start: Callable[..., Any]) -> Server:
    """A master that has all types, and an application that has started."""
    server: Server = await start("n1", ALL)
    await server.leads()
    opens("fading")
    app = await server.deployed(PLAN)
    assert app.sensors["service.state"] == "RUNNING"
    GATES.clear()
    return server


def opens(name: str) -> None:
    GATES.setdefault(name, asyncio.Event()).set()


def fading(server: Server) -> Entity:
    return next(one for one in server.management.live.entities() if one.type == Fading.TYPE)


async def replaced(server: Server, start: Callable[..., Any], name: str, types: Any) -> Server:
    """Return the next master, after this one has ended."""
    after: Server = await start(name, types)
    await server.node.stop()
    return await after.leads()


async def interrupted(server: Server, task: Task) -> Task:
    """Return the task as that server has it, once it is interrupted for the missing type."""
    task = server.management.tasks.get(task.id)
    assert await task.wait(20)
    assert task.status is Status.INTERRUPTED, task.error
    assert task.interruption["cause"] == "gone"
    one = fading(server)
    missing = f"the type org.example.Fading of {one.name} ({one.id}) is not installed on this node"
    assert missing in task.interruption["reason"]
    assert missing in task.error
    assert task in server.management.interruptions.unresolved()
    return task


async def ponder(server: Server) -> Task:
    return await server.management.invoke(fading(server), "ponder", {}, ANN)


async def begin(server: Server) -> Task:
    [app] = server.management.live.applications()
    return await server.management.invoke(app, "start", {}, ANN)


async def ask(server: Server) -> Task:
    opens("asker")
    return await server.management.invoke(server.named("asker"), "ask", {}, ANN)


async def add(server: Server) -> Task:
    [app] = server.management.live.applications()
    await server.management.expunge(fading(server), release=False, ctx=ANN)
    plan = "{type: Fading, name: fading}"
    _, task = await server.management.add_children(app, plan, start=True, ctx=ANN)
    assert task is not None
    return task


async def expunge(server: Server) -> Task:
    return await server.management.expunge(fading(server), release=True, ctx=ANN)


async def delete(server: Server) -> Task:
    [app] = server.management.live.applications()
    return await server.management.delete(app, ANN)


@pytest.mark.parametrize("work", [ponder, begin, ask, add, expunge, delete])
async def test_what_is_taken_up_where_the_type_is_missing_goes_on_where_it_is(
    first: Server, start: Callable[..., Any], until: Any, work: Any
) -> None:
    task = await work(first)
    await until(lambda: "fading" in GATES)
    second = await replaced(first, start, "n2", (*CLASSES, Asker))
    await interrupted(second, task)
    third = await replaced(second, start, "n3", ALL)
    task = third.management.tasks.get(task.id)
    opens("fading")
    await third.management.interruptions.resume(task, ANN)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED, task.error
    left = [one for one in third.management.live.entities() if one.type == Fading.TYPE]
    assert len(left) == (0 if work in (expunge, delete) else 1)
    assert not any("interrupted" in one.sensors.get("service.problems", {}) for one in left)


@pytest.fixture
async def second(first: Server, start: Callable[..., Any]) -> Server:
    """A master that lacks the type of one entity."""
    return await replaced(first, start, "n2", (*CLASSES, Asker))


async def test_what_needs_it_is_interrupted_before_it_touches_others(second: Server) -> None:
    task = await interrupted(second, await begin(second))
    assert task.children == []
    assert second.named("asker").sensors["service.state"] == "RUNNING"
    shop = second.management.live.applications()[0]
    assert list(shop.sensors["service.problems"]) == ["interrupted"]
    assert shop.sensors["service.state"] == "ON_FIRE"


async def test_a_call_of_it_is_interrupted(second: Server) -> None:
    await interrupted(second, await ask(second))


async def test_who_asks_it_for_something_is_told_what_is_missing(second: Server) -> None:
    with pytest.raises(NotFound, match=r"No effector 'ponder'.*org\.example\.Fading of fading"):
        await ponder(second)


async def test_what_is_to_be_released_is_not_forgotten_before_it_was_stopped(
    second: Server,
) -> None:
    [app] = second.management.live.applications()
    expunge = second.management.expunge
    await interrupted(second, await expunge(fading(second), release=True, ctx=ANN))
    whole = await interrupted(second, await second.management.delete(app, ANN))
    assert second.named("asker").sensors["service.state"] == "RUNNING"
    assert "expunge?release=false" in whole.error
    gone = await expunge(fading(second), release=False, ctx=ANN)
    assert await gone.wait(20)
    assert gone.status is Status.COMPLETED, gone.error
    resumed = await second.management.interruptions.resume(whole, ANN)
    assert await resumed.wait(20)
    assert resumed.status is Status.COMPLETED, resumed.error
    assert not second.management.live.applications()
