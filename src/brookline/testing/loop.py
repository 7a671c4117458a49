"""An event loop with virtual time, on which a whole plane runs in one thread and always the same way.

    loop = SimLoop()
    host = loop.host("a")
    host.spawn(node())
    loop.run(story())       # sixty simulated seconds take a fraction of one

Nothing waits: when nothing is ready, time jumps to the next timer. Every task, timer and callback
belongs to the host in whose context it was made (`brookline.testing.host`), so that a host can be
stopped or killed between any two of its steps while the others go on.

Only the order of what happens may matter to a simulation, so everything that Python orders by the
addresses of objects is ordered by age here: tasks and futures have serial numbers as hashes, and
the cyclic garbage collector, whose moments nobody can foresee, rests while a simulation runs.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import heapq
import itertools
import warnings
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from brookline.testing.clock import SimClock
from brookline.testing.host import Host, Run, current_host, host_in

if TYPE_CHECKING:
    import collections
    from collections.abc import Callable, Coroutine, Iterator

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")

_CLOSE_TRIES = 20
_ROUNDING_S = 1e-9


class Stalled(Exception):
    """Nothing will ever happen again, but the simulation has not ended."""


def _serial(loop: asyncio.AbstractEventLoop) -> int:
    assert isinstance(loop, SimLoop)
    return next(loop.serials)


class SimFuture(asyncio.Future[Any]):
    """A future whose place in a set does not depend on its address."""

    _serial = 0

    def __hash__(self) -> int:
        if not self._serial:
            self._serial = _serial(self.get_loop())
        return self._serial


class SimTask(asyncio.Task[Any]):
    """A task whose place in a set does not depend on its address."""

    _serial = 0

    def __hash__(self) -> int:
        if not self._serial:
            self._serial = _serial(self.get_loop())
        return self._serial


class SimLoop(asyncio.BaseEventLoop):
    """Runs hosts under virtual time.

    Attributes:
        accidents: Errors that nobody retrieved, as the loop's exception handler was told of them.
        serials: Numbers its tasks and futures, as far as anybody asks for their hashes.
    """

    _ready: collections.deque[asyncio.Handle]

    def __init__(self) -> None:
        super().__init__()
        self.accidents: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _, accident: self.accidents.append(accident))
        self.set_task_factory(lambda loop, work, **more: SimTask(work, loop=loop, **more))
        self._now = 0.0
        self._nobody = contextvars.Context()
        self._timers: list[tuple[float, int, asyncio.TimerHandle]] = []
        self._turns = itertools.count()
        self.serials = itertools.count(1)
        self._grave: list[object] = []

    # --- time ------------------------------------------------------------------------------

    def true_time(self) -> float:
        """Return seconds since the beginning, as no host can see them."""
        return self._now

    def time(self) -> float:
        """Return the monotonic time of the host that asks; true time to the simulation itself."""
        host = current_host()
        return self._now if host is None else host.clock.monotonic()

    def call_at(
        self,
        when: float,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        """Run a callback when the clock of its host shows `when`."""
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        self._wind(timer)
        return timer

    def call_truly_later(self, delay_s: float, callback: Callable[[], object]) -> object:
        """Call back in the name of no host, after true seconds; the fate of no host matters."""
        when = self._now + delay_s
        timer = asyncio.TimerHandle(when, callback, (), self, self._nobody)
        heapq.heappush(self._timers, (when, next(self._turns), timer))
        return timer

    def call_soon_threadsafe(
        self,
        callback: Callable[[*Arguments], object],
        *args: *Arguments,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        """Run a callback soon; there are no other threads."""
        return self.call_soon(callback, *args, context=context)

    def run_in_executor(
        self, executor: object, func: Callable[[*Arguments], T], *args: *Arguments
    ) -> asyncio.Future[T]:
        """Call a function as a step of its own: a thread would depend on the machine.

        Args:
            executor: Ignored.
            func: What a thread would do; it must not wait for anything.
            *args: Its arguments.
        """
        del executor
        done: asyncio.Future[T] = self.create_future()
        self.call_soon(_call_into, done, func, *args)
        return done

    def create_future(self) -> asyncio.Future[Any]:
        """Return a new future."""
        return SimFuture(loop=self)

    # --- hosts -----------------------------------------------------------------------------

    def host(self, name: str, clock: SimClock | None = None) -> Host:
        """Return a new host."""
        return Host(self, name, clock or SimClock(self.true_time))

    def bury(self, host: Host) -> None:
        """Keep what a host leaves behind, so that nothing of it is ever finalized."""
        self._grave += asyncio.all_tasks(self)
        self._grave += host.deferred
        host.deferred = []

    def take_up(self, host: Host) -> None:
        """Go on with what was put off while a host did not run."""
        deferred, host.deferred = host.deferred, []
        for handle in deferred:
            if isinstance(handle, asyncio.TimerHandle):
                self._wind(handle)
            else:
                self._ready.append(handle)

    # --- running ---------------------------------------------------------------------------

    def run(self, story: Coroutine[Any, Any, T]) -> T:
        """Run a simulation to the end of its story, and leave nothing of it behind.

        Raises:
            Stalled: If the story waits for what will never happen.
        """
        with _no_collection():
            try:
                return self.run_until_complete(story)
            finally:
                self._dispose()

    def _run_once(self) -> None:
        """Run what is ready; if nothing is, let time pass until something is."""
        ready, timers = self._ready, self._timers
        if not ready:
            if not timers:
                raise Stalled("nothing is ready, and no timer is set")
            self._now = max(self._now, timers[0][0])
        while timers and timers[0][0] <= self._now:
            timer = heapq.heappop(timers)[2]
            if not timer.cancelled():
                ready.append(timer)
        for _ in range(len(ready)):
            handle = ready.popleft()
            if not handle.cancelled():
                self._step(handle)

    def _step(self, handle: asyncio.Handle) -> None:
        host = host_in(handle._context)  # type: ignore[attr-defined]  # noqa: SLF001
        if host is None:
            handle._run()  # noqa: SLF001
        elif host.run is Run.RUNNING:
            if isinstance(handle, asyncio.TimerHandle) and self._early(handle, host):
                self._wind(handle)
                return
            handle._run()  # noqa: SLF001
            host.stepped()
        elif host.run is Run.DEAD:
            self._grave.append(handle)
        else:
            host.deferred.append(handle)

    def _early(self, timer: asyncio.TimerHandle, host: Host) -> bool:
        """Tell whether the host's clock was held since the timer was set, so that it is not due."""
        return host.clock.monotonic() < timer.when() - _ROUNDING_S

    def _wind(self, timer: asyncio.TimerHandle) -> None:
        host = host_in(timer._context)  # type: ignore[attr-defined]  # noqa: SLF001
        when = timer.when()
        true = when if host is None else host.clock.true_time_of(when)
        heapq.heappush(self._timers, (true, next(self._turns), timer))

    def _dispose(self) -> None:
        """Close all coroutines that are left, whatever they say to that."""
        left = asyncio.all_tasks(self)
        self.close()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for task in left:
                task._log_destroy_pending = False  # type: ignore[attr-defined]  # noqa: SLF001
                _shut(task.get_coro())
            self._grave.clear()
            self._timers.clear()
            # Now, and not in the middle of something else that minds such warnings.
            gc.collect()

    # --- what the base class asks for ----------------------------------------------------------

    def _process_events(self, event_list: object) -> None:
        """There are no events from outside."""

    def _write_to_self(self) -> None:
        """There is no other thread to wake."""

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer is passed over when it is due."""

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Note an accident; what happens while the remains are cleared away does not count."""
        if not self.is_closed():
            super().call_exception_handler(context)


def _call_into(done: asyncio.Future[T], func: Callable[[*Arguments], T], *args: *Arguments) -> None:
    try:
        result = func(*args)
    except Exception as error:  # noqa: BLE001 - as an executor does, for whoever awaits it
        if not done.done():
            done.set_exception(error)
    else:
        if not done.done():
            done.set_result(result)


def _shut(work: Any) -> None:
    """End a suspended coroutine, even one that goes on to wait when it is told to end."""
    for _ in range(_CLOSE_TRIES):
        try:
            work.close()
        except BaseException:  # noqa: BLE001, S112 - the simulation is over: nothing of it matters
            continue
        return


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
