"""The heart's own thread, with its own loop and its own connection to the store."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.plane.heart import Heart

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.rules import Rules
    from brookline.plane.heart import Beat, Signs
    from brookline.stores.store import Store
    from brookline.values.clock import Clock


log = logging.getLogger("brookline.server")


class HeartThread:
    """A pulse that goes on while the main loop replays, and that a slow store cannot hold up.

    Args:
        connect: Opens a connection to the store; called on the thread.
        clock: Times the beats.
        poll_s: Seconds between beats.
        rules: Protective rules.
        fail: Told, on the main loop, of a fault that ended the beats: no node lives without.
    """

    def __init__(
        self,
        connect: Callable[[], Awaitable[Store]],
        clock: Clock,
        *,
        poll_s: float,
        rules: Rules,
        fail: Callable[[BaseException], None],
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._poll_s = poll_s
        self._rules = rules
        self._fail = fail
        self._loop: asyncio.AbstractEventLoop | None = None
        self._heart: Heart | None = None
        self._ending: asyncio.Event | None = None
        self._ended: Future[None] = Future()

    async def start(self, signs: Signs) -> None:
        """Begin to beat; returns once the store is connected.

        Raises:
            StoreError: If it cannot be.
        """
        ready: Future[None] = Future()
        main = asyncio.get_running_loop()
        # A daemon: a store that hangs must not keep the process.
        threading.Thread(
            target=lambda: asyncio.run(self._live(signs, ready, main)), name="heart", daemon=True
        ).start()
        await asyncio.wrap_future(ready)

    async def beat(self) -> Beat:
        """Send a heartbeat now.

        Raises:
            StoreError: If the heart beats no more.
        """
        if self._loop is None or self._heart is None or self._ended.done():
            raise StoreError("the heart has stopped")
        return await asyncio.wrap_future(
            asyncio.run_coroutine_threadsafe(self._heart.beat(), self._loop)
        )

    async def stop(self) -> None:
        """Cease to beat, and wait for the end of a beat that is under way."""
        if self._loop is None or self._ending is None or self._ended.done():
            return
        self._loop.call_soon_threadsafe(self._ending.set)
        await asyncio.wrap_future(self._ended)

    async def _live(
        self, signs: Signs, ready: Future[None], main: asyncio.AbstractEventLoop
    ) -> None:
        try:
            store = await self._connect()
        except BaseException as error:  # noqa: BLE001 - raised where the start is awaited
            if ready.set_running_or_notify_cancel():
                ready.set_exception(error)
            return
        if not ready.set_running_or_notify_cancel():
            await store.close()  # the start was given up meanwhile
            return
        self._loop = asyncio.get_running_loop()
        self._ending = asyncio.Event()
        self._heart = Heart(store, self._clock, signs, poll_s=self._poll_s, rules=self._rules)
        ready.set_result(None)
        beating = asyncio.ensure_future(self._heart.run())
        ending = asyncio.ensure_future(self._ending.wait())
        await asyncio.wait({beating, ending}, return_when=asyncio.FIRST_COMPLETED)
        if beating.done() and (fault := beating.exception()) is not None:
            log.critical("the heart has failed", exc_info=fault)
            with contextlib.suppress(RuntimeError):  # the main loop has ended before
                main.call_soon_threadsafe(self._fail, fault)
        for task in (beating, ending):
            task.cancel()
        await asyncio.wait({beating, ending})
        await store.close()
        self._ended.set_result(None)
