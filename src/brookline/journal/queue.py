"""What waits to be written: requests and duties of the master, in order."""

from __future__ import annotations

import collections
import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.errors import NotMaster, Outcome, Unavailable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator, Sequence

    from brookline.errors import BrooklineError
    from brookline.journal.records import View
    from brookline.wire.changes import Change
    from brookline.wire.entries import Payload


class Decision(NamedTuple):
    """What a request changes, and what its caller is told once that is durable and applied."""

    changes: Sequence[Change]
    answer: Any = None


Decide = "Callable[[View], Decision]"
"""Decides a change on the records as they will be when it is applied. It is pure and quick, and
raises a `BrooklineError` to refuse."""


class Committed(NamedTuple):
    """A change that is durable and applied.

    Attributes:
        answer: The decision's.
        seq: Number of the entry that has it.
        epoch: Its epoch.
    """

    answer: Any
    seq: int
    epoch: int


@dataclasses.dataclass(slots=True, eq=False)
class Waiting:
    """Something that waits to be written.

    Attributes:
        future: Resolved with `Committed`, or with the reason why not.
        since: Monotonic time at which it began to wait.
        decide: Decides the change; None if `payload` is an entry of its own.
        payload: An entry of its own, such as a resignation.
        request: Id of the request, or empty.
        user: Who asks, or empty.
    """

    future: asyncio.Future[Committed]
    since: float
    decide: Callable[[View], Decision] | None = None
    payload: Payload | None = None
    request: str = ""
    user: str = ""

    def refuse(self, error: BrooklineError) -> None:
        """Tell the caller why not, if it still waits."""
        if not self.future.done():
            self.future.set_exception(error)


class Queue:
    """First come, first sealed. What was taken out of here was never sent."""

    def __init__(self) -> None:
        self._waiting: collections.deque[Waiting] = collections.deque()
        self._closed: str = ""

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Waiting]:
        return iter(self._waiting)

    def add(self, waiting: Waiting) -> None:
        """Let it wait.

        Raises:
            NotMaster: If nothing more is written here; it was not done.
        """
        if self._closed:
            raise NotMaster(self._closed)
        self._waiting.append(waiting)

    def first(self) -> Waiting | None:
        """Return the next one whose caller still waits, and leave it there."""
        while self._waiting and self._waiting[0].future.done():
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def pop(self) -> Waiting:
        """Take the next one out, to be sealed."""
        return self._waiting.popleft()

    def expire(self, before: float, why: str) -> None:
        """Refuse those that have waited since `before` or longer: not done."""
        while self._waiting and self._waiting[0].since <= before:
            self._waiting.popleft().refuse(
                Unavailable(f"{why}; nothing was sent", Outcome.NOT_DONE)
            )

    def shut(self, reason: str) -> None:
        """Refuse all that come from now on: not done."""
        self._closed = reason

    def close(self, reason: str) -> None:
        """Refuse all that wait and all that come: not done."""
        self.shut(reason)
        while self._waiting:
            self._waiting.popleft().refuse(NotMaster(reason))
