"""Locks of entities: what changes an entity's life does not interleave."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from brookline.operations.operation import Operation


class Locks:
    """One holder an entity; the holder's own parts may hold it too."""

    def __init__(self) -> None:
        self._holders: dict[str, Operation] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}

    @contextlib.asynccontextmanager
    async def hold(
        self, entity_id: str, operation: Operation, *, ends: Collection[str] = ()
    ) -> AsyncIterator[None]:
        """Hold the lock of an entity, first come, first served.

        Args:
            entity_id: What is locked.
            operation: Who will hold it; it passes if one of those above it holds it already.
            ends: Effectors that are cancelled, and awaited, if one of them holds it.
        """
        holder = self._holders.get(entity_id)
        if holder is not None and operation.belongs_to(holder):
            yield
            return
        while (holder := self._holders.get(entity_id)) is not None:
            if holder.task.effector in ends:
                holder.cancel()
            await self._wait(entity_id, operation, holder)
        self._holders[entity_id] = operation
        try:
            yield
        finally:
            del self._holders[entity_id]
            self._wake_next(entity_id)

    async def _wait(self, entity_id: str, operation: Operation, holder: Operation) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(entity_id, []).append(turn)
        what = f"for {holder.task.name} of {holder.task.entity_name or entity_id} to end"
        try:
            with operation.waiting(what, holder.task):
                await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_next(entity_id)  # it was this one's turn; the next one takes it
            raise
        finally:
            self._drop(entity_id, turn)

    def _drop(self, entity_id: str, turn: asyncio.Future[None]) -> None:
        waiting = self._waiting.get(entity_id, [])
        if turn in waiting:
            waiting.remove(turn)
        if not waiting:
            self._waiting.pop(entity_id, None)

    def _wake_next(self, entity_id: str) -> None:
        for turn in self._waiting.get(entity_id, ()):
            if not turn.done():
                turn.set_result(None)
                return
