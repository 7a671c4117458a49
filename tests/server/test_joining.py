from __future__ import annotations

import asyncio
import contextlib
import logging
from types import SimpleNamespace

import pytest

from brookline.errors import StoreError
from brookline.journal.planekey import ensure_plane
from brookline.plane.states import Mode
from brookline.server.catalogue import PersistMode
from brookline.server.home import Home
from brookline.server.joining import Joining
from brookline.stores.directory import DirectoryStore
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.values.clock import SystemClock
from brookline.values.ids import SYSTEM_RANDOM
from brookline.values.pace import SystemPace

CLOCK = SystemClock()
URL = "memory:test"


@pytest.fixture
def home(tmp_path):
    opened = Home.open(tmp_path / "n1", SystemPace())
    yield opened
    opened.leave()


class Place:
    """A store with a plane in it, which may be away."""

    def __init__(self, home: Home, shelf: Shelf | None = None) -> None:
        self.shelf = shelf or Shelf(CLOCK)
        self.away = False
        self.node = SimpleNamespace(start=self.start, plane_id="", mode=Mode.AUTO)
        self.joining = Joining(
            self.node, home, url=URL, connect=self.connect, persist=PersistMode.AUTO, clock=CLOCK
        )

    async def connect(self) -> MemoryStore:
        if self.away:
            raise StoreError("it is away")
        return MemoryStore(self.shelf)

    async def start(self) -> None:
        self.node.plane_id = await ensure_plane(MemoryStore(self.shelf), SYSTEM_RANDOM)


async def test_a_store_that_goes_away_after_the_start_does_not_end_the_server(tmp_path, caplog):
    before = Home.open(tmp_path / "n1", SystemPace())
    first = Place(before)
    await first.joining.join()
    before.leave()
    again = Home.open(tmp_path / "n1", SystemPace())
    place = Place(again, first.shelf)  # found fit before, so that it is probed in the background
    await place.joining.join()
    place.away = True

    await place.joining.probe_again()

    again.leave()
    assert [r.levelno for r in caplog.records if "not probed" in r.message] == [logging.WARNING]


@pytest.mark.parametrize("file", ["probe.json", "node.json"])
async def test_a_home_that_cannot_be_written_does_not_end_the_server(home, caplog, file):
    place = Place(home)
    (home.data / file).unlink(missing_ok=True)
    (home.data / file).mkdir()

    await place.joining.join()

    assert place.node.plane_id
    assert "in the home" in caplog.text
    (home.data / file).rmdir()


async def test_a_folder_that_is_gone_is_not_made_anew_by_who_knows_its_plane(tmp_path):
    folder = tmp_path / "mount" / "plane"
    folder.parent.mkdir()
    said: asyncio.Queue[str] = asyncio.Queue()
    before = Home.open(tmp_path / "n1", SystemPace())
    before.remember(store=str(folder), plane="theplane")
    before.leave()
    again = Home.open(tmp_path / "n1", SystemPace())
    node = Place(again).node
    node.wait_for_store = said.put_nowait
    joining = Joining(
        node,
        again,
        url=str(folder),
        connect=lambda: DirectoryStore.open(folder),
        persist=PersistMode.AUTO,
        clock=CLOCK,
    )

    joins = asyncio.ensure_future(joining.join())
    why = await asyncio.wait_for(said.get(), 30)
    joins.cancel()
    again.leave()
    with contextlib.suppress(asyncio.CancelledError):
        await joins

    assert "is not there, but this home took part in plane theplane there: is it mounted?" in why
    assert not folder.exists()
