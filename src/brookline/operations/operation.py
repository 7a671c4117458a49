"""An operation: what code that does work is handed, to do it in steps that are seen and kept.

The code of an operation that a master left unfinished is run again from its beginning by the next
one. What had ended before returns at once what it returned then, so the code comes to where it was.
Hence what it does between its steps must follow from its arguments and from what steps returned.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import functools
import inspect
from typing import TYPE_CHECKING, Any

from brookline.journal.queue import Decision
from brookline.operations.effectors import effector_body
from brookline.operations.leavings import Command
from brookline.operations.outcomes import outcome_of
from brookline.operations.recording import Recording
from brookline.operations.remains import Remains, remains_of
from brookline.operations.retry import retrying
from brookline.operations.running import Running, Work
from brookline.operations.safety import Safety, returns_of, safety_of
from brookline.operations.task import Task, begun, child_id, command_id
from brookline.operations.texts import describe_call, storable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from brookline.model.entity import Entity
    from brookline.operations.leavings import Keeper
    from brookline.operations.retry import Retry
    from brookline.operations.supervisor import Supervisor
    from brookline.values.clock import Clock

_CURRENT: contextvars.ContextVar[Operation | None] = contextvars.ContextVar(
    "operation", default=None
)


def current() -> Operation | None:
    """Return the operation in which the calling code runs, or None outside of all."""
    return _CURRENT.get()


class Operation(Recording):
    """One piece of running work. Each part of it is a task of its own."""

    __slots__ = ("_commands",)

    def __init__(
        self,
        supervisor: Supervisor,
        task: Task,
        parent: Running | None = None,
        *,
        fresh: bool = True,
        acts: bool = False,
    ) -> None:
        super().__init__(supervisor, task, parent, fresh=fresh, acts=acts)
        self._commands = 0

    async def step(
        self,
        name: str,
        action: Callable[..., Any],
        *args: Any,
        timeout_s: float | None = None,
        retry: Retry | None = None,
        **kwargs: Any,
    ) -> Any:
        """Do something as a named part, and return what it returns, as it is stored.

        Code that is run again must take its steps in the same order under the same names.

        Args:
            name: What people read; the second step of a name counts as another.
            action: Function or coroutine function; whatever it does outside belongs in here.
                Marks on it say whether it may be run again, see `safety`.
            *args: Its arguments.
            timeout_s: Seconds from its beginning after which it is given up, also on another
                master; None for never.
            retry: How often it is tried; each attempt is a part of its own.
            **kwargs: Its arguments.

        Raises:
            Cancelled: If somebody cancelled this step.
            TimedOut: If its time is over.
            InvalidInput: If what it returns cannot be stored.
            BaseException: What `action` raises, or `StepFailed` if that cannot be stored.
        """
        if retry is None:
            part = self.begin_step(name, action, *args, timeout_s=timeout_s, **kwargs)
        else:
            body = retrying(retry, functools.partial(action, *args, **kwargs))
            attaches = safety_of(action) is Safety.GUARDED
            work = Work(body, timeout_s=timeout_s, attaches=attaches)
            part = self._begin(self._step_task(name), work)
        ending = await part.ended()
        if ending.error is not None:
            raise ending.error
        return ending.result

    async def call(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Any:
        """Invoke an effector of an entity as a part, and return what it returns.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
            StepInterrupted: If its type is not installed.
            Cancelled: If somebody cancelled it.
            BaseException: What the effector raises.
        """
        return await self.join(self.begin_call(entity, effector, params))

    def begin_step(
        self,
        name: str,
        action: Callable[..., Any],
        *args: Any,
        timeout_s: float | None = None,
        **kwargs: Any,
    ) -> Operation:
        """Begin a step beside what else runs; `join` it, else it is cancelled at the end."""

        async def body(part: Operation) -> Any:
            part.root.catch_up()
            with part.parked() if safety is Safety.GUARDED else contextlib.nullcontext():
                done = action(*args, **kwargs)
                return await done if inspect.isawaitable(done) else done

        safety = safety_of(action)
        attaches = safety is Safety.GUARDED
        does = Work(body, safety, returns_of(action), timeout_s, attaches=attaches)
        return self._begin(self._step_task(name), does)

    def begin_call(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Operation:
        """Begin an effector of an entity beside what else runs; `join` it.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
            StepInterrupted: If its type is not installed.
        """
        given = dict(params or {})
        body = effector_body(entity, effector, given)
        task = self._call_task(effector, entity)
        describe_call(task, effector, storable(given), "EFFECTOR", "SUB-TASK", "NON-TRANSIENT")
        return self._begin(task, Work(body))

    async def begin_apart(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Task:
        """Begin an effector as an operation of its own, which outlives this one; return its task.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
            StepInterrupted: If its type is not installed.
            NotMaster: If this node does not lead any more.
        """
        supervisor, given = self._supervisor, dict(params or {})
        effector_body(entity, effector, given)
        name = f"{effector} of {entity.id}"
        task = supervisor.effector_task(self.new_id(name), entity, effector, params=given)
        try:
            await self.record(lambda _view: Decision([begun(task)]), name=name)
        except asyncio.CancelledError:
            supervisor.submit_if_recorded(task)  # it is no part of what is cancelled
            raise
        return supervisor.submit_once(task)

    async def join(self, part: Running) -> Any:
        """Wait for the end of a part and return what it returned.

        Raises:
            Cancelled: If somebody cancelled the part.
            BaseException: What the part raised.
        """
        ending = await part.ended()
        if ending.error is not None:
            raise ending.error
        return ending.result

    async def join_all(self, parts: Iterable[Running]) -> list[Any]:
        """Wait for the ends of all parts, whatever they are; return what they returned.

        Raises:
            BaseException: What the first one that did not complete raised.
        """
        endings = [await part.ended() for part in parts]
        for ending in endings:
            if ending.error is not None:
                raise ending.error
        return [ending.result for ending in endings]

    def exclusive(
        self, entity: Entity, *, ends: Iterable[str] = ()
    ) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold the lock of an entity's life, so that no other operation changes it meanwhile.

        Args:
            entity: The entity.
            ends: Effectors that are cancelled if one of them holds the lock.
        """
        turn = self._track.number(f"lock {entity.id}")
        return self._supervisor.locks.hold(entity.id, self, turn=turn, ends=tuple(ends))

    def exclusive_use(self, what: str) -> contextlib.AbstractAsyncContextManager[None]:
        """Hold the lock of something that several entities share, such as an installation."""
        return self._supervisor.locks.hold(what, self, turn=self._track.number(f"lock {what}"))

    def write(self, stream: str, content: bytes) -> None:
        """Write to a stream of the task, such as ``stdout``; may be called in a thread."""
        size = self._supervisor.streams.append(self.task.id, stream, content)
        self.task.streams = {**self.task.streams, stream: size}

    def written(self, stream: str) -> int:
        """Return how many bytes of a stream of the task this node has got, in all; show them."""
        size = self._supervisor.streams.size(self.task.id, stream)
        self.task.streams = {**self.task.streams, stream: size} if size else self.task.streams
        return size

    @property
    def clock(self) -> Clock:
        """Time, for what is not to be counted on by the next master."""
        return self._supervisor.clock

    @property
    def platform(self) -> Any:
        """What entities find there: set by whoever puts the server together."""
        return self._supervisor.platform

    @property
    def epoch(self) -> int:
        """The epoch under which this node acts, for those who refuse a lower one."""
        return self._supervisor.epoch

    def guard_id(self) -> str:
        """Return the id of the next command of this step, the same on whichever master."""
        self._commands += 1
        return command_id(self.task.id, self._commands, self.task.again)

    def run_again(self) -> None:
        """Let its action be run again here: its commands have the same ids as before."""
        self.fresh = self.fresh and self._commands == 0
        self._commands = 0

    def leaves(self, machine: Keeper, step_id: str, machine_id: str) -> None:
        """Note that a machine keeps what a command wrote, until the operation has long ended.

        Args:
            machine: The machine.
            step_id: Of the command, the last one that `guard_id` returned.
            machine_id: Of the record of the machine; empty if there is none.
        """
        number, known = max(self._commands, 1), self.task.commands
        self.task.commands = [*known[: number - 1], machine_id, *known[number:]]
        if self.root.commands is None:
            self.root.commands = []
        self.root.commands.append(Command(machine, step_id))

    def leaves_running(self, machine_id: str, text: str) -> None:
        """Note that its command was given up, and may still run on a machine out of reach.

        Args:
            machine_id: Of the record of the machine; another operation ends the command there.
            text: The machine, and why that is not known, for people.
        """
        self.root.remains = [*(self.root.remains or ()), Remains(self, self.task, machine_id, text)]

    def note_remains(self) -> None:
        """Note the commands of an earlier master to which its code did not come here."""
        found = remains_of(self, self._commands)
        if found:
            self.root.remains = [*(self.root.remains or ()), *found]

    def enter(self) -> None:
        """Make it the current operation of the asyncio task that runs it."""
        _CURRENT.set(self)
        super().enter()

    def _begin(self, task: Task, work: Work) -> Operation:
        fresh, acts = self.fresh or task.anew, work.safety is not None
        part = Operation(self._supervisor, task, self, fresh=fresh, acts=acts)
        task.anew = False
        ending = outcome_of(task, work.returns)
        if work.safety is not None:
            part.count(ending, guarded=work.safety is Safety.GUARDED)
        if ending is not None:
            part.replayed = True
            part.end(ending)
            return part
        self.adopt(part)
        self._supervisor.begin_part(part, work)
        return part

    def _step_task(self, name: str) -> Task:
        """Return the task of the next step: the one that was recorded, or a new one.

        Raises:
            StepInterrupted: If another step was recorded at this place.
        """
        place = self._track.next_place()
        task = self._part_task(name, name)
        self._track.check(task, place)
        task.place = place
        return task

    def _call_task(self, effector: str, entity: Entity) -> Task:
        """Return the task of a call, which is found by whom it calls and not by its place.

        Children are often called in the order in which they are there, and some come or go.
        """
        task = self._part_task(effector, f"{effector} of {entity.id}")
        task.entity_id, task.entity_name = entity.id, entity.name
        return task

    def _part_task(self, name: str, key: str) -> Task:
        self._check_handed_over()
        key = self._track.next_key(key)
        task_id = child_id(self.task.id, key)
        return self._supervisor.tasks.find(task_id) or Task(
            id=task_id,
            name=name,
            entity_id=self.task.entity_id,
            entity_name=self.task.entity_name,
            parent_id=self.task.id,
            tags=("SUB-TASK",),
            submitted_ms=self._supervisor.clock.wall_ms(),
            key=key,
        )
