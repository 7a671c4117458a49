"""A real node on a real folder, whose disk fails."""

from __future__ import annotations

import asyncio
import errno
from typing import TYPE_CHECKING

import pytest
from tests.journal.house import put
from tests.plane.house import Quiet, Unheard

from brookline.errors import StoreError, Unavailable
from brookline.journal.queue import Decision
from brookline.journal.rules import ALL_RULES
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import NodeState
from brookline.stores.directory import DirectoryStore
from brookline.stores.files import Files
from brookline.values.clock import SystemClock
from brookline.values.ids import SYSTEM_RANDOM

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

pytestmark = pytest.mark.slow

SETTINGS = PlaneSettings(poll_s=0.05, timeout_s=2.0, write_wait_s=1.0, exit_wait_s=1.0)


class Disk(Files):
    """Fails its fsyncs from a moment on."""

    failing = False

    def fsync(self, fd: int) -> None:
        if self.failing:
            raise OSError(errno.EIO, "Input/output error")
        super().fsync(fd)


class Place:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.disks: list[Disk] = []
        self.nodes: list[PlaneNode] = []
        self.stores: list[DirectoryStore] = []

    async def leads(self, name: str) -> PlaneNode:
        def disk(root: str) -> Disk:
            self.disks.append(Disk(root))
            return self.disks[-1]

        self.stores += [
            await DirectoryStore.open(self.folder, disk), await DirectoryStore.open(self.folder)
        ]  # fmt: skip
        clock = SystemClock()
        node = PlaneNode(
            self.stores[-2], Unheard(), clock=clock, randomness=SYSTEM_RANDOM,
            identity=Identity(instance=name, name=name, home=name), settings=SETTINGS,
            tenant=Quiet(),
            pulse=LocalPulse(self.stores[-1], clock, poll_s=SETTINGS.poll_s, rules=ALL_RULES),
        )  # fmt: skip
        self.nodes.append(node)
        await node.start()
        await until(node.leads)
        return node


async def until(true: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - the node tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    made = Place(tmp_path / "shared")
    yield made
    for node in made.nodes:
        await node.stop()
    for store in made.stores:
        await store.close()


async def test_a_disk_that_fails_ends_the_mastership_and_loses_nothing_acknowledged(
    place: Place,
) -> None:
    node = await place.leads("n1")
    for i in range(5):
        await node.commit(lambda _, i=i: Decision([put(f"i{i}")]))
    place.disks[0].failing = True

    with pytest.raises(Unavailable) as told:
        await node.commit(lambda _: Decision([put("lost?")]))

    assert told.value.outcome.value == "unknown"
    assert node.epoch == 1
    place.disks[0].failing = False
    await until(lambda: node.leads() and node.epoch == 2)  # only a hidden file was affected
    assert {f"i{i}" for i in range(5)} <= set(node.replica.records.ids("item"))


async def test_a_folder_that_cannot_be_synced_breaks_the_connection_for_good(place: Place) -> None:
    node = await place.leads("n1")
    disk, store = place.disks[0], place.stores[0]
    link = disk.link

    def link_and_fail(old: str, new: str) -> None:
        link(old, new)
        disk.failing = new.startswith("journal/")

    disk.link = link_and_fail  # type: ignore[method-assign]
    with pytest.raises(Unavailable):
        await node.commit(lambda _: Decision([put("a")]))
    disk.failing = False

    assert "fsync" in store.broken
    failure = await asyncio.wait_for(node.failed(), 10)
    assert isinstance(failure, StoreError)
    await until(lambda: node.state is NodeState.FAILED)
    assert "fsync" in node.alarm
    other = await place.leads("n2")
    assert other.epoch == 2
