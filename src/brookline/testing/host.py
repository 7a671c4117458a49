"""A host of a simulation: one process on one machine, which may stop, sleep or die at any step."""

from __future__ import annotations

import contextvars
import enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from brookline.testing.clock import SimClock
    from brookline.testing.loop import SimLoop

_current: contextvars.ContextVar[Host | None] = contextvars.ContextVar("host", default=None)


class Run(enum.Enum):
    """What a host does."""

    RUNNING = "running"
    STOPPED = "stopped"
    """As by SIGSTOP: nothing runs, all clocks go on, the kernel accepts connections."""

    ASLEEP = "asleep"
    """As a laptop with its lid closed: the monotonic clock stands still, the others go on."""

    FROZEN = "frozen"
    """As a virtual machine whose hypervisor holds it: none of its clocks sees the pause."""

    DEAD = "dead"
    """As by SIGKILL, or a power cut: nothing of it ever runs again."""


class Host:
    """Owns what runs in its name: tasks, timers and callbacks, told apart by a context variable.

    Attributes:
        name: For people.
        clock: Its clocks.
        run: What it does.
        silent: Whether its machine died with it, so that not even a refusal comes from there.
        steps: Callbacks that have run here; a crash between any two of them is possible.
        on_change: Called after it was stopped, resumed or has died.
    """

    def __init__(self, loop: SimLoop, name: str, clock: SimClock) -> None:
        self.name = name
        self.clock = clock
        self.run = Run.RUNNING
        self.silent = False
        self.steps = 0
        self.on_change: list[Callable[[Host], None]] = []
        self.deferred: list[asyncio.Handle] = []
        self._loop = loop
        self._begun: set[asyncio.Task[Any]] = set()
        self._due: list[tuple[int, Callable[[], None]]] = []
        self._context = contextvars.copy_context()
        self._context.run(_current.set, self)

    def __repr__(self) -> str:
        return f"<Host {self.name} {self.run.value}>"

    @property
    def context(self) -> contextvars.Context:
        """A context in which everything belongs to this host."""
        return self._context.copy()

    def spawn(self, work: Coroutine[Any, Any, Any], name: str = "") -> asyncio.Task[Any]:
        """Run a coroutine here."""
        return self._loop.create_task(work, name=name or self.name, context=self.context)

    def begin(self, work: Coroutine[Any, Any, Any], name: str = "") -> None:
        """Run a coroutine here that nobody waits for; its error would be an accident."""
        task = self.spawn(work, name)
        self._begun.add(task)
        task.add_done_callback(self._ended)

    def call(self, callback: Callable[..., object], *args: Any) -> None:
        """Run a callback here, soon."""
        self._loop.call_soon(callback, *args, context=self.context)

    def kill(self, *, silent: bool = False) -> None:
        """Die now: nothing of it runs again, no `finally` and no `except` either.

        Args:
            silent: Whether the machine dies, too; else its kernel closes the connections.
        """
        self.silent = silent
        self.clock.release()
        self._loop.bury(self)
        self._become(Run.DEAD)

    def after(self, steps: int, fate: Callable[[], None]) -> None:
        """Let something happen to this host once that many more callbacks have run here.

        So it can be killed or stopped between any two of them, which is at every `await`.
        """
        self._due.append((self.steps + steps, fate))

    def stop(self) -> None:
        """Stop as by SIGSTOP, until `resume`."""
        self._become(Run.STOPPED)

    def sleep(self) -> None:
        """Sleep as a machine does, until `resume`."""
        self.clock.hold(boottime_too=False)
        self._become(Run.ASLEEP)

    def freeze(self) -> None:
        """Stop in a way that no clock of the host can see, until `resume`."""
        self.clock.hold(boottime_too=True)
        self._become(Run.FROZEN)

    def resume(self) -> None:
        """Go on: what was due meanwhile runs now, in order. Does nothing to a host that runs."""
        if self.run in {Run.RUNNING, Run.DEAD}:
            return
        self.clock.release()
        self._loop.take_up(self)
        self._become(Run.RUNNING)

    def stepped(self) -> None:
        """Count a callback; the loop calls this after each."""
        self.steps += 1
        if self._due:
            due = [fate for when, fate in self._due if when <= self.steps]
            self._due = [(when, fate) for when, fate in self._due if when > self.steps]
            for fate in due:
                fate()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._begun.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            accident = {"message": f"{task.get_name()} failed", "exception": error}
            self._loop.call_exception_handler(accident)

    def _become(self, run: Run) -> None:
        if self.run is not Run.DEAD:
            self.run = run
            for heed in self.on_change:
                heed(self)


def current_host() -> Host | None:
    """Return the host in whose name this code runs; None for the simulation itself."""
    return _current.get()


def host_in(context: contextvars.Context) -> Host | None:
    """Return the host to which things in this context belong."""
    return context.get(_current)
