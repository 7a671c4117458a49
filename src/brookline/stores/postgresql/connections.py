"""Connections to one database, each used for one call at a time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import asyncpg

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.postgresql.hosts import Entry, NobodyThere
from brookline.stores.postgresql.wording import FAILURES, MISSPELT, refused

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from asyncpg import Connection

    from brookline.stores.postgresql.address import Address

MOST = 4
"""Connections of one store for its calls; one that listens comes on top. A node has a second store,
for its heart."""

READY = 2
"""Connections that are made at once: a node that begins to lead reads and writes side by side, and
should not wait for a login then."""

CONNECT_S = 3.0
"""How long one host has to let us in; the next one is tried beside it before that is over."""

DURABLE = frozenset({"on", "remote_apply"})
"""Values of ``synchronous_commit`` under which what is answered is durable, and replicated if the
server is told to."""

_PREPARE = """
SELECT set_config('synchronous_commit',
         CASE current_setting('synchronous_commit') WHEN 'remote_apply' THEN 'remote_apply'
              ELSE 'on' END, false) AS commits,
       set_config('statement_timeout', '0', false),
       current_setting('fsync') AS fsync
"""

_FATAL = (
    OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError, asyncpg.ReadOnlySQLTransactionError,
)  # fmt: skip
"""What says that a server is not there any more, or not what it was; a time-out is an OSError."""

T = TypeVar("T")


class Connections:
    """A few connections, made when they are needed, and thrown away at the first doubt.

    Not asyncpg's pool: that one asks the server to reset each connection after each call, which
    doubles the time of a call and would undo our settings.

    Args:
        address: Of the database.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._dsns = address.dsns
        self._idle: list[Connection] = []
        self._room = asyncio.Semaphore(MOST)
        self._closed = False

    async def run(self, work: Callable[[Connection], Awaitable[T]], limit_s: float) -> T:
        """Return what `work` returns on a connection of its own, all of it within `limit_s`.

        Raises:
            StoreError: If there is no connection to be had; nothing was sent.
            PostgresError: What the server answered.
            InterfaceError: If the connection broke; it may have happened.
            TimeoutError: If there was no answer in time; it may have happened.
        """
        try:
            async with asyncio.timeout(limit_s), self._room:
                return await self._run(work)
        except _FATAL:
            self._drop_idle()  # what happened to one may have happened to them
            raise

    async def _run(self, work: Callable[[Connection], Awaitable[T]]) -> T:
        connection = self._take() or await self.open()
        try:
            answer = await work(connection)
        except asyncpg.ReadOnlySQLTransactionError:
            connection.terminate()  # that server is not the primary any more
            raise
        except asyncpg.PostgresError:
            self._keep(connection)
            raise
        except BaseException:
            connection.terminate()  # whatever it still says would be taken for the next answer
            raise
        self._keep(connection)
        return answer

    async def open(self) -> Connection:
        """Make a connection that can be trusted with a plane.

        Raises:
            StoreUnfit: If it cannot.
            StoreError: If nobody answers, or all who do are read-only.
        """
        if self._closed:
            raise StoreError(f"{self._address.place} was closed here")
        try:
            dsn, connection = await Entry(self._enter, self._dsns).find()
        except NobodyThere as nobody:
            raise refused(self._address, nobody.last) from nobody.last
        self._dsns = (dsn, *(each for each in self._address.dsns if each != dsn))
        return connection

    async def close(self) -> None:
        """End all connections; those in use end with their calls."""
        self._closed = True
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.close(timeout=CONNECT_S)
            except FAILURES:
                connection.terminate()

    def _take(self) -> Connection | None:
        """Return the connection that was idle for longest, so that none is for long."""
        while self._idle:
            connection = self._idle.pop(0)
            if not connection.is_closed():
                return connection
        return None

    def _keep(self, connection: Connection) -> None:
        if self._closed:
            connection.terminate()
        else:
            self._idle.append(connection)

    def _drop_idle(self) -> None:
        for each in self._idle:
            each.terminate()
        self._idle.clear()

    async def _enter(self, dsn: str) -> Connection:
        try:
            connection = await asyncpg.connect(
                dsn, timeout=CONNECT_S, target_session_attrs="read-write"
            )
        except MISSPELT as problem:  # no other host would see it otherwise
            raise refused(self._address, problem) from problem
        return await self._prepared(connection)

    async def _prepared(self, connection: Connection) -> Connection:
        try:
            found = await connection.fetchrow(_PREPARE, timeout=CONNECT_S)
        except BaseException:
            connection.terminate()
            raise
        assert found is not None, "a select without a table has one row"
        if problem := _lack(found["commits"], found["fsync"]):
            connection.terminate()
            raise StoreUnfit(f"{self._address.place}: {problem}")
        return connection


def _lack(commits: str, fsync: str) -> str:
    """Say why a server's answers could not be relied on, or nothing."""
    if fsync != "on":
        return (
            "the server runs with fsync = off, and would lose what it has answered in a crash: turn"
            " it on"
        )
    if commits not in DURABLE:
        return overridden(commits)
    return ""


def overridden(commits: str) -> str:
    """Say that a commit is answered before it is durable, whatever we asked for."""
    return (
        f"synchronous_commit is '{commits}' though 'on' was asked for: something between overrides"
        " it (a pooler must be in session mode), and what is answered would not be durable"
    )
