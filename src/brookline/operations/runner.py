"""The runner: runs an operation or a part of one to its end, and has that recorded."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING

from brookline.errors import (
    BrooklineError,
    Cancelled,
    Fenced,
    NotMaster,
    StepFailed,
    TimedOut,
)
from brookline.operations.interruption import StepInterrupted, in_doubt
from brookline.operations.outcomes import Ending
from brookline.operations.patience import Patience, may_wait
from brookline.operations.remains import told_of_remains
from brookline.operations.safety import Safety
from brookline.operations.storing import (
    cleaned,
    failure_of,
    read_back,
    shown,
    storable_error,
    stored,
)
from brookline.operations.task import Status, Task

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.operations.ledger import Ledger
    from brookline.operations.operation import Operation
    from brookline.operations.recorder import Recorder
    from brookline.operations.running import Running, Work
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

log = logging.getLogger("brookline.operations")

_TRACE_LINES = 40
_LEASE_POLL_S = 0.1
_ATTACH_S = 10.0
"""How long a step whose time is over meanwhile may take to find out that its command has ended."""

HANDED_OVER = "for the next master: this server has handed it over"


class Runner:
    """Runs one thing at a time, as often as it is asked.

    Args:
        ledger: Records what must be.
        tasks: Where tasks are found.
        recorder: Says whether this node may act.
        clock: Time.
        over: Told of each operation that has ended here, in whatever way.
        begin: Begins an operation that was recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        tasks: Tasks,
        recorder: Recorder,
        *,
        clock: Clock,
        over: Callable[[Operation], None],
        begin: Callable[[Task], object],
    ) -> None:
        self._ledger = ledger
        self._tasks = tasks
        self._recorder = recorder
        self._clock = clock
        self._over = over
        self._begin_other = begin

    async def run(self, operation: Operation, work: Work) -> None:
        """Run an operation to its end, and tell that to whoever waits for it."""
        ending: Ending | None = None
        try:
            # No function of its own, for thousands may wait in here.
            try:
                operation.enter()
                self._begin(operation.task)
                ending = await self._ending(operation, work)
            except asyncio.CancelledError:
                pass  # what is to be said of that is known once its parts have ended
            except (StepInterrupted, Exception) as error:  # noqa: BLE001 - this is the supervisor of tasks
                ending = _gone_wrong(operation, error)
            await operation.end_parts()
            if not operation.handed_over:
                operation.note_remains()
            ending = _cut_off(operation, work) if ending is None else ending
            ending = await self._ended(operation, ending)
        finally:
            operation.end(_cut_off(operation, work) if ending is None else ending)
            if operation.parent is None:
                self._over(operation)

    def _begin(self, task: Task) -> None:
        task.status = Status.RUNNING
        task.ended_ms = None
        task.started_ms = task.started_ms or self._clock.wall_ms()

    async def _ending(self, operation: Operation, work: Work) -> Ending:
        """Return how it ends.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
            StepInterrupted: If it does not go on by itself.
        """
        timer, patience, result = None, None, None
        try:
            await self._may_begin(operation, work)
            timer = self._timer(operation, work)
            # No function of its own, for thousands may wait in here.
            while True:
                try:
                    result = await work.body(operation)
                    break
                except Exception as error:
                    if not may_wait(error, work.safety):
                        raise
                    lacking = error
                patience = patience or Patience(operation)
                await patience.wait(lacking)
                patience.hide()
                operation.run_again()
            if operation.parent is not None:
                result = read_back(stored(operation.task.name, result), work.returns)
            operation.check_all_taken()
        except (NotMaster, Fenced, asyncio.CancelledError, StepInterrupted):
            raise
        except BaseException as error:  # noqa: BLE001 - this is the supervisor of tasks
            if isinstance(error, GeneratorExit):
                operation.check_not_closed(error)
            # Whoever calls `sys.exit` in a step means the step, not this server and all that it runs.
            operation.check_none_runs()
            return _failed(operation, error)
        finally:
            if timer is not None:
                timer.cancel()
            if patience is not None:
                patience.hide()
        return Ending(Status.COMPLETED, result)

    async def _may_begin(self, operation: Operation, work: Work) -> None:
        """Return once a step may act outside; whatever is no step does so in its steps."""
        if work.safety is not None:
            await self._permitted(operation, guarded=work.safety is Safety.GUARDED)
        if work.safety is Safety.ONCE:
            await self._begin_once(operation)

    async def _permitted(self, operation: Operation, *, guarded: bool) -> None:
        """Wait until the lease allows to begin something new outside.

        Args:
            operation: Who will begin it.
            guarded: Whether something outside refuses whoever led before.
        """
        if self._recorder.may_act(guarded=guarded):
            return
        operation.finds_out = guarded and not operation.fresh
        with operation.waiting("for this node's lease"):
            while not self._recorder.may_act(guarded=guarded):
                await self._clock.sleep(_LEASE_POLL_S)
        operation.finds_out = False

    async def _begin_once(self, operation: Operation) -> None:
        task = operation.task
        if task.once:
            raise in_doubt(task.name)
        await self._ledger.begin_once(operation)
        # That may have taken long, and who goes on with it does not know that it has not acted.
        await self._permitted(operation, guarded=False)

    def _timer(self, operation: Operation, work: Work) -> asyncio.TimerHandle | None:
        """Have it end once the time is over that is left to it, if it has a time-out."""
        if work.timeout_s is None:
            return None
        begun_ms = operation.task.started_ms or 0
        left_s = work.timeout_s - max(0, self._clock.wall_ms() - begun_ms) / 1000
        if not operation.fresh and work.attaches:
            left_s = max(left_s, _ATTACH_S)
        return asyncio.get_running_loop().call_later(max(left_s, 0), operation.run_out)

    async def _ended(self, operation: Operation, ending: Ending) -> Ending:
        """Make the end known, once it is recorded; return how it is known to have ended."""
        task = operation.task
        operation.closing = True
        try:
            if operation.interruption is not None:
                ends = await self._ledger.interrupt(
                    operation, operation.interruption, operation.epoch
                )
            elif operation.handed_over:
                return self._let_go(operation)
            else:
                ending, ends = await self._recorded(operation, ending)
        except (NotMaster, Fenced, asyncio.CancelledError):
            operation.root.hand_over()
            return self._let_go(operation)
        _close(task, ends)
        if ending.status is Status.FAILED:
            _log_failure(task, ending.error)
        return ending

    async def _recorded(self, operation: Operation, ending: Ending) -> tuple[Ending, Value]:
        """Record how it ended; say plainly that it failed if that cannot be recorded as it is.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        try:
            return ending, await self._record(operation, ending)
        except (NotMaster, Fenced):
            raise
        except Exception as fault:
            log.exception("end not recorded", extra={"fields": {"task": operation.task.id}})
            how, why = ending.status.value, type(fault).__name__
            text = f"{operation.task.name} has {how}, and how could not be recorded ({why})"
            plainly = Ending(Status.FAILED, error=StepFailed(cleaned(text), why))
            return plainly, await self._record(operation, plainly)

    async def _record(self, operation: Operation, ending: Ending) -> Value:
        ends = self._ends(operation, ending)
        for begins in await self._ledger.end(operation, ends):
            self._begin_other(begins)
        return ends

    def _ends(self, operation: Operation, ending: Ending) -> Value:
        ends: Value = {"status": ending.status.value, "ended": self._clock.wall_ms()}
        if ending.result is not None:
            of_part = operation.parent is not None
            ends["result"] = stored("", ending.result) if of_part else shown(ending.result)
        if ending.error is not None:
            ends["error"] = error_text(ending.error)
            if operation.parent is not None and ending.status is Status.FAILED:
                ends["failure"] = failure_of(ending.error)
        return ends

    def _let_go(self, operation: Operation) -> Ending:
        """Leave it to the next master: it has not ended."""
        task = operation.task
        task.owned, task.waits_for, task.blocked_by = False, HANDED_OVER, None
        if operation.parent is not None:
            operation.root.give_up(task.id)
        if not task.recorded:
            self._tasks.forget(task)
        task.release()
        return Ending(Status.INTERRUPTED, error=Cancelled(HANDED_OVER))


def _close(task: Task, ends: Value) -> None:
    task.take({**task.to_value(), **ends})
    task.waits_for, task.blocked_by = "", None
    task.owned = False


def _locate(why: StepInterrupted, operation: Operation) -> None:
    """Say of an interruption by which part it came."""
    why.step = why.step or operation.task.name
    why.part = operation.task.id
    above: Running = operation
    while above.parent is not None:
        why.trail[above.task.id] = above.task.to_value()
        above = above.parent


def _failed(operation: Operation, error: BaseException) -> Ending:
    """Return how an operation ended whose own code raised an error."""
    if operation.parent is not None:
        return Ending(Status.FAILED, error=storable_error(error))
    if operation.task.cancelling and isinstance(error, Cancelled):
        # A master before this one has ended its command, and could not record that any more.
        return Ending(Status.CANCELLED, error=error)
    return Ending(Status.FAILED, error=error)


def _gone_wrong(operation: Operation, error: BaseException) -> Ending:
    """Return how an operation ended of which its own code cannot say so."""
    match error:
        case StepInterrupted():
            _locate(error, operation)
            operation.interrupt(error)
            return Ending(Status.INTERRUPTED, error=Cancelled(error.reason))
        case NotMaster() | Fenced():
            # Somebody else leads, and goes on with it. Code above that handles errors is not to take
            # this for a failure.
            operation.root.hand_over()
            return Ending(Status.INTERRUPTED, error=error)
        case _:
            fields = {"task": operation.task.id}
            log.error("error not told", extra={"fields": fields}, exc_info=error)
            kind = type(error).__name__
            text = f"{operation.task.name} failed, and its error cannot be told ({kind})"
            return Ending(Status.FAILED, error=StepFailed(text, kind))


def _cut_off(operation: Operation, work: Work) -> Ending:
    """Return how it ends that was cancelled: by somebody, since its time is over, or by us."""
    name, left = operation.task.name, told_of_remains(operation)
    if operation.handed_over:
        return Ending(Status.INTERRUPTED, error=Cancelled(HANDED_OVER))
    if operation.ran_out:
        why = f"{name} did not end within {work.timeout_s:g}s{left}"
        return Ending(Status.FAILED, error=TimedOut(why))
    return Ending(Status.CANCELLED, error=Cancelled(f"{name} was cancelled{left}"))


def error_text(error: BaseException) -> str:
    """Return a line that says what went wrong, and after a blank line what else helps."""
    if isinstance(error, BrooklineError):
        text, more = error.message, error.details
    else:
        trace = "".join(traceback.format_exception(error)).splitlines()[-_TRACE_LINES:]
        text, more = f"{type(error).__name__}: {error}", "\n".join(trace)
    return cleaned(text) + (f"\n\n{cleaned(more)}" if more else "")


def _log_failure(task: Task, error: BaseException | None) -> None:
    fields = {"task": task.id, "name": task.name, "entity": task.entity_id}
    if isinstance(error, BrooklineError):
        fields["error"] = error.message
        log.warning("task failed", extra={"fields": fields})
    else:
        log.error("task failed", exc_info=error, extra={"fields": fields})
