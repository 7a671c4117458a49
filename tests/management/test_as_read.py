"""What an operation has read holds for it, whoever leads, and whatever becomes of it meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest
from tests.management.conftest import CLASSES, CTX

from brookline.operations.retention import with_parts
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.management.conftest import Server

    from brookline.model.entity import Entity
    from brookline.operations.task import Task

PLAN = """
name: shop
location: localhost
brooklyn.config: {{onbox.base.dir: {folder}, note: {note}}}
services:
- {{type: BasicEntity, id: db, name: db}}
- type: VanillaSoftwareProcess
  name: web
  brooklyn.config:
    {config}
    install.command: |
      echo $$ >>{folder}/pids
      while ! test -e {folder}/go; do sleep 0.05; done
      echo "installed in $INSTALL_DIR" >>{folder}/trace
    customize.command: echo "customized in $INSTALL_DIR" "$NOTE" >>{folder}/trace
    launch.command: "true"
    checkRunning.command: ""
"""
URL = '$brooklyn:component("db").attributeWhenReady("url")'


class Shop:
    """A shop whose install waits, and what becomes of it on the next master."""

    def __init__(self, first: Server, start: Callable[..., Any], folder: Path) -> None:
        self.first = first
        self.start = start
        self.folder = folder

    async def installs(self, until: Any, config: str, note: str = "n1") -> Task:
        """Deploy it, with the sensor on which its config may wait; return once it installs."""
        plan = PLAN.format(folder=self.folder, config=config, note=note)
        task = await self.first.management.deploy(plan, ctx=CTX)
        await until(self.first.management.live.applications)
        await self.set_url(self.first, "db:1")
        await until(self.pids)
        return task

    async def set_url(self, server: Server, url: str | None) -> None:
        db = server.named("db")
        if url is None:
            await server.management.remove_sensor(db, "url", CTX)
        else:
            await server.management.set_sensors(db, {"url": url}, CTX)

    async def fails_over(self) -> Server:
        """Let the next master lead."""
        second: Server = await self.start("n2", CLASSES)
        await self.first.node.stop()
        return await second.leads()

    async def ends(self, second: Server, task: Task) -> Task:
        """Let the install go on; return the task as it ended."""
        (self.folder / "go").touch()
        found = second.management.tasks.get(task.id)
        assert await found.wait(20)
        return found

    def pids(self) -> list[int]:
        try:
            return [int(line) for line in (self.folder / "pids").read_text().split()]
        except FileNotFoundError:
            return []

    def trace(self) -> list[str]:
        return (self.folder / "trace").read_text().splitlines()


@pytest.fixture
async def shop(server: Server, start: Callable[..., Any], tmp_path: Path) -> Any:
    folder = tmp_path / "box"
    folder.mkdir()
    shop = Shop(server, start, folder)
    yield shop
    for pid in shop.pids():
        with contextlib.suppress(ProcessLookupError):
            os.killpg(os.getpgid(pid), signal.SIGKILL)


def _once(shop: Shop) -> None:
    """Make sure that it was installed once, and customized where it was installed."""
    installed, customized = shop.trace()
    folder = installed.removeprefix("installed in ")
    assert customized.split()[2] == folder
    assert len(shop.pids()) == 1
    [only] = (shop.folder / "installs").iterdir()
    assert str(only) == folder


async def test_a_latch_that_was_open_stays_open(shop: Shop, until: Any) -> None:
    config = (
        'latch.start: {"$brooklyn:component(\\"db\\").attributeWhenReady": [url, {timeout: 1s}]}'
    )
    task = await shop.installs(until, config)
    await shop.set_url(shop.first, None)
    second = await shop.fails_over()
    await asyncio.sleep(1.2)  # as long as it would wait for the latch
    ended = await shop.ends(second, task)
    assert ended.status is Status.COMPLETED, ended.error
    _once(shop)


async def test_an_installation_is_where_it_was_whatever_its_variables_are(
    shop: Shop, until: Any
) -> None:
    task = await shop.installs(until, f"shell.env: {{NOTE: '{URL}'}}")
    await shop.set_url(shop.first, "db:2")
    ended = await shop.ends(await shop.fails_over(), task)
    assert ended.status is Status.COMPLETED, ended.error
    _once(shop)
    assert shop.trace()[1].endswith(" db:1")


def _web_is_set(server: Server) -> Entity:
    return server.named("web")


def _all_is_set(server: Server) -> Entity:
    return server.management.live.applications()[0]


@pytest.mark.parametrize("whose", [_web_is_set, _all_is_set])
async def test_what_is_set_meanwhile_is_for_later_operations(
    shop: Shop, until: Any, whose: Callable[[Server], Entity]
) -> None:
    task = await shop.installs(until, "latch.launch: true")
    management = shop.first.management
    values = {"shell.env": {"NOTE": "late"}, "env": {"NOTE": "late"}, "any.port": "9000+"}
    await management.set_config(whose(shop.first), values, recurse=False, ctx=CTX)
    ended = await shop.ends(await shop.fails_over(), task)
    assert ended.status is Status.COMPLETED, ended.error
    _once(shop)
    assert not shop.trace()[1].endswith("late")


async def test_what_was_read_is_recorded_with_what_is_set_and_not_before(
    shop: Shop, until: Any
) -> None:
    task = await shop.installs(until, "latch.launch: true")
    records = shop.first.node.replica.records
    parts = [one.id for one in with_parts(shop.first.management.tasks.get(task.id))]

    def read() -> set[str]:
        keys = [key for one in parts for key in records.get("task", one) or {}]
        return {key.rpartition(" ")[2] for key in keys if key.startswith("+read ")}

    assert read() == set()
    web, management = shop.first.named("web"), shop.first.management
    await management.set_config(web, {"start.timeout": "9m"}, recurse=False, ctx=CTX)
    assert read() == {"*ports"}  # it has not come to the other, and will take what is set
    await management.set_config(web, {"shell.env": {}}, recurse=False, ctx=CTX)
    assert read() == {"*ports", "shell.env"}
