"""On whose behalf something is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.model.entity import Entity
    from brookline.operations.recorder import Decide
    from brookline.operations.task import Task
    from brookline.wire.changes import Value


class Context(Protocol):
    """Who asks, and by which request."""

    @property
    def user(self) -> str:
        """Who asks; empty for the platform itself."""
        ...

    @property
    def request(self) -> str:
        """Id of the request; it goes into the log with what the request changes."""
        ...


class Asking(Context, Protocol):
    """The context of a request that is remembered."""

    def once(self, decide: Decide) -> Decide:
        """Return a decision that is made once for this request, and remembered with its answer.

        Its answer is `brookline.plane.requests.Known` if it was made before.
        """
        ...


class Repeated(Exception):
    """The request was sent before, and is not done again.

    Attributes:
        record: What is known of it.
    """

    def __init__(self, record: Value) -> None:
        super().__init__("this request was carried out before")
        self.record = record


class Deployed(NamedTuple):
    """What is decided by a deploy.

    Attributes:
        task: That starts the application.
        warnings: What in its blueprint has no effect.
    """

    task: Task
    warnings: Sequence[str]


class Added(NamedTuple):
    """What is decided when children are added.

    Attributes:
        parent: Below which.
        ids: Of the children.
        task: That starts them, or None.
    """

    parent: Entity
    ids: Sequence[str]
    task: Task | None


@dataclass(frozen=True, slots=True)
class Caller:
    """A context of one's own, of which nothing is remembered.

    Attributes:
        user: Who asks.
        request: Id of the request, or empty.
    """

    user: str = ""
    request: str = ""

    def once(self, decide: Decide) -> Decide:
        """Return the decision as it is."""
        return decide
