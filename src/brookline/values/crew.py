"""A crew: tasks with an owner that ends and awaits them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

log = logging.getLogger("brookline.crew")


class Crew:
    """Owns background tasks, for owners whose life does not fit one `async with` block.

    A task that fails is logged and reported to `on_failure`; the others go on. Nothing of a crew
    is left running once `disband` has returned.
    """

    def __init__(
        self, name: str, on_failure: Callable[[str, BaseException], None] | None = None
    ) -> None:
        self._name = name
        self._on_failure = on_failure
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str) -> None:
        """Start a task under this owner."""
        task = asyncio.create_task(work, name=f"{self._name}/{name}")
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def disband(self) -> None:
        """Cancel all tasks but the caller's own, and wait for their ends."""
        mine = asyncio.current_task()
        others = [task for task in self._tasks if task is not mine]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled():
            return
        failure = task.exception()
        if failure is None:
            return
        log.error("task failed", exc_info=failure, extra={"fields": {"task": task.get_name()}})
        if self._on_failure is not None:
            self._on_failure(task.get_name(), failure)
