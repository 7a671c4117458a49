"""Processes of this host: each leads a session of its own, so that signals for us miss it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from brookline.values.clock import Clock

_POLL_S = 0.02
_GRACE_S = 2.0
_TURN_S = 0.01

_left: list[subprocess.Popen[bytes]] = []
"""Processes that nobody waits for any more; they are our children until they end."""


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: str,
    output: IO[bytes],
    errors: IO[bytes],
    given: IO[bytes] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, with nothing of ours but these open files.

    Raises:
        OSError: If it cannot be started.
        ValueError: If an argument or a variable has a NUL character.
    """
    _left[:] = [child for child in _left if child.poll() is None]
    return subprocess.Popen(  # noqa: S603 - running what users ask for is the purpose
        argv,
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL if given is None else given,
        stdout=output,
        stderr=errors,
        start_new_session=True,
    )


class Turns:
    """Lets few processes be started in a turn of the event loop, however many are to be started.

    A start takes milliseconds; a hundred in a row would keep the loop from all else.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = asyncio.Lock()
        self._since = clock.monotonic()

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn; the block must not wait for anything."""
        async with self._lock:
            if self._clock.monotonic() - self._since > _TURN_S:
                await self._clock.sleep(0)
                self._since = self._clock.monotonic()
            yield


class Child:
    """A started program, waited for on the event loop."""

    def __init__(self, process: subprocess.Popen[bytes], clock: Clock) -> None:
        self._process = process
        self._clock = clock

    @property
    def pid(self) -> int:
        """Its process id, which is that of its group and of its session too."""
        return self._process.pid

    async def wait(self, timeout_s: float | None = None) -> int | None:
        """Return its exit code, negative for a signal; or None if it still runs after a while."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._ended()
        return self._process.poll()

    async def kill(self) -> None:
        """End it with all of its group, gently first; returns once the leader is gone."""
        self.signal(signal.SIGTERM)
        if await self.wait(_GRACE_S) is None:
            self.signal(signal.SIGKILL)
            await self.wait()
        self.signal(signal.SIGKILL)  # those of its group that took no notice

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to its group, if there is anybody left in it."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def terminate(self) -> None:
        """Ask it and its group to end, if it has not ended."""
        if self._process.poll() is None:
            self.signal(signal.SIGTERM)

    def leave(self) -> None:
        """Let it run on without anybody who waits for it."""
        if self._process.poll() is None:
            _left.append(self._process)

    async def _ended(self) -> None:
        try:
            watch = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # no Linux, or it was reaped already
            while self._process.poll() is None:
                await self._clock.sleep(_POLL_S)
            return
        loop = asyncio.get_running_loop()
        ended = asyncio.Event()
        loop.add_reader(watch, ended.set)
        try:
            await ended.wait()
        finally:
            loop.remove_reader(watch)
            os.close(watch)
