"""Watching keys: a stream that says when there are new ones, and is begun anew when it says nothing.

A member that has vanished without a word, or hangs, says as little as one that has nothing to tell.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from brookline.stores.etcd.gateway import Refused
from brookline.stores.times import QUIET_S, limit_s

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from brookline.stores.etcd.gateway import Gateway

_ENDS = (b'"canceled":true', b'"error":')
"""In what etcd says when a watch has ended whose stream stays open."""

_CANCELLED = 1


class Watching:
    """One watch, through as many streams as it takes.

    Args:
        gateway: To etcd.
        wanted: Which keys, as etcd reads it.
    """

    def __init__(self, gateway: Gateway, wanted: dict[str, Any]) -> None:
        self._gateway = gateway
        self._wanted = wanted
        self._last = b""

    async def hints(self) -> AsyncIterator[None]:
        """Yield when there may be something new: also when a stream begins, which may have missed it.

        Raises:
            Refused: If etcd ends the watch.
            ClientError: If the connection broke.
            TimeoutError: If a stream does not begin.
        """
        while True:
            stream = self._gateway.stream("/v3/watch", {"create_request": self._wanted})
            async with contextlib.aclosing(stream):
                async for _ in self._told(stream):
                    yield

    async def _told(self, stream: AsyncIterator[bytes]) -> AsyncIterator[None]:
        """Yield for each chunk, until nothing more is said for a while."""
        self._last = b""
        await self._next(stream, limit_s())
        yield
        while True:
            try:
                await self._next(stream, QUIET_S)
            except TimeoutError:
                return
            yield

    async def _next(self, stream: AsyncIterator[bytes], allowed_s: float) -> None:
        """Take a chunk; find the words of an end, which may come in two. Values are in base64."""
        async with asyncio.timeout(allowed_s):
            chunk = await anext(stream, None)
        seen = self._last + (chunk or b"")
        if chunk is None or any(words in seen for words in _ENDS):
            raise Refused(_CANCELLED, "the watch was ended by etcd")
        self._last = seen[-max(map(len, _ENDS)) :]
