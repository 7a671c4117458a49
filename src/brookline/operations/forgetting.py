"""Forgetting: drops the records and streams of tasks that have ended and are not kept."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from brookline.errors import Fenced, NotMaster
from brookline.operations.retention import outdated, with_parts
from brookline.operations.task import KIND
from brookline.wire.changes import Drop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from brookline.operations.recorder import Recorder
    from brookline.operations.retention import Limits
    from brookline.operations.streams import Streams
    from brookline.operations.task import Task
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.operations")

_MOST_NAMED = 20
"""How many operations one line of the log names."""


class Forgetting:
    """Forgets tasks, on the master.

    Args:
        tasks: Where tasks are found.
        streams: Where their streams are kept.
        recorder: The plane.
        clock: Time.
        limits: What is kept.

    Attributes:
        also: Forgets what else is recorded of operations, given their ids.
    """

    def __init__(
        self, tasks: Tasks, streams: Streams, *, recorder: Recorder, clock: Clock, limits: Limits
    ) -> None:
        self._tasks = tasks
        self._streams = streams
        self._recorder = recorder
        self._clock = clock
        self._limits = limits
        self.also: Callable[[Sequence[str]], Awaitable[None]] | None = None

    async def run(self) -> None:
        """Forget now and then, until cancelled."""
        await asyncio.to_thread(
            self._streams.drop_unknown, lambda one: self._tasks.find(one) is not None
        )
        while True:
            await self.forget_old()
            await self._clock.sleep(self._limits.period_s)

    async def forget_old(self) -> None:
        """Forget what the limits do not keep, streams included."""
        top_level, now = list(self._tasks.top_level()), self._clock.wall_ms()
        # In threads: there may be a hundred thousand tasks, and what has ended does not change.
        old = await asyncio.to_thread(outdated, top_level, self._limits, now)
        _warn_of_undecided(old)
        ids = [part.id for task in old for part in with_parts(task)]
        for task_id in ids:
            self._recorder.note(Drop(KIND, task_id))
        await asyncio.to_thread(self._streams.drop, *ids)
        if self.also is not None:
            with contextlib.suppress(NotMaster, Fenced):  # whoever leads next does
                await self.also([task.id for task in old])


def _warn_of_undecided(forgotten: Iterable[Task]) -> None:
    """Say of what is forgotten that somebody should have decided on it."""
    undecided = [task for task in forgotten if task.undecided]
    if undecided:
        named = [f"{one.name} of {one.entity_name} ({one.id})" for one in undecided[:_MOST_NAMED]]
        fields = {"count": len(undecided), "operations": named}
        log.warning("interrupted work is forgotten undecided", extra={"fields": fields})
