"""The wish to end a server, whoever has it: a signal, a client, or a failure."""

from __future__ import annotations

import asyncio
import logging

log = logging.getLogger("brookline.server")


class Stopping:
    """Remembers whether, and why, a server is to end.

    Attributes:
        begun: Whether it is ending.
        failure: Why it cannot go on, or None if it was asked to end.
    """

    def __init__(self) -> None:
        self.begun = False
        self.failure: BaseException | None = None
        self._event = asyncio.Event()

    def begin(self, reason: str) -> None:
        """Ask for the end: hand over, answer what was asked, leave."""
        if not self.begun:
            log.info("stopping", extra={"fields": {"reason": reason}})
            self.begun = True
            self._event.set()

    def fail(self, error: BaseException) -> None:
        """End because of an error."""
        if not self.begun:
            self.failure = error
        self.begin("cannot go on")

    async def wait(self) -> None:
        """Wait for the wish."""
        await self._event.wait()
