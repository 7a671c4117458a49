"""A connection to a simulated machine, as `brookline.locations.shells.Session` is one."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SimSession:
    """A program that was started on a machine, and what it says.

    Args:
        travel_s: Returns how long the next words travel.
        later: Calls back after so many seconds, in nobody's name.

    Attributes:
        over: Whether it says no more.
    """

    def __init__(
        self,
        travel_s: Callable[[], float],
        later: Callable[[float, Callable[[], None]], object],
    ) -> None:
        self.over = False
        self._travel_s = travel_s
        self._later = later
        self._on_the_way: deque[Callable[[], None]] = deque()
        self._said = bytearray()
        self._code: int | None = None
        self._reader: asyncio.Future[None] | None = None

    # For the machine.

    def say(self, *words: str | bytes) -> None:
        """Say something; it comes after what was said before."""
        content = b"".join(one.encode() if isinstance(one, str) else one for one in words)
        if not self.over:
            self._send(lambda: self._said.extend(content))

    def end(self, code: int) -> None:
        """Say no more; what was said before still comes, unless the connection broke."""
        if not self.over:
            self.over = True
            self._send(lambda: self._ended(code))

    def lose(self) -> None:
        """Have nothing come any more, without that anybody notices."""
        self.over = True

    def _send(self, what: Callable[[], None]) -> None:
        self._on_the_way.append(what)
        self._later(self._travel_s(), self._arrived)

    def _arrived(self) -> None:
        self._on_the_way.popleft()()
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def _ended(self, code: int) -> None:
        self._code = code

    # For who connected.

    async def line(self) -> bytes:
        """Return the next line that it says, with its end; without one if it said no more."""
        while b"\n" not in self._said and self._code is None:
            await self._more()
        size = self._said.find(b"\n") + 1 or len(self._said)
        return self._taken(size)

    async def read(self, most: int) -> bytes:
        """Return some of the next bytes that it says; nothing if it said all."""
        while not self._said and self._code is None:
            await self._more()
        return self._taken(most)

    async def complaint(self) -> tuple[int, str]:
        """Wait for its end; return its exit code, and what it said of errors."""
        while self._code is None:
            await self._more()
        return self._code, "the connection broke" if self._code else ""

    def _taken(self, size: int) -> bytes:
        content = bytes(self._said[:size])
        del self._said[:size]
        return content

    async def _more(self) -> None:
        self._reader = asyncio.get_running_loop().create_future()
        await self._reader
