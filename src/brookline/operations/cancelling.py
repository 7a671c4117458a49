"""Cancelling: whose end was asked for. It counts once it is committed, and not if that was refused."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from brookline.operations.ledger import Ledger
    from brookline.operations.task import Task


class Cancelling:
    """Asks for the ends of tasks.

    Args:
        ledger: Records that it was asked for.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._asking: Counter[str] = Counter()
        """How many ask for the end of a task, by its id, and do not know yet whether that counts."""

    def was_asked(self, task: Task) -> bool:
        """Tell whether somebody asked for the end of a task, and was not refused, nor may be yet."""
        return task.cancelling and task.id not in self._asking

    async def ask(self, task: Task) -> None:
        """Commit that somebody asks for the end of a task, so that it ends on any master.

        Raises:
            Unavailable: If that could not be committed; it has no consequences if it was not done.
        """
        if self.was_asked(task):
            return await self._ledger.ask_to_cancel(task)
        self._asking[task.id] += 1
        stands = True
        try:
            await self._ledger.ask_to_cancel(task)
        except Unavailable as error:
            stands = error.outcome is not Outcome.NOT_DONE
            raise
        finally:
            self._told(task, stands=stands)

    def _told(self, task: Task, *, stands: bool) -> None:
        """Take back what was refused, unless somebody else asked for the same, or asks still."""
        if stands:
            self._asking.pop(task.id, None)
        elif task.id in self._asking:
            self._asking[task.id] -= 1
            if not self._asking[task.id]:
                del self._asking[task.id]
                task.cancelling = False
