"""Waiting without an event loop: what a blocking client knows of time."""

from __future__ import annotations

import time
from typing import Protocol


class Pace(Protocol):
    """The blocking twin of `brookline.values.clock.Clock`; costs no import of asyncio."""

    def monotonic(self) -> float:
        """Return seconds on a clock that never jumps."""
        ...

    def wall_ms(self) -> int:
        """Return milliseconds since 1970, for people only."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, and do nothing else."""
        ...


class SystemPace:
    """The machine's own clock."""

    def monotonic(self) -> float:
        """Return CLOCK_MONOTONIC."""
        return time.monotonic()

    def wall_ms(self) -> int:
        """Return the wall clock's time."""
        return time.time_ns() // 1_000_000

    def sleep(self, seconds: float) -> None:
        """Block this thread."""
        time.sleep(seconds)
