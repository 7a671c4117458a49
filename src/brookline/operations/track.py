"""The track: which parts the code of an operation takes, and whether those are what was recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.marks import is_of_code

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brookline.operations.task import Task


class Track:
    """Numbers what the code takes, and compares it with what another master recorded.

    Args:
        task: The operation, or the part, whose code it is.
        fresh: Whether nothing can have been recorded.
        acts: Whether it is a step that acts outside. What that finds there decides what it records
            on the way, so another run of it need not record the same.
    """

    __slots__ = ("_acts", "_known", "_marks", "_names", "_places", "_recorded", "_taken", "_task")

    def __init__(self, task: Task, *, fresh: bool, acts: bool = False) -> None:
        self._task = task
        # Thousands of operations may wait, each with some parts: nothing is made that is not used.
        self._names: dict[str, int] | None = None
        self._places = 0
        self._known = () if fresh else tuple(part for part in task.children if part.recorded)
        self._recorded: Mapping[int, Task] = (
            {part.place: part for part in self._known if part.place >= 0} if self._known else {}
        )
        self._taken: set[str] | None = set() if self._known else None
        self._acts = acts
        marks = () if fresh or acts else task.done
        self._marks: tuple[str, ...] = tuple(filter(is_of_code, marks)) if marks else ()

    def number(self, name: str) -> int:
        """Return the number of the next thing of a name, from 1."""
        if self._names is None:
            self._names = {}
        self._names[name] = number = self._names.get(name, 0) + 1
        return number

    def next_key(self, name: str) -> str:
        """Return the key of the next part of a name, such as ``install#1``; it is taken now."""
        key = f"{name}#{self.number(name)}"
        if self._taken is not None:
            self._taken.add(key)
        return key

    def next_place(self) -> int:
        """Return the place of the next step."""
        self._places += 1
        return self._places - 1

    def take_mark(self, key: str) -> None:
        """Note that the code came to what it recorded on the way under a key."""
        if self._marks:
            self._marks = tuple(one for one in self._marks if one != key)

    def check(self, step: Task, place: int) -> None:
        """Make sure that a step may be at its place.

        Raises:
            StepInterrupted: If another one was recorded there, or this one elsewhere.
        """
        there = self._recorded.get(place)
        if there is not None and there.key != step.key:
            raise self._changed(f"'{there.name}' was recorded where '{step.name}' comes now")
        if step.place not in (place, -1):
            raise self._changed(f"'{step.name}' was recorded at another place than it comes now")

    def check_new_mark(self, name: str) -> None:
        """Make sure that something may be recorded on the way that was not recorded before.

        Code records one thing after the other, each before it goes on. So whatever was recorded,
        of its parts too, lies before what was not.

        Raises:
            StepInterrupted: If something was recorded that it has not come to.
        """
        left = None if self._acts else next(self._left(), None)
        if left is not None:
            raise self._changed(f"'{left}' was recorded and does not come before '{name}' any more")

    def check_all_taken(self) -> None:
        """Make sure that all was taken that was recorded.

        Raises:
            StepInterrupted: If not.
        """
        left = next(self._left(), None)
        if left is not None:
            raise self._changed(f"'{left}' was recorded and is not taken any more")

    def check_none_runs(self) -> None:
        """Make sure that no part was left that may still run, for nobody would follow it.

        Raises:
            StepInterrupted: If one was.
        """
        for part in self._parts_left():
            if not part.status.ended:
                raise self._changed(f"'{part.name}' had begun and is not taken any more")

    def all_taken(self) -> None:
        """Say that nothing is left to take: what it was about is gone."""
        self._known = ()
        self._marks = ()

    def _left(self) -> Iterator[str]:
        """Yield the names of what was recorded and not taken yet."""
        yield from (key.rpartition("#")[0] for key in self._marks)
        yield from (part.name for part in self._parts_left())

    def _parts_left(self) -> Iterator[Task]:
        taken = self._taken or ()
        return (part for part in self._known if part.key not in taken)

    def _changed(self, how: str) -> StepInterrupted:
        return StepInterrupted(
            Cause.CHANGED,
            f"the steps of {self._task.name} are not those that were recorded: {how}. "
            "Its code, blueprint or configuration has changed meanwhile",
            step=self._task.name,
        )
