"""Leavings: what machines keep of steps, cleared away some time after their operation has ended.

Until then another master can still fetch what the steps wrote. What is forgotten here, because this
server dies, the machine clears away by itself after a day.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from brookline.errors import BrooklineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from brookline.values.clock import Clock

log = logging.getLogger("brookline.operations")

KEPT_S = 3600.0
_LOOK_S = 60.0
_AT_ONCE = 100


class Keeper(Protocol):
    """A machine, as far as it keeps something of steps."""

    async def collect(self, step_ids: Sequence[str], epoch: int = 0) -> None:
        """Clear away what is kept of steps of an operation that has ended."""
        ...


class Command(NamedTuple):
    """A command of a step, which ran on a machine."""

    machine: Keeper
    step_id: str


class _Leaving(NamedTuple):
    since: float
    command: Command


class Leavings:
    """What is to be cleared away, the oldest first.

    Args:
        clock: Time.
        kept_s: How long it is kept after the end of its operation, in seconds.
    """

    def __init__(self, clock: Clock, kept_s: float = KEPT_S) -> None:
        self._clock = clock
        self._kept_s = kept_s
        self._waiting: deque[_Leaving] = deque()

    def add(self, commands: Iterable[Command]) -> None:
        """Have these cleared away later: their operation has ended now."""
        now = self._clock.monotonic()
        self._waiting.extend(_Leaving(now, command) for command in commands)

    async def run(self) -> None:
        """Clear away what is due, now and then, until cancelled."""
        while True:
            await self._clock.sleep(_LOOK_S)
            await self.clear()

    async def clear(self) -> None:
        """Clear away what is due; what a machine does not take now, it clears away by itself."""
        due: dict[Keeper, list[str]] = {}
        before = self._clock.monotonic() - self._kept_s
        while self._waiting and self._waiting[0].since <= before:
            command = self._waiting.popleft().command
            due.setdefault(command.machine, []).append(command.step_id)
        for machine, step_ids in due.items():
            for begin in range(0, len(step_ids), _AT_ONCE):
                await self._clear(machine, step_ids[begin : begin + _AT_ONCE])

    async def _clear(self, machine: Keeper, step_ids: Sequence[str]) -> None:
        try:
            await machine.collect(step_ids)
        except BrooklineError as error:
            fields = {"steps": len(step_ids), "error": error.message}
            log.info("steps not cleared away", extra={"fields": fields})
