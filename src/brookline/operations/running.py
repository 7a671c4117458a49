"""Running work: the tree of an operation and its parts, and how it ends."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.operations.task import NOTHING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence

    from brookline.operations.interruption import StepInterrupted
    from brookline.operations.leavings import Command
    from brookline.operations.operation import Operation
    from brookline.operations.outcomes import Ending
    from brookline.operations.remains import Remains
    from brookline.operations.safety import Safety
    from brookline.operations.task import Task

    Body = Callable[[Operation], Awaitable[Any]]


class Work(NamedTuple):
    """What a part does.

    Attributes:
        body: Its code.
        safety: Whether it may be run again; None if it is made of parts of its own.
        returns: Dataclass of its result, if it is one.
        timeout_s: Seconds from its beginning after which it is given up, or None.
        attaches: Whether it finds out, perhaps by a part, what became of a command on a machine.
    """

    body: Body
    safety: Safety | None = None
    returns: type | None = None
    timeout_s: float | None = None
    attaches: bool = False


class Running:
    """A node of the tree. No part outlives that of which it is one.

    Attributes:
        task: What is known of it.
        parent: That of which it is a part, or None.
        root: The operation at the top.
        handed_over: Whether it ends because this node stops leading, or because the operation is
            interrupted. What it began outside is then left running, and nothing is recorded: it
            neither failed nor was it cancelled.
        interruption: Of the root: why it does not go on by itself, or None.
        closing: Whether its work is done and its end is being recorded.
        fresh: Whether no other master can have begun it before.
        replayed: Whether it was found to have ended before, and was not run.
        finds_out: Whether it waits to find out what an earlier master began, to be able to end that.
        ran_out: Whether it ends because its time is over.
        given_up: Of the root: ids of the parts that were handed over; None for nothing. Their records
            may be told only after that.
        commands: Of the root: what machines keep of its steps; None for nothing.
        remains: Of the root: what was given up and may still run on machines; None for nothing.
        tally: Of the root: how many steps were found *finished*, how many had perhaps been begun
            by the master before, and were *attached* to on their machine or *resumed*.
    """

    __slots__ = (
        "_cancelling", "_caught_up", "_end", "_parked", "_parts", "_waiters", "_work", "closing",
        "commands", "finds_out", "fresh", "given_up", "handed_over", "interruption", "parent", "ran_out", "remains", "replayed",
        "root", "tally", "task",
    )  # fmt: skip

    def __init__(self, task: Task, parent: Running | None, *, fresh: bool) -> None:
        self.task = task
        self.parent = parent
        self.root: Running = self if parent is None else parent.root
        self.handed_over: bool = parent is not None and parent.handed_over
        self.interruption: StepInterrupted | None = None
        self.closing = False
        self.fresh = fresh
        self.replayed = False
        self.ran_out = False
        self.finds_out = False
        self.given_up: list[str] | None = None
        self.commands: list[Command] | None = None
        self.remains: list[Remains] | None = None
        # Thousands may wait, each with some parts: nothing is made that may not be needed.
        self.tally: Mapping[str, int] = NOTHING
        self._parts: Sequence[Running] = ()
        self._parked = 0
        self._end: Ending | None = None
        self._waiters: list[asyncio.Future[None]] | None = None
        self._caught_up: asyncio.Future[None] | bool = False
        self._work: asyncio.Task[Any] | None = None
        self._cancelling = False

    async def ended(self) -> Ending:
        """Wait for the end. If the waiting is cancelled, so is what is waited for."""
        try:
            while self._end is None:
                await self._told()
        except asyncio.CancelledError:
            self.cancel()
            await self.settled()
            raise
        if self.parent is not None and not self.replayed:
            # What is behind this end can only be reached by whoever recorded the end: this node.
            self.parent.fresh = True
        return self._end

    async def settled(self) -> None:
        """Wait for the end, also while the waiting itself is being cancelled: it is near."""
        while self._end is None:
            with contextlib.suppress(asyncio.CancelledError):
                await self._told()

    def end(self, ending: Ending) -> None:
        """Tell whoever waits for the end."""
        self._end = ending
        waiters, self._waiters = self._waiters or (), None
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _told(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._waiters is None:
            self._waiters = []
        self._waiters.append(waiter)
        await waiter

    def catch_up(self) -> None:
        """Note, at the root, that the operation does something that had not been done before."""
        waiter, self._caught_up = self._caught_up, True
        if isinstance(waiter, asyncio.Future) and not waiter.done():
            waiter.set_result(None)

    async def caught_up(self) -> None:
        """Wait until the operation does something that had not been done before; one may wait."""
        if self._caught_up is not True:
            self._caught_up = asyncio.get_running_loop().create_future()
            await self._caught_up

    def cancel(self) -> None:
        """Ask it and its parts to end; await `settled` for that. Asking again changes nothing.

        So the clean-up that the first request sets off is never cut short by a second one. What
        has ended, and only records that, is not cancelled any more.
        """
        if self._cancelling or self.closing:
            return
        self._cancelling = True
        for part in self._parts:
            part.cancel()
        if self._work is not None:
            self._work.cancel()

    def is_cancelled(self) -> bool:
        """Tell whether it was asked to end, by somebody or since its time is over."""
        return self._cancelling

    def run_out(self) -> None:
        """Ask it to end because its time is over, unless it is ending already.

        So neither cuts short the clean-up that the other one has set off.
        """
        if not self._cancelling:
            self.ran_out = True
            self.cancel()

    def hand_over(self) -> None:
        """Ask it to end because this node stops leading.

        Clean-up that a cancellation set off is cut short: it may wait for a store that is away.
        """
        self.handed_over = True
        for part in self._parts:
            part.hand_over()
        self._cancelling = True
        if self._work is not None and self._work is not asyncio.current_task():
            self._work.cancel()

    def give_up(self, part_id: str) -> None:
        """Note, at the root, that a part was handed over."""
        if self.given_up is None:
            self.given_up = []
        self.given_up.append(part_id)

    def interrupt(self, why: StepInterrupted) -> None:
        """Have the whole operation end as interrupted; called from within one of its parts."""
        root = self.root
        if root.interruption is None and not root.handed_over:
            root.interruption = why
            root.hand_over()

    def enter(self) -> None:
        """Note the asyncio task that does the work.

        Raises:
            CancelledError: If it was cancelled before it could begin.
        """
        self._work = asyncio.current_task()
        if self._cancelling:
            raise asyncio.CancelledError

    def check_not_closed(self, leaving: GeneratorExit) -> None:
        """Tell a `GeneratorExit` that its code raised, as a failure, from one by which it is closed.

        Raises:
            CancelledError: If it was cancelled: so code may end that cleans up.
            GeneratorExit: If it is thrown away with its event loop, and cannot wait for anything.
        """
        try:
            runs = asyncio.current_task() is self._work
        except RuntimeError:  # no loop runs any more
            runs = False
        if not runs:
            raise leaving
        if self._cancelling:
            raise asyncio.CancelledError from leaving

    def parts(self) -> tuple[Running, ...]:
        """Return the parts that were begun and not forgotten yet."""
        return tuple(self._parts)

    async def end_parts(self, besides: Collection[Running] = ()) -> None:
        """Cancel what it began and nobody joined, and wait for the ends."""
        ending = [part for part in self._parts if part not in besides]
        for part in ending:
            part.cancel()
        for part in ending:
            await part.settled()
        self._parts = [part for part in self._parts if part not in ending]

    def adopt(self, part: Running) -> None:
        """Take up a part; those that have ended are forgotten."""
        self._parts = [*(one for one in self._parts if not one.task.status.ended), part]

    def count(self, ending: Ending | None, *, guarded: bool) -> None:
        """Count, at the root, what became of a step when another master took the operation up."""
        if ending is None and self.fresh:
            return
        how = "finished" if ending is not None else "attached" if guarded else "resumed"
        self.root.tally = {**self.root.tally, how: self.root.tally.get(how, 0) + 1}

    @contextlib.contextmanager
    def parked(self) -> Iterator[None]:
        """Say that it rests as long as the block runs: at a command, a timer, a lock.

        Its own code does nothing then, and cannot be what a master dies of.
        """
        self._parked += 1
        try:
            yield
        finally:
            self._parked -= 1

    @contextlib.contextmanager
    def waiting(self, what: str, on: Task | None = None) -> Iterator[None]:
        """Show what is waited for as long as the block runs.

        Args:
            what: Text that follows "waiting", such as ``for sensor http.port of web``.
            on: The task that is waited for, if it is one.
        """
        self.root.catch_up()
        before = self.task.waits_for, self.task.blocked_by
        self.task.waits_for, self.task.blocked_by = what, on
        try:
            with self.parked():
                yield
        finally:
            self.task.waits_for, self.task.blocked_by = before

    def is_parked(self) -> bool:
        """Tell whether it rests with all its parts."""
        running = [part for part in self._parts if not part.is_over()]
        return all(part.is_parked() for part in running) if running else self._parked > 0

    def is_over(self) -> bool:
        """Tell whether it has ended."""
        return self._end is not None

    def belongs_to(self, other: Running) -> bool:
        """Tell whether it is another one or a part of it, at any depth."""
        above: Running | None = self
        while above is not None and above is not other:
            above = above.parent
        return above is other

    def part(self, task: Task) -> Running | None:
        """Return the running part, at any depth, that a task tells of; or None."""
        for part in self._parts:
            found = part if part.task is task else part.part(task)
            if found is not None:
                return found
        return None

    def family(self) -> Iterator[Running]:
        """Yield it and all parts that run, at any depth."""
        yield self
        for part in self._parts:
            yield from part.family()
