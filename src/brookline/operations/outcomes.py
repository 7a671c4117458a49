"""Where outcomes of steps are kept, so that work which is taken up again skips what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from brookline.operations.task import Status, Task


@dataclass(frozen=True, slots=True)
class Ending:
    """How a piece of work ended.

    Attributes:
        status: One of those that have ended.
        result: What it returned, for its caller; not always JSON.
        error: What it raised, or None.
    """

    status: Status
    result: Any = None
    error: BaseException | None = None


class Outcomes(Protocol):
    """Asked by each step before it acts, and told afterwards."""

    async def find(self, step: Task) -> Ending | None:
        """Return how this step ended when it ran before, or None: then it runs."""
        ...

    async def record(self, step: Task, ending: Ending) -> None:
        """Take down how a step ended."""
        ...


class NotKept:
    """Keeps nothing: work that was cut off is not taken up again, and so each step runs."""

    async def find(self, step: Task) -> Ending | None:  # noqa: ARG002
        """Return None: it has not run before."""
        return None

    async def record(self, step: Task, ending: Ending) -> None:
        """Take down nothing."""
