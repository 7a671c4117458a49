"""Running a command under the guard, as part of an operation or outside of all.

In an operation, its streams hold what the command read and wrote. A master that takes the operation
up again goes on with each stream where its own copy of it ends, on another node at its beginning.
"""

from __future__ import annotations

import asyncio
import functools
import logging
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from brookline.errors import Cancelled, Fenced, RemoteError, TimedOut, Unreachable
from brookline.journal.queue import Decision
from brookline.locations.command import Command, Finished
from brookline.locations.guard import REMOVED, Step
from brookline.locations.output import Output, is_first
from brookline.locations.payload import encode
from brookline.locations.recorded import RecordedGuard, record_by_chance
from brookline.operations.interruption import StepInterrupted
from brookline.operations.operation import Operation, current
from brookline.operations.patience import Patience, may_wait
from brookline.operations.remains import told_of_remains
from brookline.operations.safety import Safety
from brookline.operations.scarcity import is_scarcity
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.locations.answers import Ended
    from brookline.locations.guard import Guard
    from brookline.operations.running import Running

    T = TypeVar("T")

log = logging.getLogger("brookline.locations")

_SIGNALLED = 128
_TIMEOUT = "timeout"
_CANCELLED = "cancelled"
_OVERDUE = "overdue"
_LOST = "lost"
_KILLED = "killed"
"""All that is known of one that was ended before it began: by a node, for whatever reason."""


def _nothing() -> None:
    pass


async def run_guarded(
    recorded: RecordedGuard, command: Command, *, prepare: Callable[[], None] = _nothing
) -> Finished:
    """Run a command and wait for its end.

    In an operation, a machine that gives no definite answer is waited for: the command may run on
    there, and is ended there if it is given up meanwhile.

    Args:
        recorded: The guard of its machine.
        command: The command.
        prepare: Has there be what the command needs; a `RemoteError` of it is one of the machine.

    Raises:
        InvalidInput: If it has a NUL character.
        RemoteError: If it cannot be started.
        Unreachable: Outside of all operations: if the machine gives no definite answer.
        TimedOut: If another server ended it because the time of the step was over; or if its own is
            over, and the machine is out of reach.
        Cancelled: If another server ended it because it was cancelled; or if its machine was given
            back: in an operation, that cancels the effector whose command it is.
        Fenced: If the machine has seen a higher epoch.
        StepInterrupted: If nobody can know any more whether it ran.
    """
    run = _Run(recorded, command, current(), prepare)
    try:
        return await run.finished()
    finally:
        run.hide()


class _Run:
    """A command that is followed to its end.

    Args:
        recorded: Of its machine.
        command: The command.
        operation: In which it runs, or None.
        prepare: Has there be what it needs.
    """

    def __init__(
        self,
        recorded: RecordedGuard,
        command: Command,
        operation: Operation | None,
        prepare: Callable[[], None],
    ) -> None:
        self._prepare = prepare
        self._recorded = recorded
        self._guard = recorded.guard
        self._command = command
        self._payload = encode(command)
        self._operation = operation
        self._step = _step_of(operation)
        self._patience = None if operation is None else Patience(operation)
        self._limit = asyncio.timeout(None)
        self._output = Output(operation, self._step)
        self._unsent = False
        self._sent_in: str | None = None
        """Id of the guard's folder when it was sent for the first time; None if by another master."""

    async def finished(self) -> Finished:
        """Run it, and return how it ended."""
        operation, output = self._operation, self._output
        if operation is not None:
            operation.leaves(self._guard, self._step.id, self._recorded.machine_id)
        output.write_input(self._command)
        try:
            ended = await self._in_time()
        except asyncio.CancelledError:
            if operation is None or not operation.handed_over:
                await self._give_up(_OVERDUE if _ran_out(operation) else _CANCELLED)
            raise
        except Fenced as fence:
            if operation is not None:
                await _refused_though_leading(operation, self._guard, fence)
            raise
        if ended.why == REMOVED:
            await _cancel_effector(operation)
            raise Cancelled(f"{self._command.name} was cancelled: its machine was given back")
        self._step = replace(self._step, fresh=False)
        ends = functools.partial(output.ends, self._guard, self._step, ended)
        stdout, stderr = await self._patiently(ends)
        await self._recorded.record(operation)
        if ended.why == _LOST and operation is not None:
            raise self._guard.interruption(_LOST)
        return _finished(self._command, ended, stdout, stderr)

    async def _in_time(self) -> Ended:
        """Follow it to its end, or kill it when its time is over."""
        self._output.on_begin = self._began
        try:
            async with self._limit:
                return await self._patiently(self._ask)
        except TimeoutError:
            if not self._limit.expired():
                raise
        finally:
            self._output.on_begin = None
        await self._kill_overdue()
        self._step = replace(self._step, fresh=False)
        return await self._patiently(self._ask)

    async def _ask(self) -> Ended:
        """Have it run, or attach to it."""
        operation, recorded, guard = self._operation, self._recorded, self._guard
        self._prepare()
        if operation is None:
            return await guard.run(self._step, self._payload, self._output)
        folder = guard.place.id if guard.place else ""
        if self._step.fresh:
            self._sent_in = folder
        lost = functools.partial(recorded.lost, operation)
        made = functools.partial(recorded.record, operation)
        try:
            if folder != self._sent_in:
                # It may have been lost while the machine was out of reach.
                await recorded.check(operation, self._step)
            return await guard.run(self._step, self._payload, self._output, lost=lost, made=made)
        except StepInterrupted:
            self._step = replace(self._step, fresh=False)  # as far as the machine knows
            if await recorded.forgets(self._step):
                raise
        return await guard.run(self._step, self._payload, self._output)  # it came at that moment

    async def _patiently(self, ask: Callable[[], Awaitable[T]]) -> T:
        """Ask something of the machine until it answers, if that can be waited for."""
        patience = self._patience
        while True:
            self._unsent = False
            try:
                answer = await ask()
            except Exception as error:
                away = self._in_doubt(error)
                if patience is None or not may_wait(away, Safety.GUARDED):
                    raise
            else:
                if patience is not None:
                    patience.answered()
                return answer
            sent = not isinstance(away, Unreachable) or away.sent
            self._unsent = self._step.fresh and not sent
            self._step = replace(self._step, fresh=self._unsent)
            self._count_from_now()
            await patience.wait(away)

    def hide(self) -> None:
        """Show no more for what it waited."""
        if self._patience is not None:
            self._patience.hide()

    def _in_doubt(self, error: Exception) -> Exception:
        """Return what an error means: no failure of the guard says how a command ended that it knows."""
        if self._step.fresh or not isinstance(error, RemoteError) or is_scarcity(error):
            return error
        return error if isinstance(error, Unreachable) else self._guard.in_doubt(error)

    def _began(self, age_s: float) -> None:
        """Count its time from its beginning on the machine."""
        if self._patience is not None:
            self._patience.answered()
        if self._command.timeout_s is not None:
            self._ends_in(self._command.timeout_s - age_s)

    def _count_from_now(self) -> None:
        """Count its time though its machine does not say when it began, if it did."""
        limited = self._output.on_begin is not None and self._limit.when() is None
        if self._command.timeout_s is None or not limited:
            return
        operation, age_s = self._operation, 0.0
        if operation is not None and is_first(operation, self._step):
            age_s = (operation.clock.wall_ms() - (operation.task.started_ms or 0)) / 1000
        self._ends_in(self._command.timeout_s - max(0.0, age_s))

    def _ends_in(self, seconds: float) -> None:
        self._limit.reschedule(asyncio.get_running_loop().time() + max(0.0, seconds))

    async def _kill_overdue(self) -> None:
        """Kill it, for its time is over.

        Raises:
            TimedOut: If that may not have been done, since its machine is out of reach; or if it was
                not even begun, for that reason.
        """
        name, time = self._command.name, f"within {self._command.timeout_s:g}s"
        if self._unsent and self._patience is not None:
            raise TimedOut(f"{name} was not begun {time}; its machine is {self._patience.since()}")
        try:
            await self._kill(_TIMEOUT)
        except Unreachable as error:
            if self._operation is None:
                raise
            why = f"{name} was not seen to end {time}{told_of_remains(self._operation)}"
            raise TimedOut(why) from error

    async def _give_up(self, why: str) -> None:
        if self._unsent:
            return  # nothing of it ever came there
        try:
            await self._kill(why)
            if not self._step.kept:
                await self._guard.collect([self._step.id])
        except RemoteError as error:
            fields = {"step": self._step.id, "error": error.message}
            log.warning("command not killed", extra={"fields": fields})

    async def _kill(self, why: str) -> None:
        """End it; if its machine is out of reach, see to it that it is ended later.

        Raises:
            Unreachable: If it may not have been ended.
        """
        patience = self._patience
        try:
            if patience is not None and patience.away is not None:
                raise patience.away
            await self._guard.kill(self._step, why)
        except Unreachable as error:
            if self._operation is not None and patience is not None:
                patience.note(error)
                where = f"the machine {error.machine}, {patience.since()}"
                self._operation.leaves_running(self._recorded.machine_id, where)
            raise


async def _cancel_effector(operation: Operation | None) -> None:
    """Have an effector end as cancelled of which a command was ended with its machine."""
    if operation is None:
        return
    effector: Running = operation
    while effector.parent is not None and not effector.task.effector:
        effector = effector.parent
    log.info("cancelled with its machine", extra={"fields": {"task": effector.task.id}})
    effector.cancel()
    await operation.clock.sleep(0)  # which is where it comes


async def _refused_though_leading(operation: Operation, guard: Guard, fence: Fenced) -> None:
    """Tell a node that was deposed from one whose plane is not the one that the machine knows.

    Raises:
        NotMaster: If this node does not lead any more.
        Fenced: Likewise.
        RemoteError: If it does: a commit that succeeds now proves that nobody came after it.
    """
    await record_by_chance(operation, lambda _view: Decision([]), "guard refuses")
    folder = guard.place.folder if guard.place else "the folder of its guard"
    raise RemoteError(
        f"{fence.message}, which is not of this plane as it is now: another plane uses the machine, or "
        f"this one was restored from a backup. If no other uses it any more, remove {folder} there"
    ) from fence


def _step_of(operation: Operation | None) -> Step:
    if operation is None:
        return Step(new_id(), fresh=True, kept=False)
    return Step(operation.guard_id(), operation.epoch, fresh=operation.fresh)


def _ran_out(operation: Running | None) -> bool:
    """Tell whether it ends because its time is over, or that of what it is a part of."""
    while operation is not None and not operation.ran_out:
        operation = operation.parent
    return operation is not None


def _finished(command: Command, ended: Ended, stdout: str, stderr: str) -> Finished:
    if ended.why == "unstarted":
        said = (stderr.strip() or "nothing is known of the reason").rpartition("\n")[2]
        raise RemoteError(f"{command.name} cannot be started: {said}")
    killed = ended.code is None or ended.code > _SIGNALLED
    if ended.why == _OVERDUE and killed:
        # By a server that could not record any more that the step's time was over.
        raise TimedOut(f"{command.name} did not end in the time of its step")
    if ended.why in (_CANCELLED, _KILLED) and killed:
        # Likewise: who was told of it has died, or could not record it.
        raise Cancelled(f"{command.name} was cancelled")
    if ended.why == _TIMEOUT:
        return Finished(-1, stdout, stderr, timed_out=True)
    if ended.code is not None:
        return Finished(ended.code, stdout, stderr)
    number = signal.SIGKILL if ended.why == _LOST else signal.SIGTERM
    return Finished(-number, stdout, stderr)
