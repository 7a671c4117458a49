"""Every store that there is, for one suite of tests: a new back end joins by adding a row."""

from __future__ import annotations

import dataclasses
import itertools
import random
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from tests.backends.fixtures import azurite, etcd, juicefs, postgresql, seaweedfs

from brookline.stores.directory import DirectoryStore
from brookline.stores.faults import Odds, RandomFaults
from brookline.stores.memory import MemoryStore
from brookline.stores.registry import open_store
from brookline.stores.shelf import Shelf
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from brookline.stores.store import Store

__all__ = ["azurite", "etcd", "juicefs", "postgresql", "seaweedfs"]


class Ground(Protocol):
    """One empty store."""

    async def connect(self) -> Store:
        """Open another connection to it."""
        ...


class Memory:
    def __init__(self, _: Path) -> None:
        self._shelf = Shelf(SystemClock())

    async def connect(self) -> Store:
        return MemoryStore(self._shelf)


class SlowMemory:
    """Requests and answers travel, and so overtake one another."""

    def __init__(self, _: Path) -> None:
        self._shelf = Shelf(SystemClock())
        self._random = random.Random(7)

    async def connect(self) -> Store:
        faults = RandomFaults(self._random, Odds(travel_s=0.0005))
        return MemoryStore(self._shelf, faults=faults)


class Directory:
    def __init__(self, tmp_path: Path) -> None:
        self._path = tmp_path / "shared"

    async def connect(self) -> Store:
        return await DirectoryStore.open(self._path)


class Served:
    """A store on a server, a place of its own for each test; its ways are used in turn."""

    def __init__(self, *ways: str) -> None:
        self._ways = itertools.cycle(ways)

    async def connect(self) -> Store:
        return await open_store(next(self._ways), SystemClock())


@dataclasses.dataclass
class Connections:
    """Opens connections to one store, and closes them at the end of the test."""

    ground: Ground
    opened: list[Store] = dataclasses.field(default_factory=list)

    async def __call__(self) -> Store:
        self.opened.append(await self.ground.connect())
        return self.opened[-1]


SERVERS = ("postgresql", "etcd", "seaweedfs", "azurite")
"""Fixtures of servers that have `place()`: the URL of a store that nobody has used."""

MOUNTED = "juicefs"
"""Fixture of a file system that is mounted twice, with `places()`: a folder as each mount shows it."""

SHARED = (*SERVERS, MOUNTED)
"""Fixtures of all that processes share; each has its tests in one worker."""


def ways(request: pytest.FixtureRequest, name: str) -> list[str]:
    """Return the URLs of one store that nobody has used, on one of those."""
    server = request.getfixturevalue(name)
    return (
        [f"directory:{path}" for path in server.places()] if name == MOUNTED else [server.place()]
    )


def in_groups(names: Iterable[str]) -> list[Any]:
    """Return parameters of a fixture, each with the worker that its tests want."""
    return [pytest.param(name, id=name, marks=pytest.mark.xdist_group(name)) for name in names]


@pytest.fixture(
    params=[
        pytest.param(Memory, id="memory"),
        pytest.param(SlowMemory, id="slow-memory"),
        pytest.param(Directory, id="directory"),
        *in_groups(SHARED),
    ]
)
async def connect(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Connections]:
    if request.param in SHARED:
        connections = Connections(Served(*ways(request, request.param)))
    else:
        connections = Connections(request.param(tmp_path))
    yield connections
    for store in connections.opened:
        await store.close()


@pytest.fixture(params=in_groups(SERVERS))
def server(request: pytest.FixtureRequest) -> Any:
    """A server of stores, which a test may pause and kill, and must leave running."""
    return request.getfixturevalue(request.param)


@pytest.fixture
async def store(connect: Connections) -> Store:
    return await connect()


@pytest.fixture
async def other(connect: Connections) -> Store:
    """A second connection to the same store."""
    return await connect()
