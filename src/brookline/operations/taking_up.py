"""Taking up: what other masters left goes on in its order, and not all at once.

Code that runs may be what its master dies of. So it is journalled before, whose code does: what waits for
its turn when a master dies is no suspect.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from brookline.errors import Fenced, NotMaster
from brookline.journal.queue import Decision
from brookline.operations.task import KIND, NOTHING, Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from brookline.journal.records import View
    from brookline.operations.ledger import Ledger
    from brookline.operations.operation import Operation
    from brookline.operations.task import Task
    from brookline.values.clock import Clock
    from brookline.values.crew import Crew
    from brookline.wire.changes import Value

log = logging.getLogger("brookline.operations")

AT_ONCE = 32
"""Operations that are taken up at the same time, until each has come to where it was."""

_WAITS = "waits"
"""In how an operation was taken up: that nothing of its code has run since."""


def waiting(taken: Value) -> Value:
    """Return how an operation was taken up whose turn has not come."""
    return {**taken, _WAITS: True}


def waits(taken: Mapping[str, Any]) -> bool:
    """Tell whether the turn of an operation has not come since it was taken up so."""
    return bool(taken.get(_WAITS))


def begun_at(taken: Mapping[str, Any], now_ms: int) -> Value:
    """Return how an operation was taken up whose code runs from now on."""
    return {name: item for name, item in taken.items() if name != _WAITS} | {"at": now_ms}


class TakingUp:
    """What was left unfinished and is taken up here, each in its turn.

    Args:
        ledger: Records whose turn has come.
        clock: For the time of that.
        crew: Runs what waits.
        begin: Goes on with an operation whose turn has come.
    """

    def __init__(
        self, ledger: Ledger, clock: Clock, *, crew: Crew, begin: Callable[[Task], Operation]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._crew = crew
        self._begin = begin
        self._left: dict[str, Task] = {}
        self._turns = 0
        self._ended = asyncio.Event()
        self._ended.set()

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._left

    def begin(self, left: Iterable[Task]) -> None:
        """Take up what was left, in the order in which it was begun.

        Those come first of which the opening says that they may begin.
        """
        ordered = sorted(left, key=lambda task: waits(task.taken))
        self._left = {task.id: task for task in ordered}
        self._turns = len(ordered)
        if ordered:
            self._ended.clear()
        for place, task in enumerate(ordered):
            if place >= AT_ONCE:
                task.waits_for = f"for its turn: {place} operations are taken up before it"
        self._crew.spawn(self._take_up(ordered), "taking up")

    def give_up(self, why: str) -> None:
        """Let nobody's turn come any more, and say why."""
        left, self._left = self._left, {}
        for task in left.values():
            task.waits_for = why
            task.release()
        self._ended.set()

    async def ended(self) -> None:
        """Wait until all that was left has come to where it was, or does not go on here."""
        await self._ended.wait()

    async def _take_up(self, ordered: list[Task]) -> None:
        slots = asyncio.Semaphore(AT_ONCE)
        for task in ordered:
            await slots.acquire()
            self._crew.spawn(self._turn(task, slots), f"turn of {task.id}")

    async def _turn(self, task: Task, slots: asyncio.Semaphore) -> None:
        """Go on with an operation, and return once it has come to where it was."""
        try:
            if not await self._may_begin(task):
                self._left.pop(task.id, None)
                return
            if task.id not in self._left:
                return  # this node has ceased to act
            task.waits_for = ""
            operation = self._begin(task)
            del self._left[task.id]
            await operation.caught_up()
        except (NotMaster, Fenced):
            return  # whoever leads next takes it up
        finally:
            slots.release()
            self._turns -= 1
            if not self._turns:
                self._ended.set()
        log.info("taken up", extra={"fields": {"task": task.id, "name": task.name}})

    async def _may_begin(self, task: Task) -> bool:
        """Commit that the code of an operation runs from now on; tell whether there is one still.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        if not waits(task.taken):
            return True  # the opening says so, or whoever began it

        def decide(view: View) -> Decision:
            record = view.get(KIND, task.id)
            if record is None or Status(record["status"]).ended:
                return Decision([], None)
            taken = begun_at(record.get("taken", NOTHING), self._clock.wall_ms())
            return Decision([Merge(KIND, task.id, {"taken": taken})], taken)

        taken = await self._ledger.decide(decide)
        if taken is None:
            return False
        task.taken = taken
        return True
