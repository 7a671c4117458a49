"""What work asks of the plane: to record changes, and whether it may act. A node is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from brookline.journal.queue import Committed, Decision
from brookline.journal.records import View

if TYPE_CHECKING:
    from brookline.wire.changes import Change

Decide = Callable[[View], Decision]
"""Decides changes on the records as they are when its batch is sealed; pure and quick."""


class Recorder(Protocol):
    """The plane, as those who do work see it."""

    async def commit(self, decide: Decide, *, request: str = "", user: str = "") -> Committed:
        """Record a decision; return once it is durable and applied.

        Raises:
            Unavailable: If this node does not lead any more; `outcome` says what became of it.
            BrooklineError: Whatever `decide` raises to refuse.
        """
        ...

    def note(self, change: Change) -> None:
        """Record a reading soon, together with others; a crash may lose it."""
        ...

    def may_act(self, *, guarded: bool = False) -> bool:
        """Tell whether the lease allows to begin something new with an effect outside.

        Args:
            guarded: Whether something outside refuses whoever led before, such as the guard.
        """
        ...
