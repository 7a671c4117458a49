"""An operation: what code that does work is handed, to do it in steps that are seen and kept."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
from collections import Counter
from typing import TYPE_CHECKING, Any

from brookline.errors import Fenced, NotMaster, Unavailable
from brookline.journal.queue import Decision
from brookline.operations.outcomes import Ending
from brookline.operations.task import Status, Task, begun, child_id
from brookline.operations.texts import describe_call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping

    from brookline.model.entity import Entity
    from brookline.operations.recorder import Decide
    from brookline.operations.supervisor import Supervisor

    Body = Callable[["Operation"], Awaitable[Any]]

_LEASE_POLL_S = 0.1
_STORE_POLL_S = 0.5

_CURRENT: contextvars.ContextVar[Operation | None] = contextvars.ContextVar(
    "operation", default=None
)


def current() -> Operation | None:
    """Return the operation in which the calling code runs, or None outside of all."""
    return _CURRENT.get()


class Operation:
    """One piece of running work.

    Each part of it is a task of its own, and none outlives it.

    Attributes:
        task: What is known of it.
        parent: The operation that it is a part of, or None.
        handed_over: Whether it ends because this node stops leading. What it began outside is
            then left running: it neither failed nor was it cancelled.
        closing: Whether its work is done and its end is being recorded.
    """

    def __init__(self, supervisor: Supervisor, task: Task, parent: Operation | None = None) -> None:
        self.task = task
        self.parent = parent
        self.handed_over = False
        self.closing = False
        self._supervisor = supervisor
        self._parts: list[Operation] = []
        self._names: Counter[str] = Counter()
        self._end: asyncio.Future[Ending] = asyncio.get_running_loop().create_future()
        self._work: asyncio.Task[Any] | None = None
        self._cancelling = False

    async def step(self, name: str, action: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Do something as a named part, and return what it returns.

        Code that is run again must take its steps in the same order under the same names.

        Args:
            name: What people read; the second step of a name counts as another.
            action: Function or coroutine function; whatever it does outside belongs in here.
            *args: Its arguments.
            **kwargs: Its arguments.

        Raises:
            Cancelled: If somebody cancelled this step.
            BaseException: What `action` raises.
        """
        return await self.join(self.begin_step(name, action, *args, **kwargs))

    async def call(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Any:
        """Invoke an effector of an entity as a part, and return what it returns.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
            Cancelled: If somebody cancelled it.
            BaseException: What the effector raises.
        """
        return await self.join(self.begin_call(entity, effector, params))

    def begin_step(
        self, name: str, action: Callable[..., Any], *args: Any, **kwargs: Any
    ) -> Operation:
        """Begin a step beside what else runs; `join` it, else it is cancelled at the end."""
        task = self._part_task(name, self.task.entity_id, self.task.entity_name)

        async def body(_part: Operation) -> Any:
            done = action(*args, **kwargs)
            return await done if inspect.isawaitable(done) else done

        return self._begin(task, body)

    def begin_call(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Operation:
        """Begin an effector of an entity beside what else runs; `join` it.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
        """
        given = dict(params or {})
        body = self._supervisor.effector_body(entity, effector, given)
        task = self._part_task(effector, entity.id, entity.name)
        describe_call(task, effector, given, "EFFECTOR", "SUB-TASK", "NON-TRANSIENT")
        return self._begin(task, body)

    async def begin_apart(
        self, entity: Entity, effector: str, params: Mapping[str, Any] | None = None
    ) -> Task:
        """Begin an effector as an operation of its own, which outlives this one; return its task.

        Raises:
            InvalidInput: If it has no such effector, or a parameter does not fit.
            NotMaster: If this node does not lead any more.
        """
        supervisor = self._supervisor
        given = dict(params or {})
        body = supervisor.effector_body(entity, effector, given)
        self._names[effector] += 1
        task_id = child_id(self.task.id, f"{effector}#{self._names[effector]}")
        task = supervisor.effector_task(task_id, entity, effector, params=given)
        await self.record(lambda _view: Decision([begun(task)]))
        return supervisor.submit(task, body)

    async def join(self, part: Operation) -> Any:
        """Wait for the end of a part and return what it returned.

        Raises:
            Cancelled: If somebody cancelled the part.
            BaseException: What the part raised.
        """
        ending = await part.ended()
        if ending.error is not None:
            raise ending.error
        return ending.result

    async def join_all(self, parts: Iterable[Operation]) -> list[Any]:
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
        return self._supervisor.locks.hold(entity.id, self, ends=tuple(ends))

    @contextlib.contextmanager
    def waiting(self, what: str, on: Task | None = None) -> Iterator[None]:
        """Show what is waited for as long as the block runs.

        Args:
            what: Text that follows "waiting", such as ``for sensor http.port of web``.
            on: The task that is waited for, if it is one.
        """
        before = self.task.waits_for, self.task.blocked_by
        self.task.waits_for, self.task.blocked_by = what, on
        try:
            yield
        finally:
            self.task.waits_for, self.task.blocked_by = before

    def write(self, stream: str, content: bytes) -> None:
        """Write to a stream of the task, such as ``stdout``; may be called in a thread."""
        size = self._supervisor.streams.append(self.task.id, stream, content)
        self.task.streams = {**self.task.streams, stream: size}

    async def record(self, decide: Decide) -> Any:
        """Commit a change of records, trying again while the store does not answer.

        The decision may be made more than once, so it must not matter if it was recorded before.

        Returns:
            The decision's answer.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        supervisor = self._supervisor
        while True:
            self._check_handed_over()
            try:
                return (await supervisor.recorder.commit(decide)).answer
            except (NotMaster, Fenced):
                raise
            except Unavailable:
                with self.waiting("for the store"):
                    await supervisor.clock.sleep(_STORE_POLL_S)

    @property
    def platform(self) -> Any:
        """What entities find there: set by whoever puts the server together."""
        return self._supervisor.platform

    async def permitted(self) -> None:
        """Wait until the lease allows to begin something new outside."""
        recorder, clock = self._supervisor.recorder, self._supervisor.clock
        if recorder.may_act():
            return
        with self.waiting("for this node's lease"):
            while not recorder.may_act():
                await clock.sleep(_LEASE_POLL_S)

    async def ended(self) -> Ending:
        """Wait for the end of this operation. If the waiting is cancelled, so is the operation."""
        try:
            return await asyncio.shield(self._end)
        except asyncio.CancelledError:
            self.cancel()
            await self.settled()
            raise

    async def settled(self) -> None:
        """Wait for the end, also while the waiting itself is being cancelled: it is near."""
        while not self._end.done():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait({self._end})

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

    def hand_over(self) -> None:
        """Ask it to end because this node stops leading.

        Clean-up that a cancellation set off is cut short: it may wait for a store that is away.
        """
        self.handed_over = True
        for part in self._parts:
            part.hand_over()
        self._cancelling = True
        if self._work is not None:
            self._work.cancel()

    def belongs_to(self, other: Operation) -> bool:
        """Tell whether it is another operation or a part of it, at any depth."""
        above: Operation | None = self
        while above is not None and above is not other:
            above = above.parent
        return above is other

    def part(self, task: Task) -> Operation | None:
        """Return the running part, at any depth, that a task tells of; or None."""
        for part in self._parts:
            found = part if part.task is task else part.part(task)
            if found is not None:
                return found
        return None

    def begin(self, body: Body) -> Coroutine[Any, Any, None]:
        """Return the work, to be spawned once by the supervisor."""
        return self._run(body)

    def enter(self) -> None:
        """Make it the current operation of the asyncio task that runs it.

        Raises:
            CancelledError: If it was cancelled before it could begin.
        """
        _CURRENT.set(self)
        self._work = asyncio.current_task()
        if self._cancelling:
            raise asyncio.CancelledError

    async def end_parts(self) -> None:
        """Cancel what it began and did not join, and wait for the ends."""
        for part in self._parts:
            part.cancel()
        for part in self._parts:
            await part.settled()
        self._parts.clear()

    async def _run(self, body: Body) -> None:
        ending = Ending(Status.FAILED, error=RuntimeError("its supervisor failed"))
        try:
            ending = await self._supervisor.drive(self, body)
        finally:
            self._end.set_result(ending)

    def _begin(self, task: Task, body: Body) -> Operation:
        self._check_handed_over()
        self._parts = [part for part in self._parts if not part.task.status.ended]
        part = self._supervisor.begin_part(self, task, body)
        self._parts.append(part)
        return part

    def _check_handed_over(self) -> None:
        """Let clean-up code of a work that is handed over do nothing: the next master will."""
        if self.handed_over:
            raise asyncio.CancelledError

    def _part_task(self, name: str, entity_id: str, entity_name: str) -> Task:
        self._names[name] += 1
        key = f"{name}#{self._names[name]}"
        return Task(
            id=child_id(self.task.id, key),
            name=name,
            entity_id=entity_id,
            entity_name=entity_name,
            parent_id=self.task.id,
            tags=("SUB-TASK",),
            submitted_ms=self._supervisor.clock.wall_ms(),
        )
