"""An event loop that notices when it stood still.

A process may be stopped for minutes, by SIGSTOP, a debugger or a suspended machine, or its loop may
hang in one callback. What clients sent meanwhile lies in the sockets' buffers, and they have long
asked another node. So the loop looks at the clock before it dispatches any event: if a whole
iteration took longer than a write is held, all that was connected, or waits to be, belongs to the
past, and is closed before anything is read from it.
"""

from __future__ import annotations

import asyncio
import logging
import selectors
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.values.clock import Clock

log = logging.getLogger("brookline.server")

LONGEST_WAIT_S = 0.5
"""The loop wakes at least so often, so that others see it tick and a stop is told from idleness."""


class Standstill:
    """Knows when the loop last ticked, and which age of connections it is.

    Args:
        clock: Goes on while the process is stopped and the machine sleeps.
        limit_s: `brookline.writeWait`; an iteration that took longer ends the age.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        # The wait for events is a part of an iteration, and no standstill.
        self._limit_s = max(limit_s, 2 * LONGEST_WAIT_S)
        self.ticked = clock.boottime()
        """Boot time at which the loop last began to dispatch; read by other threads too."""
        self.ticks = 0
        """How often it did; read by other threads too."""
        self.age = 0
        """Rises when the loop stood still: what is of a lower age is to be closed unread."""
        self.hooks: list[Callable[[], None]] = []
        """Called in the loop's thread when the age has risen, before any event is dispatched."""

    def tick(self) -> bool:
        """Note that an iteration begins; tell whether the loop stood still before it."""
        stood = self.check()
        self.ticked = self._clock.boottime()
        self.ticks += 1
        return stood

    def check(self) -> bool:
        """Tell whether the loop has stood still since it last ticked, and act on it once.

        Called also before anything is read from a client, since the stop may have come in the
        midst of an iteration, after its events were collected.
        """
        now = self._clock.boottime()
        stood_s = now - self.ticked
        if stood_s <= self._limit_s:
            return False
        self.ticked = now
        self.age += 1
        log.warning("stood still", extra={"fields": {"seconds": round(stood_s, 1)}})
        for hook in self.hooks:
            hook()
        return True


class WatchfulSelector(selectors.DefaultSelector):
    """A selector that drops the events of a round before which the loop stood still."""

    def __init__(self, standstill: Standstill) -> None:
        super().__init__()
        self._standstill = standstill

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for events, but not for long.

        Events that are dropped are not lost: a socket that is still open is ready in the next
        round again.
        """
        if timeout is None or timeout > LONGEST_WAIT_S:
            timeout = LONGEST_WAIT_S
        events = super().select(timeout)
        return [] if self._standstill.tick() else events


def new_loop(standstill: Standstill) -> asyncio.AbstractEventLoop:
    """Return an event loop that is watched over."""
    return asyncio.SelectorEventLoop(WatchfulSelector(standstill))
