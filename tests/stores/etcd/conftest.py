from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.backends.fixtures import etcd

from brookline.stores.etcd.store import EtcdStore
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

__all__ = ["etcd"]


@pytest.fixture
async def open_store() -> AsyncIterator[Callable[..., Awaitable[EtcdStore]]]:
    """Opens stores, and closes them at the end."""
    opened = []

    async def open_one(url: str, clock=None) -> EtcdStore:
        opened.append(await EtcdStore.open(url, clock or SystemClock()))
        return opened[-1]

    yield open_one
    for store in opened:
        await store.close()
