from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.backends.fixtures import postgresql

from brookline.stores.postgresql.store import PostgresqlStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["postgresql"]


@pytest.fixture
async def open_store() -> AsyncIterator[Callable[[str], Awaitable[PostgresqlStore]]]:
    """Opens stores, and closes them at the end."""
    opened = []

    async def open_one(url: str) -> PostgresqlStore:
        opened.append(await PostgresqlStore.open(url))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()


@pytest.fixture
def role(postgresql, request):
    """A user of its own with a database of its own, as settings of roles stay."""
    name = f"role_{abs(hash(request.node.nodeid)) % 10**9}"
    postgresql.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'pw'")
    postgresql.execute(f"CREATE DATABASE {name} OWNER {name}")
    yield name
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")
    postgresql.execute(f"DROP ROLE {name}")
