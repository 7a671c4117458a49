"""How long a store that hangs may hold up the end of a node: one measure for all parts of the end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from brookline.values.clock import Clock

_MOMENT_S = 0.25
"""What each part has in any case: a store that answers needs not much more."""


class ExitTime:
    """What the store may still take of the time of a node's end.

    Only what is waited for within `spent` is counted: clients, and who follows as the master, may
    take their time besides.

    Args:
        clock: Time.
        limit_s: For all parts of the end together.
    """

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._left_s = limit_s
        self._ends = False

    def begin(self) -> None:
        """Count from now on: the node ends."""
        self._ends = True

    @property
    def left_s(self) -> float:
        """Seconds that are left, and a moment in any case."""
        return max(self._left_s, _MOMENT_S)

    @contextlib.asynccontextmanager
    async def spent(self) -> AsyncIterator[None]:
        """Bound what waits for the store by what is left; not on a node that goes on.

        Raises:
            TimeoutError: If it took longer.
        """
        if not self._ends:
            yield
            return
        began = self._clock.monotonic()
        try:
            async with asyncio.timeout(self.left_s):
                yield
        finally:
            self._left_s -= self._clock.monotonic() - began
