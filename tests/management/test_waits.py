"""Waits for sensors and latches whose master ends in the midst of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from tests.management.conftest import CLASSES, CTX

from brookline.management.context import Caller
from brookline.operations.task import Status
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.management.conftest import Server

    from brookline.operations.task import Task

PLAN = """
name: shop
location: localhost
services:
- {type: BasicEntity, id: db, name: db}
- type: %s
  name: web
  brooklyn.config:
    %s:
      $brooklyn:component("db").attributeWhenReady: [url, {timeout: 1h}]
"""
LATCH = PLAN % ("BasicStartable", "latch.start")
CONFIG = PLAN % ("VanillaSoftwareProcess", "launch.command")
WAITS = "for sensor url of db"


class Later(SystemClock):
    """The clock of a master that comes so many seconds later."""

    def __init__(self, by_s: float) -> None:
        self._by_ms = round(by_s * 1000)

    def wall_ms(self) -> int:
        return super().wall_ms() + self._by_ms


@pytest.fixture
async def waits(server: Server, until: Any) -> Callable[[str], Any]:
    """Return how to have the start of web wait for the url of db."""

    async def begin(plan: str) -> Task:
        task = await server.management.deploy(plan, ctx=CTX)
        await until(lambda: waiting(server, task))
        return task

    return begin


def waiting(server: Server, task: Task) -> bool:
    """Tell whether the start of web waits, and that is on record for the next master."""
    return any(
        part.waits_for == WAITS and any(key.startswith("+since") for key in record)
        for part in server.management.tasks.get(task.id).children
        if (record := server.record("task", part.id))
    )


@pytest.mark.parametrize("plan", [LATCH, CONFIG], ids=["latch", "config"])
async def test_the_limit_of_a_wait_counts_on_under_the_next_master(
    server: Server, start: Callable[..., Any], waits: Any, until: Any, plan: str
) -> None:
    task = await waits(plan)
    second: Server = await start("n2", clock=Later(45 * 60))
    third: Server = await start("n3", clock=Later(61 * 60))
    await second.node.set_priority(1)
    await server.node.stop()
    await second.leads()
    await until(lambda: waiting(second, task))
    await second.node.stop()
    await third.leads()
    task = third.management.tasks.get(task.id)
    assert await task.wait(20)
    assert task.status is Status.FAILED
    assert "gave up waiting for sensor 'url' of db" in task.error


async def test_what_becomes_ready_under_the_next_master_goes_on(
    server: Server, start: Callable[..., Any], waits: Any, until: Any
) -> None:
    task = await waits(LATCH)
    second: Server = await start("n2", CLASSES, Later(45 * 60))
    await server.node.stop()
    await second.leads()
    await until(lambda: waiting(second, task))
    db = second.named("db")
    await second.management.set_sensors(db, {"url": "db:1"}, Caller("ann"))
    task = second.management.tasks.get(task.id)
    assert await task.wait(20)
    assert task.status is Status.COMPLETED, task.error
    assert second.named("web").sensors["service.state"] == "RUNNING"
