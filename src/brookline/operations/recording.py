"""What an operation records on the way, between its steps, and finds again when it is run again."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from brookline.journal.queue import Decision
from brookline.operations.kept import Kept
from brookline.operations.marks import CHANCE
from brookline.operations.readings import Readings
from brookline.operations.retention import with_parts
from brookline.operations.running import Running
from brookline.operations.storing import stored
from brookline.operations.task import Task, child_id
from brookline.operations.track import Track

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.operations.readings import About
    from brookline.operations.recorder import Decide
    from brookline.operations.supervisor import Supervisor


class Recording(Running):
    """Running work that records on the way what the next master has to know."""

    __slots__ = ("_readings", "_supervisor", "_track")

    def __init__(
        self,
        supervisor: Supervisor,
        task: Task,
        parent: Running | None,
        *,
        fresh: bool,
        acts: bool,
    ) -> None:
        super().__init__(task, parent, fresh=fresh)
        self._supervisor = supervisor
        self._track = Track(task, fresh=fresh, acts=acts)
        self._readings: Readings | None = None

    async def record(self, decide: Decide, *, name: str = "record", by_chance: bool = False) -> Any:
        """Commit a change of records, once, trying again while the store does not answer.

        That it was done is part of the commit, so an operation that is taken up again gets the
        same answer, and changes nothing.

        Args:
            decide: Decides the change; it may be asked more than once.
            name: What is recorded; a second one of a name counts as another.
            by_chance: Whether code that is run again need not come to it, for it follows from
                what was found outside. So what comes behind it may have been begun before.

        Returns:
            The decision's answer, as it is stored.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
            InvalidInput: If the answer cannot be stored.
            StepInterrupted: If something was recorded before it that the code did not come to.
        """
        self._check_handed_over()
        key = f"{name}#{self._track.number(f'+{name}')}"
        for known in (key, CHANCE + key):
            if known in self.task.done:
                self._track.take_mark(known)
                return self.task.done[known]
        # Where it was when it was cancelled does not follow from its code, nor what it does then.
        if by_chance or self.is_cancelled():
            key = CHANCE + key
        else:
            self._track.check_new_mark(name)
        answer = await self._supervisor.ledger.record(self, key, decide)
        self.task.done = {**self.task.done, key: answer}
        # Another master may have been here and not have come to what is by chance: what is behind it
        # may have been begun.
        self.fresh = self.fresh or not key.startswith(CHANCE)
        return answer

    async def remember(self, name: str, look: Callable[[], Any]) -> Any:
        """Return what a function returned when it was first asked, whichever master asks again."""
        return await self.record(lambda _view: Decision([], stored(name, look())), name=name)

    async def sleep(self, seconds: float) -> None:
        """Wait, in all, for so many seconds, also if another master goes on with it.

        That it is over is recorded: by the clock of the next master it may not be, who has to come
        to what was begun behind it all the same.
        """
        clock, over = self._supervisor.clock, f"sleep {self._track.number('+sleep')} over"
        until = await self.remember("sleep until", lambda: clock.wall_ms() + round(seconds * 1000))
        left_s = min((until - clock.wall_ms()) / 1000, seconds)  # it may have been set back
        if left_s > 0 and not _has(self.task, over):
            with self.waiting("for a pause to end"):
                await clock.sleep(left_s)
        await self.remember(over, lambda: True)

    def kept(self, name: str) -> Kept:
        """Return what is kept for the next master of something that has not ended."""
        return Kept(self._supervisor.ledger, self, name)

    @property
    def readings(self) -> Readings:
        """What it read of what may change, such as config."""
        if self._readings is None:
            self._readings = Readings(self._supervisor.ledger, self)
        return self._readings

    def unrecorded_readings(self, about: About) -> Mapping[str, Any]:
        """Return what it read and is not recorded, of what it is asked for, with the keys for it."""
        return {} if self._readings is None else self._readings.unrecorded(about)

    def new_id(self, name: str) -> str:
        """Return an id that follows from this operation: the same on whichever master."""
        return child_id(self.task.id, f"id {name}#{self._track.number(f'id {name}')}")

    def came_to(self, name: str) -> bool:
        """Tell whether it, or a part that has not ended, came on another master to record this."""
        return any(_has(task, name) for task in with_parts(self.task))

    def check_all_taken(self) -> None:
        """Make sure that its code took all that was recorded of it.

        Raises:
            StepInterrupted: If it did not: the code has changed.
        """
        if not self.handed_over:
            self._track.check_all_taken()

    def check_none_runs(self) -> None:
        """Make sure that its code, which failed, left no part that may still run.

        Raises:
            StepInterrupted: If it did: the code has changed.
        """
        if not self.handed_over and not self.is_cancelled():
            self._track.check_none_runs()

    def all_taken(self) -> None:
        """Say that nothing is left to do, whatever was recorded: what it was about is gone."""
        self._track.all_taken()

    def _check_handed_over(self) -> None:
        """Let clean-up code of a work that is handed over do nothing: the next master will."""
        if self.handed_over:
            raise asyncio.CancelledError


def _has(task: Task, name: str) -> bool:
    key = f"{name}#1"
    return key in task.done or CHANCE + key in task.done
