"""Time as an argument: whoever waits or measures is given a clock, so that tests can move it."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol


class Clock(Protocol):
    """What a node knows of time. All but `wall_ms` count seconds from an arbitrary start."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps; it stands still while the machine sleeps."""
        ...

    def boottime(self) -> float:
        """Return seconds on a clock that goes on while the machine sleeps; leases count on it."""
        ...

    def wall_ms(self) -> int:
        """Return milliseconds since 1970, for people only: no decision depends on it."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        ...


class SystemClock:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Return CLOCK_MONOTONIC."""
        return time.monotonic()

    def boottime(self) -> float:
        """Return CLOCK_BOOTTIME, which counts suspended time too (clock_gettime(2))."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def wall_ms(self) -> int:
        """Return the wall clock's time."""
        return time.time_ns() // 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait on the running loop."""
        await asyncio.sleep(seconds)
