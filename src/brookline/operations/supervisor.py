"""The supervisor: owns all running work, takes up what others left, and ends it all when it must."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Any

from brookline.errors import Fenced, NotMaster
from brookline.journal.queue import Decision
from brookline.operations.cancelling import Cancelling
from brookline.operations.forgetting import Forgetting
from brookline.operations.interruption import StepInterrupted
from brookline.operations.leavings import Leavings
from brookline.operations.ledger import Ledger
from brookline.operations.locks import Locks, held
from brookline.operations.operation import Operation
from brookline.operations.retention import Limits
from brookline.operations.runner import HANDED_OVER, Runner
from brookline.operations.running import Work
from brookline.operations.taking_up import TakingUp
from brookline.operations.task import KIND, Status, Task
from brookline.operations.texts import describe_call
from brookline.operations.works import EFFECTOR, Works, unreadable, work
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brookline.journal.records import View
    from brookline.model.entity import Entity
    from brookline.operations.readings import About
    from brookline.operations.recorder import Recorder
    from brookline.operations.running import Body, Running
    from brookline.operations.streams import Streams
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.operations")

_PARK_POLL_S = 0.05
_PARK_MOST_S = 5.0


class Supervisor:
    """Runs operations on the master.

    Args:
        tasks: Where tasks are found.
        streams: Where their streams are kept.
        recorder: The plane.
        clock: For times of tasks.
        limits: How many ended tasks are kept.

    Attributes:
        platform: What `Operation.platform` gives to entities.
        works: How the code of an operation is made from its record.
        ledger: What is recorded of operations.
        locks: Of entities, and of what they share.
        forgetting: Forgets what has ended long ago.
        epoch: Under which this node acts.
    """

    def __init__(
        self,
        tasks: Tasks,
        streams: Streams,
        *,
        recorder: Recorder,
        clock: Clock,
        limits: Limits | None = None,
    ) -> None:
        self.tasks = tasks
        self.streams = streams
        self.recorder = recorder
        self.clock = clock
        self.platform: Any = None
        self.works = Works()
        self.ledger = Ledger(recorder, clock)
        self.locks = Locks(self.ledger, self._cancel_soon)
        self.epoch = 0
        self._runner = Runner(
            self.ledger, tasks, recorder, clock=clock, over=self._over, begin=self.submit_once
        )
        self._leavings = Leavings(clock)
        self._cancelling = Cancelling(self.ledger)
        self.forgetting = Forgetting(
            tasks, streams, recorder=recorder, clock=clock, limits=limits or Limits()
        )
        self.forgetting.also = self.ledger.forget_locks
        self._active = False
        self._running: dict[str, Operation] = {}
        self._crew = Crew("operations")
        self._left = TakingUp(self.ledger, clock, crew=self._crew, begin=self._take_up)

    # Leading.

    async def activate(self, epoch: int = 0) -> None:
        """Begin the duties of a master: take up what was left, run work, forget old tasks.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        self.epoch = epoch
        reserved, records = await self.ledger.decide(self._left_unended)
        self.locks.reserve(reserved)
        for task_id, value in records.items():
            self.tasks.refresh(task_id, value)
        self._active = True
        unfinished = (task for task in self.tasks.top_level() if not task.status.ended)
        self._left.begin(task for task in unfinished if task.id not in self._running)
        self._crew.spawn(self.ledger.tell(self._all_running), "telling")
        self._crew.spawn(self.forgetting.run(), "retention")
        self._crew.spawn(self._leavings.run(), "leavings")

    async def deactivate(self) -> None:
        """End all that runs, as handed over, and return once it has ended.

        Nothing is recorded, and commands on machines go on: that is the next master's business.
        """
        for operation in self.let_go():
            await operation.settled()
        await self._crew.disband()
        self.locks.reserve({})

    def let_go(self) -> list[Operation]:
        """Hand over all that runs, without waiting; return it. Who cannot go on has to do so first."""
        self._active = False
        self._left.give_up(HANDED_OVER)
        running = list(self._running.values())
        for operation in running:
            operation.hand_over()
        return running

    def _left_unended(self, view: View) -> Decision:
        """Answer who holds locks, and the records of what ran here before and was left.

        What was recorded of it just as it was left is not known here yet.
        """
        left = (task for task in self.tasks if not task.status.ended and not task.owned)
        records = {task.id: view.get(KIND, task.id) for task in left}
        return Decision(self.ledger.holdings.begin(view), (held(view), records))

    # Beginning.

    def submit(self, task: Task, body: Body | None = None) -> Task:
        """Begin an operation whose record, as made by `begun`, has been committed.

        If this node ceased to act while that was being committed, it does not begin: whoever acts
        next finds its record and takes it up.

        Args:
            task: The operation.
            body: Its code; what its `work` says if None.

        Returns:
            The task, which may be another object of the same id that was known here before.
        """
        known = self.tasks.find(task.id)
        if known is None:
            self.tasks.add(task)
        task = known or task
        # It may have been found unfinished in the moment before, and be taken up already.
        begun = task.id in self._running or task.id in self._left
        if self._active and not begun:
            self._start(task, body, fresh=True)
        return task

    def submit_once(self, task: Task) -> Task:
        """Begin an operation, unless it has begun before on this or another master."""
        known = self.tasks.find(task.id)
        if known is not None and (
            known.status.ended or known.id in self._running or known.id in self._left
        ):
            return known
        return self.submit(task)

    def submit_if_recorded(self, task: Task, body: Body | None = None) -> None:
        """Begin an operation of whose record it is not known yet whether it was committed."""
        if self._active:
            self._crew.spawn(self._submit_if_recorded(task, body), f"{task.id} perhaps")

    def begin_part(self, part: Operation, does: Work) -> None:
        """Begin a part of an operation; called by the operation."""
        task = part.task
        task.owned = True
        if self.tasks.find(task.id) is None:
            self.tasks.add(task)
        self._crew.spawn(self._runner.run(part, does), task.id)
        if self._cancelling.was_asked(task):
            self._cancel_soon(part)

    def effector_task(
        self, task_id: str, entity: Entity, effector: str, *, params: Mapping[str, Any]
    ) -> Task:
        """Return the task of an effector that is called as an operation of its own."""
        task = Task(task_id, effector, entity_id=entity.id, entity_name=entity.name)
        task.submitted_ms = self.clock.wall_ms()
        task.work = work(EFFECTOR)
        describe_call(task, effector, params, "EFFECTOR", "NON-TRANSIENT")
        return task

    def _start(self, task: Task, body: Body | None, *, fresh: bool) -> Operation:
        task.owned = True
        does = Work(body or self._made(task))
        operation = Operation(self, task, fresh=fresh)
        self._running[task.id] = operation
        self._crew.spawn(self._runner.run(operation, does), task.id)
        return operation

    def _made(self, task: Task) -> Body:
        """Return the code of an operation; if it cannot be made, that interrupts the operation."""
        try:
            return self.works.body(task)
        except StepInterrupted as why:
            return _raising(why)
        except Exception as fault:
            log.exception("no code for a task", extra={"fields": {"task": task.id}})
            return _raising(unreadable(task, fault))

    def _over(self, operation: Operation) -> None:
        operation.catch_up()
        if operation.task.status.ended and operation.interruption is None:
            self._leavings.add(operation.commands or ())
        self._running.pop(operation.task.id, None)
        self.locks.free(operation.task.id)

    async def _submit_if_recorded(self, task: Task, body: Body | None) -> None:
        # Asked behind it, and answered once it is durable or was refused for good.
        try:
            recorded = await self.ledger.ask(lambda view: view.get(KIND, task.id) is not None)
        except (NotMaster, Fenced):
            return  # whoever leads next takes it up if it was
        if recorded and body is None:
            self.submit_once(task)
        elif recorded:
            self.submit(task, body)

    # Taking up.

    def take_up(self, task: Task, anew: Iterable[str] = ()) -> None:
        """Go on with an operation that was interrupted, and whose record says that it runs.

        Args:
            task: The operation.
            anew: Ids of its parts that nobody can have begun since they are to be done again.
        """
        if not self._active or task.id in self._running or task.id in self._left:
            return  # or whoever leads next takes it up
        for part in filter(None, map(self.tasks.find, anew)):
            part.anew = True
        self._start(task, None, fresh=False)

    def take_up_if_recorded(self, task: Task, anew: Iterable[str] = ()) -> None:
        """Go on with an operation of which it is not known yet whether its record says that.

        Args:
            task: The operation.
            anew: As for `take_up`; only looked at once that is known, for it may be decided then.
        """
        if self._active:
            self._crew.spawn(self._take_up_if_recorded(task, anew), f"{task.id} perhaps")

    async def _take_up_if_recorded(self, task: Task, anew: Iterable[str]) -> None:
        def runs(view: View) -> bool:
            record = view.get(KIND, task.id)
            return record is not None and not Status(record["status"]).ended

        try:
            recorded = await self.ledger.ask(runs)
        except (NotMaster, Fenced):
            return  # whoever leads next takes it up if it does
        if recorded:
            self.take_up(task, anew)

    def _take_up(self, task: Task) -> Operation:
        operation = self._start(task, None, fresh=False)
        if self._cancelling.was_asked(task):
            self._cancel_soon(operation)
        return operation

    def _all_running(self) -> Iterator[Running]:
        for operation in self._running.values():
            yield from operation.family()

    # What they have read.

    async def taken_up(self, at_most_s: float) -> bool:
        """Wait until all that other masters left has come to where it was, and so read what it had.

        Args:
            at_most_s: How long.

        Returns:
            Whether it has.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(at_most_s):
                await self._left.ended()
                return True
        return False

    def unrecorded_readings(self, about: About) -> dict[Operation, Mapping[str, Any]]:
        """Return what running work has read and is not recorded, with the keys for that.

        Args:
            about: Tells of an entity's id and a name whether it is asked for.
        """
        running = (one for one in self._all_running() if isinstance(one, Operation))
        found = {one: one.unrecorded_readings(about) for one in running if not one.is_over()}
        return {one: readings for one, readings in found.items() if readings}

    # Cancelling.

    async def cancel(self, task: Task) -> bool:
        """Cancel a task with all its parts, and wait for its end.

        That it was asked for is committed first, so that it ends on the next master too.

        Returns:
            Whether there was something to cancel; False if it had ended or runs elsewhere.

        Raises:
            Unavailable: If that could not be committed; if it was not, the task goes on.
        """
        operation, waits = self._operation_of(task), _top(task).id in self._left
        if task.status.ended or (operation is None and not waits):
            return False
        await self._cancelling.ask(task)
        operation = operation or self._operation_of(task)  # its turn may have come meanwhile
        if operation is None:
            # It ends once it is taken up, unless it has been handed over.
            return await task.wait() if _top(task).id in self._left else task.status.ended
        if operation.root.task.taken:
            await self._cancel_once_parked(operation)
        else:
            operation.cancel()
        await operation.settled()
        return task.status.ended and not operation.handed_over

    def _cancel_soon(self, operation: Operation) -> None:
        """Cancel it; one that was taken up first finds out what runs, so that it can be ended."""
        if operation.root.task.taken:
            self._crew.spawn(self._cancel_once_parked(operation), f"{operation.task.id} ends")
        else:
            operation.cancel()

    async def _cancel_once_parked(self, operation: Running) -> None:
        waited_s = 0.0
        while waited_s < _PARK_MOST_S and not operation.is_over():
            if operation.is_parked() and not any(one.finds_out for one in operation.family()):
                break
            await self.clock.sleep(_PARK_POLL_S)
            waited_s += _PARK_POLL_S
        operation.cancel()

    def _operation_of(self, task: Task) -> Running | None:
        top = _top(task)
        operation = self._running.get(top.id)
        return operation if operation is None or top is task else operation.part(task)


def _raising(why: StepInterrupted) -> Body:
    async def body(_op: Operation) -> Any:
        raise why

    return body


def _top(task: Task) -> Task:
    while task.parent is not None:
        task = task.parent
    return task
