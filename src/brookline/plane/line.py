"""The line: the master tells each standby its tail after each commit, so that copies are current."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from brookline.values.clock import Clock


class Line:
    """The master's end: says its tail to whoever listens, coalesced, and otherwise once a poll.

    Args:
        tail: The last entry that is applied here.
        clock: Times the polls.
        poll_s: Seconds between words when nothing happens.
    """

    def __init__(self, tail: Callable[[], int], clock: Clock, poll_s: float) -> None:
        self._tail = tail
        self._clock = clock
        self._poll_s = poll_s
        # In the order in which they came, so that a simulation runs the same way twice.
        self._listeners: dict[asyncio.Event, None] = {}
        self._closed = False

    def say(self) -> None:
        """Wake all listeners: the tail has moved."""
        for listener in self._listeners:
            listener.set()

    def open(self) -> None:
        """Accept listeners: this node leads."""
        self._closed = False

    def close(self) -> None:
        """End the line of every listener: this node leads no more."""
        self._closed = True
        self.say()

    async def watch(self) -> AsyncIterator[int]:
        """Yield the tail at once, after each commit, and at least once a poll, until closed."""
        event = asyncio.Event()
        self._listeners[event] = None
        try:
            while not self._closed:
                event.clear()
                yield self._tail()
                await self._next(event)
        finally:
            self._listeners.pop(event, None)

    async def _next(self, event: asyncio.Event) -> None:
        try:
            async with asyncio.timeout(self._poll_s):
                await event.wait()
        except TimeoutError:
            return
