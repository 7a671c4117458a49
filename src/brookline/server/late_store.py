"""A store that may not be there yet: opened at the first call that finds it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.stores.store import CreateOutcome, Undecided

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.stores.store import Store


class LateStore:
    """Passes calls on to a store, which it opens when it can.

    Args:
        connect: Opens a connection.
    """

    def __init__(self, connect: Callable[[], Awaitable[Store]]) -> None:
        self._connect = connect
        self._store: Store | None = None
        self._opening = asyncio.Lock()

    async def open(self) -> Store:
        """Return the open store.

        Raises:
            StoreUnfit: If it cannot carry a plane.
            StoreError: If it does not answer.
        """
        if self._store is None:
            async with self._opening:
                if self._store is None:
                    self._store = await self._connect()
        return self._store

    @property
    def broken(self) -> str:
        """As the store; one that is not open is not broken."""
        return "" if self._store is None else self._store.broken

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """As the store; one that is not there has not been sent anything."""
        try:
            store = self._store or await self.open()
        except StoreError as error:
            return Undecided(error.message)
        return await store.create(key, data)

    async def get(self, key: str) -> bytes | None:
        """As the store."""
        return await (self._store or await self.open()).get(key)

    async def put(self, key: str, data: bytes) -> None:
        """As the store."""
        await (self._store or await self.open()).put(key, data)

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """As the store."""
        return await (self._store or await self.open()).list(prefix, after)

    async def delete(self, key: str) -> None:
        """As the store."""
        await (self._store or await self.open()).delete(key)

    async def settle(self, key: str) -> None:
        """As the store."""
        await (self._store or await self.open()).settle(key)

    async def close(self) -> None:
        """Close the store if it was opened."""
        if self._store is not None:
            await self._store.close()
