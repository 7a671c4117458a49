"""The watchdog: ends a process whose event loop hangs, so that another node can take over.

It counts its own wake-ups, and never looks at a clock: a process that was stopped as a whole, and
goes on, has a watchdog that was stopped too, and is not killed for it.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("brookline.server")

EXIT_CODE = 3
_STEPS = 30


class Watchdog:
    """A thread that sees whether the loop ticks.

    Args:
        ticks: How often the loop has ticked, from any thread.
        timeout_s: How long it may stand still.
        bite: Ends the process; replaced in tests.
    """

    def __init__(
        self, ticks: Callable[[], int], timeout_s: float, bite: Callable[[], None] | None = None
    ) -> None:
        self._ticks = ticks
        self._step_s = timeout_s / _STEPS
        self._bite = bite or _exit
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Watch no more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        seen, missed = self._ticks(), 0
        while not self._stopped.wait(self._step_s):
            now = self._ticks()
            missed = missed + 1 if now == seen else 0
            seen = now
            if missed >= _STEPS:
                self._bite()
                return


def _exit() -> None:
    try:
        log.critical("event loop hangs; ending the process")
    finally:
        # Also if there is no memory left for saying so.
        os._exit(EXIT_CODE)
