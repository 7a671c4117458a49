"""Patience: what a step waits for rather than fail, and the waiting.

A machine that gives no definite answer is no outcome of a command: it may run on there. What this
server lacks, such as memory, tells nothing of the work either.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from brookline.errors import Unreachable
from brookline.operations.safety import Safety
from brookline.operations.scarcity import is_scarcity

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.operations.operation import Operation

    T = TypeVar("T")

log = logging.getLogger("brookline.operations")

_FIRST_S = 1.0
_LONGEST_S = 30.0
_SCARCE = "for memory, threads or open files of this server"


def may_wait(error: Exception, safety: Safety | None) -> bool:
    """Tell whether a step of this kind has not failed by an error, but has to be run again."""
    if safety is Safety.GUARDED and isinstance(error, Unreachable):
        return True
    return safety in (Safety.GUARDED, Safety.REPEATABLE) and is_scarcity(error)


class Patience:
    """Has a part of an operation wait, as long as that lives. What it waits for is shown.

    The pauses for a machine become longer, up to half a minute.

    Args:
        operation: The part.

    Attributes:
        away: What was last heard of a machine that gives no definite answer; None if it does.
    """

    __slots__ = ("_operation", "_pause_s", "_shown", "_since_ms", "away")

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._since_ms = 0
        self._pause_s = _FIRST_S
        self._shown = ""
        self.away: Unreachable | None = None

    async def wait(self, error: Exception) -> None:
        """Wait a while because of an error, before it is tried again."""
        operation, pause_s = self._operation, _FIRST_S
        if isinstance(error, Unreachable) and not is_scarcity(error):
            pause_s, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_S)
            self.note(error)
            self._show(f"for the machine {error.machine}, {self.since()}")
        else:
            self.answered()
            self._show(_SCARCE)
        operation.root.catch_up()
        with operation.parked():
            await operation.clock.sleep(pause_s)

    def note(self, error: Unreachable) -> None:
        """Note that the machine gives no definite answer."""
        self._since_ms = self._since_ms or self._operation.clock.wall_ms()
        self.away = error

    def answered(self) -> None:
        """Note that what was waited for is there."""
        if self.away is not None:
            fields = {"task": self._operation.task.id, "machine": self.away.machine}
            log.info("machine answers again", extra={"fields": fields})
        self.away, self._since_ms, self._pause_s = None, 0, _FIRST_S
        self.hide()

    def hide(self) -> None:
        """Show no more that something is waited for."""
        if self._shown and self._operation.task.waits_for == self._shown:
            self._operation.task.waits_for = ""
        self._shown = ""

    def since(self) -> str:
        """Return since when the machine is away, and why, for people."""
        assert self.away is not None
        since = datetime.fromtimestamp(self._since_ms / 1000, UTC)
        how = "which does not do what it is asked," if self.away.answers else "out of reach"
        return f"{how} since {since:%Y-%m-%d %H:%M:%S} UTC: {self.away.why}"

    def _show(self, what: str) -> None:
        task = self._operation.task
        if what != self._shown:
            fields = {"task": task.id, "name": task.name, "waits": what}
            log.warning("step waits", extra={"fields": fields})
        self._shown = task.waits_for = what


async def patiently(operation: Operation | None, ask: Callable[[], Awaitable[T]]) -> T:
    """Ask something of a machine until it answers; outside of all operations, once.

    Raises:
        Unreachable: If it does not answer, outside of all operations.
    """
    if operation is None:
        return await ask()
    patience = Patience(operation)
    try:
        while True:
            try:
                answer = await ask()
            except Unreachable as error:
                away = error
            else:
                patience.answered()
                return answer
            await patience.wait(away)
    finally:
        patience.hide()
