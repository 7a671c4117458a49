"""The supervisor: owns all running work, tells its records, and ends it when leading ends."""

from __future__ import annotations

import asyncio
import logging
import traceback
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.errors import (
    BrooklineError,
    Cancelled,
    Fenced,
    InvalidInput,
    NotMaster,
    Unavailable,
)
from brookline.journal.queue import Decision
from brookline.operations.locks import Locks
from brookline.operations.operation import Operation
from brookline.operations.outcomes import Ending, NotKept, Outcomes
from brookline.operations.retention import Limits, outdated, with_parts
from brookline.operations.task import KIND, Status, Task
from brookline.operations.texts import describe_call
from brookline.values.coercion import plain
from brookline.values.crew import Crew
from brookline.wire.changes import Drop, Merge, Put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.journal.records import View
    from brookline.model.entity import Entity
    from brookline.operations.operation import Body
    from brookline.operations.recorder import Recorder
    from brookline.operations.streams import Streams
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

log = logging.getLogger("brookline.operations")

_MOST_RESULT_BYTES = 256 * 1024
_TRACE_LINES = 40
_RETRY_S = 0.5
HANDED_OVER = "handed over: this server stopped leading while it ran"


class Supervisor:
    """Runs operations on the master.

    Args:
        tasks: Where tasks are found.
        streams: Where their streams are kept.
        recorder: The plane.
        clock: For times of tasks.
        outcomes: What is remembered of steps.
        limits: How many ended tasks are kept.

    Attributes:
        platform: What `Operation.platform` gives to entities.
        locks: Of entities.
    """

    def __init__(
        self,
        tasks: Tasks,
        streams: Streams,
        *,
        recorder: Recorder,
        clock: Clock,
        outcomes: Outcomes | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.tasks = tasks
        self.streams = streams
        self.recorder = recorder
        self.clock = clock
        self.locks = Locks()
        self.platform: Any = None
        self._outcomes: Outcomes = outcomes or NotKept()
        self._limits = limits or Limits()
        self._active = False
        self._running: dict[str, Operation] = {}
        self._crew = Crew("operations")

    def activate(self) -> None:
        """Begin the duties of a master: run work, and forget old tasks now and then."""
        self._active = True
        self._crew.spawn(self._forget_now_and_then(), "retention")

    async def deactivate(self) -> None:
        """End all that runs, as handed over, and return once it has ended.

        Nothing is recorded, and commands on machines go on: that is the next master's business.
        """
        self._active = False
        running = list(self._running.values())
        for operation in running:
            operation.hand_over()
        for operation in running:
            await operation.settled()
        await self._crew.disband()

    def submit(self, task: Task, body: Body) -> Task:
        """Begin an operation whose record, as made by `begun`, has been committed.

        If this node ceased to act while that was being committed, it ends as handed over before
        it begins: the record is found unfinished by whoever acts next, who says so.

        Returns:
            The task, which may be another object of the same id that was known here before.
        """
        known = self.tasks.find(task.id)
        if known is None:
            self.tasks.add(task)
        task = known or task
        task.owned = True
        operation = Operation(self, task)
        self._running[task.id] = operation
        if not self._active:
            operation.hand_over()
        self._crew.spawn(operation.begin(body), task.id)
        return task

    def submit_if_recorded(self, task: Task, body: Body) -> None:
        """Begin an operation of whose record it is not known yet whether it was committed."""
        if self._active:
            self._crew.spawn(self._submit_if_recorded(task, body), f"{task.id} perhaps")

    async def _submit_if_recorded(self, task: Task, body: Body) -> None:
        def decide(view: View) -> Decision:
            # Asked behind it, and answered once it is durable or was refused for good.
            return Decision([], view.get(KIND, task.id) is not None)

        while True:
            try:
                committed = await self.recorder.commit(decide)
            except (NotMaster, Fenced):
                return  # whoever leads next says what became of it
            except Unavailable:
                await self.clock.sleep(_RETRY_S)
                continue
            if committed.answer:
                self.submit(task, body)
            return

    def begin_part(self, parent: Operation, task: Task, body: Body) -> Operation:
        """Begin a part of an operation; called by the operation."""
        task.owned = True
        self.tasks.add(task)
        part = Operation(self, task, parent)
        part.handed_over = parent.handed_over
        self._crew.spawn(part.begin(body), task.id)
        return part

    def effector_body(self, entity: Entity, effector: str, params: Mapping[str, Any]) -> Body:
        """Return the work of an effector.

        Raises:
            InvalidInput: If there is no such effector, or a parameter does not fit.
        """
        declared = entity.EFFECTORS.get(effector)
        if declared is None:
            raise InvalidInput(f"{entity.name} has no effector '{effector}'")
        declared.arguments(params)
        return lambda operation: declared.call(entity, operation, params)

    def effector_task(
        self, task_id: str, entity: Entity, effector: str, *, params: Mapping[str, Any]
    ) -> Task:
        """Return the task of an effector that is called as an operation of its own."""
        now = self.clock.wall_ms()
        task = Task(task_id, effector, entity_id=entity.id, entity_name=entity.name)
        task.submitted_ms = now
        describe_call(task, effector, params, "EFFECTOR", "NON-TRANSIENT")
        return task

    async def cancel(self, task: Task) -> bool:
        """Cancel a task with all its parts, and wait for its end.

        Returns:
            Whether there was something to cancel; False if it had ended or runs elsewhere.
        """
        operation = self._operation_of(task)
        if operation is None or task.status.ended:
            return False
        operation.cancel()
        await operation.settled()
        return task.status is Status.CANCELLED

    async def drive(self, operation: Operation, body: Body) -> Ending:
        """Run an operation to its end, which it returns and records; never raises."""
        task = operation.task
        try:
            operation.enter()
            self._note_beginning(task)
            ending = await self._ending(operation, body)
        except asyncio.CancelledError:
            ending = _cut_off(operation)
        await operation.end_parts()
        await self._note_end(operation, ending)
        return ending

    async def _ending(self, operation: Operation, body: Body) -> Ending:
        try:
            known = await self._outcomes.find(operation.task)
            if known is not None:
                return known
            await operation.permitted()
            ending = Ending(Status.COMPLETED, await body(operation))
        except (NotMaster, Fenced) as error:
            # It could not record what it wanted: somebody else leads, and will say how it ended.
            operation.handed_over = True
            return Ending(Status.INTERRUPTED, error=error)
        except Exception as error:  # noqa: BLE001 - this is the supervisor of tasks
            ending = Ending(Status.FAILED, error=error)
        await self._outcomes.record(operation.task, ending)
        return ending

    def _note_beginning(self, task: Task) -> None:
        task.status = Status.RUNNING
        if task.parent_id:
            task.started_ms = self.clock.wall_ms()
            self.recorder.note(Put(KIND, task.id, task.to_value()))

    async def _note_end(self, operation: Operation, ending: Ending) -> None:
        """Make the end known; that of a whole operation only once it is recorded."""
        task = operation.task
        operation.closing = True
        end = self._end_value(task, ending)
        if not task.parent_id:
            self._running.pop(task.id, None)
        if operation.handed_over:
            pass  # the next master says what became of it
        elif task.parent_id:
            self.recorder.note(Merge(KIND, task.id, end))
        else:
            end = await self._recorded(operation, end)
        task.take({**task.to_value(), **end})
        task.waits_for, task.blocked_by = "", None
        task.owned = False
        if ending.status is Status.FAILED:
            _log_failure(task, ending.error)

    async def _recorded(self, operation: Operation, end: Value) -> Value:
        """Commit the end of an operation; return how it is known to have ended."""
        task_id = operation.task.id

        def decide(view: View) -> Decision:
            known = view.get(KIND, task_id) is not None
            return Decision([Merge(KIND, task_id, end)] if known else [])

        try:
            await operation.record(decide)
        except (Unavailable, asyncio.CancelledError):
            return {"status": Status.INTERRUPTED.value, "ended": end["ended"], "error": HANDED_OVER}
        return end

    def _end_value(self, task: Task, ending: Ending) -> Value:
        end: Value = {
            "status": ending.status.value,
            "started": task.started_ms or self.clock.wall_ms(),
        }
        end |= {"ended": self.clock.wall_ms(), "streams": dict(task.streams)}
        if ending.result is not None:
            end["result"] = storable(ending.result)
        if ending.error is not None:
            end["error"] = error_text(ending.error)
        return end

    def _operation_of(self, task: Task) -> Operation | None:
        top = task
        while top.parent is not None:
            top = top.parent
        operation = self._running.get(top.id)
        return operation if operation is None or top is task else operation.part(task)

    async def _forget_now_and_then(self) -> None:
        await asyncio.to_thread(
            self.streams.drop_unknown, lambda one: self.tasks.find(one) is not None
        )
        while True:
            await self.forget_old()
            await self.clock.sleep(self._limits.period_s)

    async def forget_old(self) -> None:
        """Forget what the limits do not keep, streams included."""
        top_level, now = list(self.tasks.top_level()), self.clock.wall_ms()
        # In threads: there may be a hundred thousand tasks, and what has ended does not change.
        old = await asyncio.to_thread(outdated, top_level, self._limits, now)
        ids = [part.id for task in old for part in with_parts(task)]
        for task_id in ids:
            self.recorder.note(Drop(KIND, task_id))
        await asyncio.to_thread(self.streams.drop, *ids)


def storable(result: Any) -> Any:
    """Return a result as JSON; one that is too large for a record becomes a remark."""
    as_json = plain(result)
    size = len(msgspec.json.encode(as_json))
    return as_json if size <= _MOST_RESULT_BYTES else f"(a result of {size} bytes is not kept)"


def error_text(error: BaseException) -> str:
    """Return a line that says what went wrong, and after a blank line what else helps."""
    if isinstance(error, BrooklineError):
        return error.message + (f"\n\n{error.details}" if error.details else "")
    trace = "".join(traceback.format_exception(error)).splitlines()[-_TRACE_LINES:]
    return f"{type(error).__name__}: {error}\n\n" + "\n".join(trace)


def _cut_off(operation: Operation) -> Ending:
    if operation.handed_over:
        return Ending(Status.INTERRUPTED, error=Cancelled(HANDED_OVER))
    return Ending(Status.CANCELLED, error=Cancelled(f"{operation.task.name} was cancelled"))


def _log_failure(task: Task, error: BaseException | None) -> None:
    fields = {"task": task.id, "name": task.name, "entity": task.entity_id}
    if isinstance(error, BrooklineError):
        fields["error"] = error.message
        log.warning("task failed", extra={"fields": fields})
    else:
        log.error("task failed", exc_info=error, extra={"fields": fields})
