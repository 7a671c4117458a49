"""Servers for tests: each is started once a process, when the first test asks for it."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, Protocol, TypeVar

import pytest
from tests.backends.azurite import Azurite
from tests.backends.etcd import Etcd
from tests.backends.juicefs import Juicefs
from tests.backends.postgresql import Postgresql
from tests.backends.programs import Missing
from tests.backends.seaweedfs import Seaweedfs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Server(Protocol):
    def start(self) -> None: ...
    def close(self) -> None: ...


S = TypeVar("S", bound=Server)

__all__ = ["azurite", "etcd", "juicefs", "postgresql", "seaweedfs"]


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with served(Azurite) as server:
        yield server


@pytest.fixture(scope="session")
def etcd() -> Iterator[Etcd]:
    with served(Etcd) as server:
        yield server


@pytest.fixture(scope="session")
def juicefs() -> Iterator[Juicefs]:
    with served(Juicefs) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    with served(Postgresql) as server:
        yield server


@pytest.fixture(scope="session")
def seaweedfs() -> Iterator[Seaweedfs]:
    with served(Seaweedfs) as server:
        yield server


@contextlib.contextmanager
def served(make: Callable[[], S]) -> Iterator[S]:
    """Start a server; where its program is missing, fail in CI, and skip elsewhere."""
    try:
        server = make()
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.close()
