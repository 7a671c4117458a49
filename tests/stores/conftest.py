"""System calls that fail on demand, and time that moves on demand."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import os
from typing import TYPE_CHECKING, Any

import pytest

from brookline.stores.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CALLS = (
    "create", "open", "write", "read", "fsync", "close",
    "link", "replace", "unlink", "mkdir", "rmdir", "names", "modified",
)  # fmt: skip


class Tripwire(Files):
    """Real system calls, each written down; a test says at which one something happens.

    Attributes:
        log: What was called so far, as in ``fsync journal/0000000``; temp files are all ``.tmp-``.
        trip: Asked before each call, with its description; may raise.
        after: Asked after each call that succeeded; may raise, as when a reply gets lost.
    """

    def __init__(self, root: str) -> None:
        super().__init__(root)
        self.log: list[str] = []
        self.trip: Callable[[str], None] = lambda call: None
        self.after: Callable[[str], None] = lambda call: None
        self._open: dict[int, str] = {}

    def perform(self, name: str, call: Callable[..., Any], *args: Any) -> Any:
        target = self._open.get(args[0], "?") if isinstance(args[0], int) else args[0]
        words = f"{name} {_plain(target)}".strip()
        self.log.append(words)
        self.trip(words)
        answer = call(*args)
        if name in ("create", "open"):
            self._open[answer] = target
        self.after(words)
        return answer


def _plain(path: str) -> str:
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}.tmp-" if name.startswith(".tmp-") else path


def _wrap(name: str) -> Callable[..., Any]:
    real = getattr(Files, name)
    return lambda self, *args: self.perform(name, real.__get__(self), *args)


for _name in CALLS:
    setattr(Tripwire, _name, _wrap(_name))


def failing(number: int, wanted: str, *, times: int = 1) -> Callable[[str], None]:
    """Return a trip that raises errno `number` at the first calls of that description."""
    left = itertools.count(times, -1)

    def trip(call: str) -> None:
        if call == wanted and next(left) > 0:
            raise OSError(number, os.strerror(number))

    return trip


class StepClock:
    """Time that moves only when a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()

    def monotonic(self) -> float:
        return self.now

    def boottime(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return int(self.now * 1000)

    def call_later(self, delay_s: float, callback: Callable[[], None]) -> None:
        heapq.heappush(self._due, (self.now + delay_s, next(self._numbers), callback))

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0.0:
            await asyncio.sleep(0)
            return
        woken = asyncio.get_running_loop().create_future()
        self.call_later(seconds, lambda: woken.done() or woken.set_result(None))
        await woken

    async def advance(self, seconds: float) -> None:
        """Let that much time pass, and everything happen that is due in it, in order."""
        end = self.now + seconds
        await _settle()
        while self._due and self._due[0][0] <= end:
            self.now, _, callback = heapq.heappop(self._due)
            callback()
            await _settle()
        self.now = end


class HastyClock(StepClock):
    """Time that jumps to the end of each sleep."""

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


async def _settle() -> None:
    for _ in range(20):  # more steps than any task here takes without waiting for time
        await asyncio.sleep(0)


@pytest.fixture
def step_clock() -> StepClock:
    return StepClock()


@pytest.fixture
def hasty_clock() -> HastyClock:
    return HastyClock()


@pytest.fixture
def tripwire(tmp_path) -> Tripwire:
    """The system calls of a store in `tmp_path`."""
    return Tripwire(str(tmp_path))


@pytest.fixture
def open_tripwire() -> type[Tripwire]:
    """What makes such calls, for `DirectoryStore.open`."""
    return Tripwire


@pytest.fixture
def fail_at() -> Callable[..., Callable[[str], None]]:
    return failing


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Any]:
    """A file system of 256 KiB; skips where nobody may mount one."""
    place = tmp_path / "small"
    place.mkdir()
    if os.system(f"mount -t tmpfs -o size=256k,mode=0700 tmpfs {place} 2>/dev/null") != 0:
        pytest.skip("may not mount")
    yield place
    os.system(f"umount --lazy {place}")
