"""The clocks of a simulated host: they run at their own rate, and may miss or make jumps."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EPOCH_MS = 1_700_000_000_000
"""Wall time at the beginning of every simulation."""


class SimClock:
    """Implements `brookline.values.clock.Clock` over the true time of a simulation.

    Args:
        true: Returns true time, in seconds.
        rate: Seconds that pass here in one true second.
        monotonic_s: What the monotonic clock shows at the beginning.
        asleep_s: By how much the boot clock is ahead of it at the beginning.
    """

    def __init__(
        self,
        true: Callable[[], float],
        *,
        rate: float = 1.0,
        monotonic_s: float = 0.0,
        asleep_s: float = 0.0,
    ) -> None:
        self.rate = rate
        self._true = true
        # monotonic = _shown + (true - _since) * rate, unless it is held at _shown.
        self._since = true()
        self._shown = monotonic_s
        self._held = False
        self._held_since = 0.0
        self._boot_ahead = asleep_s
        self._boot_held = False
        self._wall_ahead_s = -monotonic_s

    def monotonic(self) -> float:
        """Return seconds on a clock that stands still while the machine sleeps."""
        if self._held:
            return self._shown
        return self._shown + (self._true() - self._since) * self.rate

    def boottime(self) -> float:
        """Return seconds on a clock that goes on while the machine sleeps."""
        return self.monotonic() + self._boot_ahead

    def wall_ms(self) -> int:
        """Return the wall clock's time."""
        return _EPOCH_MS + round((self.monotonic() + self._wall_ahead_s) * 1000)

    async def sleep(self, seconds: float) -> None:
        """Wait, in seconds of this clock if the caller's host has it."""
        await asyncio.sleep(seconds)  # noqa: TID251 - this is a clock

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock forward, or back; nothing that matters may depend on it."""
        self._wall_ahead_s += seconds

    def true_time_of(self, monotonic_s: float) -> float:
        """Return the true time at which the monotonic clock will show this, if it is not held."""
        return self._since + (monotonic_s - self._shown) / self.rate

    def hold(self, *, boottime_too: bool) -> None:
        """Let the monotonic clock stand still until `release`, and the others too if so asked."""
        if not self._held:
            self._shown = self.monotonic()
            self._held, self._held_since = True, self._true()
            self._boot_held = boottime_too

    def release(self) -> None:
        """Go on; a boot clock and a wall clock that were not held show what was missed."""
        if not self._held:
            return
        self._held = False
        missed = (self._true() - self._held_since) * self.rate
        self._since = self._true()
        if not self._boot_held:
            self._boot_ahead += missed
            self._wall_ahead_s += missed
