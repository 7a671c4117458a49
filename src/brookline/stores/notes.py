"""What a probe writes down while it runs: durations, delays, and how each property came out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, TypeVar

from brookline.stores.report import Finding, Latency, Property, Report, Verdict, summarize

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.values.clock import Clock

LIMIT_S = 10.0
"""A store that shows a change later than this is refused: a third of the default heartbeat timeout,
so that a master whose beats are shown that late is not yet taken for dead; and far below a tenth of
the grace after which collected keys are deleted."""

SLOW_S = 1.0
"""A store that shows a change later than this makes every failover slower: one poll period."""

_FIRST_PAUSE_S = 0.01
_LONGEST_PAUSE_S = 0.25

T = TypeVar("T")


class Failed(Exception):
    """A property does not hold; the notes say which and why."""


class Notes:
    """The notes of one probe."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._began = clock.monotonic()
        self._findings: dict[Property, Finding] = {}
        self._durations: dict[str, list[float]] = {}

    async def time(self, operation: str, call: Awaitable[T]) -> T:
        """Await a call and note how long it took."""
        started = self.clock.monotonic()
        answer = await call
        self._durations.setdefault(operation, []).append(self.clock.monotonic() - started)
        return answer

    async def follow(self, wanted: Property, shown: Callable[[], Awaitable[bool]]) -> None:
        """Look until something is shown, and note how long that took.

        Raises:
            Failed: If it is not shown within `LIMIT_S`.
        """
        started = self.clock.monotonic()
        lag, pause = 0.0, _FIRST_PAUSE_S
        while not await shown():
            if lag >= LIMIT_S:
                self.fail(wanted, f"not within {LIMIT_S:.0f} s")
            await self.clock.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_S)
            lag = self.clock.monotonic() - started
        self._follow(wanted, lag * 1000)

    def hold(self, each: Property, tried: str) -> None:
        """Note that a property held whenever it was tried."""
        self._findings[each] = Finding(each, Verdict.HOLDS, tried)

    def warn(self, doubtful: Property, seen: str) -> None:
        """Note that somebody should look at a property, though a plane can be carried."""
        self._findings[doubtful] = Finding(doubtful, Verdict.DOUBTFUL, seen)

    def fail(self, lacking: Property, seen: str, *, remedy: str = "") -> NoReturn:
        """Note that a property does not hold, which ends the probe.

        Args:
            lacking: Which.
            seen: Instead of it.
            remedy: What to do about it, where that is known; else what is advised as a rule.

        Raises:
            Failed: Always.
        """
        self._findings[lacking] = Finding(lacking, Verdict.FAILS, seen, remedy=remedy)
        raise Failed(lacking.value)

    def report(self, *, size: str, plane: bool, left_behind: int) -> Report:
        """Return what was found; see `Report` for the rest of it."""
        return Report(
            size=size,
            plane=plane,
            findings=tuple(self._findings.values()),
            create=self._latency("create"),
            get=self._latency("get"),
            list=self._latency("list"),
            took_s=round(self.clock.monotonic() - self._began, 3),
            left_behind=left_behind,
        )

    def _latency(self, operation: str) -> Latency:
        return summarize(self._durations.get(operation, ()))

    def _follow(self, wanted: Property, lag_ms: float) -> None:
        before = self._findings.get(wanted)
        longest = max(lag_ms, (before and before.lag_ms) or 0.0)
        verdict = Verdict.SLOW if longest > SLOW_S * 1000 else Verdict.HOLDS
        seen = f"after {longest:.0f} ms at most" if longest else "at the first look"
        self._findings[wanted] = Finding(wanted, verdict, seen, lag_ms=round(longest, 3))
