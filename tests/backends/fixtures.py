"""Servers for tests: each is started once a process, when the first test asks for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from tests.backends.postgresql import Postgresql
from tests.backends.programs import Missing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["postgresql"]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    server = made(Postgresql)
    try:
        server.start()
        yield server
    finally:
        server.close()


def made(make: Callable[[], Postgresql]) -> Postgresql:
    """Make a server; where its program is missing, fail in CI, and skip elsewhere."""
    try:
        return make()
    except Missing as missing:
        if os.environ.get("CI"):
            pytest.fail(str(missing))
        pytest.skip(str(missing))
