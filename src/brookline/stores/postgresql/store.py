"""The PostgreSQL store: keys as rows of one table."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from brookline.errors import StoreError
from brookline.stores.names import check_key, check_prefix
from brookline.stores.postgresql.address import Address, read_address
from brookline.stores.postgresql.connections import DURABLE, READY, Connections, overridden
from brookline.stores.postgresql.table import ensure_table, rehearse, statements
from brookline.stores.postgresql.wording import FAILURES, said
from brookline.stores.store import CREATED, EXISTS, CreateOutcome, FsyncFailed, Undecided
from brookline.stores.times import QUIET_S, create_limit_s, limit_s, list_limit_s, read_limit_s

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from asyncpg import Connection


T = TypeVar("T")


class PostgresqlStore:
    """The five calls on a table. Get one by `open`.

    Args:
        address: Of the table.
        connections: To its database.
    """

    def __init__(self, address: Address, connections: Connections) -> None:
        self._address = address
        self._connections = connections
        self._sql = statements(address.table)
        self._broken = ""

    @classmethod
    async def open(cls, url: str) -> PostgresqlStore:
        """Open the store in a database, whose table is made if it is missing.

        Raises:
            StoreUnfit: If it cannot hold a plane; nothing was touched.
            StoreError: If there is no answer, or no such database yet.
        """
        address = read_address(url)
        store = cls(address, Connections(address))
        try:
            await store._ask("open", "", lambda c: ensure_table(c, address))
            await asyncio.gather(
                *(store._ask("open", "", lambda c: rehearse(c, address)) for _ in range(READY))
            )
        except BaseException:
            await store.close()
            raise
        return store

    @classmethod
    async def once(cls, url: str, work: Callable[[Connection, Address], Awaitable[T]]) -> T:
        """Return what `work` returns on a database, in which nothing is made for it.

        Raises:
            StoreUnfit: If it cannot be used.
            StoreError: If there is no answer, or no such database yet.
        """
        address = read_address(url)
        store = cls(address, Connections(address))
        try:
            return await store._ask("open", "", lambda c: work(c, address))
        finally:
            await store.close()

    @property
    def broken(self) -> str:
        """Why nothing more is created here: something overrides ``synchronous_commit``; else empty."""
        return self._broken

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; durable once it says `Created`."""
        check_key(key)
        sql, channel = self._sql.create, self._address.channel
        if self._broken:
            return FsyncFailed(self._broken)
        try:
            commits = await self._connections.run(
                lambda c: c.fetchval(sql, key, data, channel), create_limit_s(len(data))
            )
        except (StoreError, *FAILURES) as problem:
            return Undecided(said(problem))
        if commits is None:
            return EXISTS
        if commits not in DURABLE:
            self._broken = f"{self._address.place}: {overridden(str(commits))}"
            return FsyncFailed(self._broken)
        return CREATED

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        found: bytes | None = await self._ask(
            "read", key, lambda c: c.fetchval(self._sql.get, key), allowed_s=read_limit_s(key)
        )
        return found

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer."""
        check_key(key)
        await self._ask(
            "write",
            key,
            lambda c: c.execute(self._sql.put, key, data),
            allowed_s=limit_s(len(data)),
        )

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        rows = await self._ask(
            "list",
            prefix,
            lambda c: c.fetch(self._sql.list, prefix, after),
            allowed_s=list_limit_s(prefix),
        )
        return [row[0] for row in rows]

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        await self._ask("delete", key, lambda c: c.execute(self._sql.delete, key))

    async def settle(self, key: str) -> None:
        """Make sure that what `get(key)` answers is durable, and on the server's standbys.

        One who waits for a standby in vain may be shown what only the primary has.
        """
        check_key(key)
        await self._ask("settle", key, lambda c: c.execute(self._sql.settle, key))

    async def watch(self, prefix: str) -> AsyncIterator[None]:
        """Tell each time that a key with this prefix may have been created; a hint.

        Raises:
            StoreError: If there is no connection, or it broke; ask again.
        """
        connection = await self._connections.open()
        told = asyncio.Event()

        def hear(_connection: object, _pid: int, _channel: str, key: object) -> None:
            if str(key).startswith(prefix):
                told.set()

        try:
            connection.add_termination_listener(lambda _: told.set())
            await connection.add_listener(self._address.channel, hear)
            while not connection.is_closed():
                yield
                await self._heard(connection, told)
                told.clear()
            raise StoreError(f"{self._address.place}: the connection that listens broke")
        except FAILURES as problem:
            raise StoreError(f"{self._address.place}: {said(problem)}") from problem
        finally:
            connection.terminate()

    async def _heard(self, connection: Connection, told: asyncio.Event) -> None:
        """Wait until something is told; ask meanwhile whether anybody is there who could tell it.

        A server that has vanished without a word says as little as one that has nothing to tell.
        """
        while not told.is_set():
            try:
                async with asyncio.timeout(QUIET_S):
                    await told.wait()
            except TimeoutError:
                await connection.fetchval("SELECT 1", timeout=limit_s())

    async def close(self) -> None:
        """End the connections."""
        await self._connections.close()

    async def _ask(
        self,
        operation: str,
        key: str,
        work: Callable[[Connection], Awaitable[T]],
        *,
        allowed_s: float | None = None,
    ) -> T:
        try:
            return await self._connections.run(work, allowed_s or limit_s())
        except FAILURES as problem:
            what = f"cannot {operation} {key or 'the store'}"
            raise StoreError(f"{what} in {self._address.place}: {said(problem)}") from problem
