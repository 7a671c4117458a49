"""Hosts of one database: of those that are named, one that lets us in and takes writes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.stores.postgresql.wording import FAILURES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from asyncpg import Connection

HEAD_START_S = 0.5
"""How long one host is waited for before the next one is tried beside it: a call has a few seconds,
and hosts that say nothing at all may be named before the one that lives."""


class NobodyThere(Exception):
    """No host let us in.

    Attributes:
        last: What the last one of them said.
    """

    def __init__(self, last: Exception) -> None:
        super().__init__(str(last))
        self.last = last


class Entry:
    """One try to get into a database, by whichever host lets us in first.

    Args:
        enter: Makes a connection to one host that can be used.
        dsns: The hosts, in the order in which they are tried.
    """

    def __init__(self, enter: Callable[[str], Awaitable[Connection]], dsns: Sequence[str]) -> None:
        self._enter = enter
        self._dsns = dsns
        self._failed = [asyncio.Event() for _ in dsns]
        self._problems: dict[str, Exception] = {}
        self._refusal: StoreError | None = None
        self._found: tuple[str, Connection] | None = None
        self._tries: list[asyncio.Task[None]] = []

    async def find(self) -> tuple[str, Connection]:
        """Return who let us in, and the connection.

        Raises:
            StoreError: If one of them may not be used.
            NobodyThere: If none of them lets us in.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._tries = [group.create_task(self._try(n)) for n in range(len(self._dsns))]
        except BaseException:
            if self._found is not None:
                self._found[1].terminate()
            raise
        if self._found is not None:
            return self._found
        if self._refusal is not None:
            raise self._refusal
        raise NobodyThere(self._problems[self._dsns[-1]])

    async def _try(self, number: int) -> None:
        if number:
            await self._wait_for_turn(number)
        dsn = self._dsns[number]
        try:
            connection = await self._enter(dsn)
        except (*FAILURES, ValueError, OverflowError) as problem:
            self._problems[dsn] = problem
            self._failed[number].set()
            return
        except StoreError as refusal:
            self._refusal = refusal
        else:
            self._keep(dsn, connection)
        self._end_others()

    async def _wait_for_turn(self, number: int) -> None:
        """Wait until those before have failed, or have had their head start."""
        before = self._failed[:number]
        try:
            async with asyncio.timeout(number * HEAD_START_S):
                for each in before:
                    await each.wait()
        except TimeoutError:
            return

    def _keep(self, dsn: str, connection: Connection) -> None:
        if self._found is None:
            self._found = (dsn, connection)
        else:
            connection.terminate()  # two were let in at the same moment

    def _end_others(self) -> None:
        for each in self._tries:
            if each is not asyncio.current_task():
                each.cancel()
