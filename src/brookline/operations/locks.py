"""Locks of entities: what changes an entity's life does not interleave."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Collection

    from brookline.operations.operation import Operation


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    operation: Operation
    ends: Collection[str]
    turn: asyncio.Future[None]


class Locks:
    """One holder an entity, in the order of asking; the holder's own parts may hold it too."""

    def __init__(self) -> None:
        self._holders: dict[str, Operation] = {}
        self._waiting: dict[str, list[_Waiter]] = {}

    @contextlib.asynccontextmanager
    async def hold(
        self, entity_id: str, operation: Operation, *, ends: Collection[str] = ()
    ) -> AsyncIterator[None]:
        """Hold the lock of an entity.

        Args:
            entity_id: What is locked.
            operation: Who will hold it; it passes if one of those above it holds it already.
            ends: Effectors that are cancelled, and awaited, if one of them holds it.
        """
        holder = self._holders.get(entity_id)
        if holder is not None and operation.belongs_to(holder):
            yield
            return
        if holder is None:
            self._holders[entity_id] = operation
        else:
            await self._wait(entity_id, holder, operation, ends=ends)
        try:
            yield
        finally:
            self._pass_on(entity_id)

    async def _wait(
        self, entity_id: str, holder: Operation, operation: Operation, *, ends: Collection[str]
    ) -> None:
        turn = asyncio.get_running_loop().create_future()
        waiter = _Waiter(operation, ends, turn)
        self._waiting.setdefault(entity_id, []).append(waiter)
        if holder.task.effector in ends:
            holder.cancel()
        what = f"for {holder.task.name} of {holder.task.entity_name or entity_id} to end"
        try:
            with operation.waiting(what, holder.task):
                await turn
        except asyncio.CancelledError:
            if self._holders.get(entity_id) is operation:
                self._pass_on(entity_id)  # its turn came as it was cancelled
            else:
                self._waiting[entity_id].remove(waiter)
            raise

    def _pass_on(self, entity_id: str) -> None:
        """Give the lock to the next in line; cancel that one at once if another ends it."""
        del self._holders[entity_id]
        waiting = self._waiting.get(entity_id)
        if not waiting:
            self._waiting.pop(entity_id, None)
            return
        chosen = waiting.pop(0)
        self._holders[entity_id] = chosen.operation
        chosen.turn.set_result(None)
        if any(chosen.operation.task.effector in one.ends for one in waiting):
            chosen.operation.cancel()
