"""The ledger: what is recorded of operations, their parts and their ends.

What a caller or a later run relies on is committed: beginnings of what must not be done twice, ends,
and what was recorded on the way. That a part runs, and how far its streams are, is only told once a
second, for those who look on.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from brookline.errors import Fenced, NotMaster, Unavailable
from brookline.journal.queue import Decision
from brookline.operations.holdings import Holdings
from brookline.operations.locks import taken, turn_key
from brookline.operations.remains import endings_of
from brookline.operations.retention import with_parts
from brookline.operations.storing import stored
from brookline.operations.task import DONE, KIND, Status, Task, begun
from brookline.wire.changes import Merge, Put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from brookline.journal.records import View
    from brookline.operations.interruption import StepInterrupted
    from brookline.operations.operation import Operation
    from brookline.operations.recorder import Decide, Recorder
    from brookline.operations.running import Running
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change, Value

    Consequences = Callable[[View, Iterable[tuple[str, str]], str, int], Iterable[Change]]

log = logging.getLogger("brookline.operations")

_STORE_POLL_S = 0.5
_LOOKS_A_SECOND = 10
_LOOK_S = 1 / _LOOKS_A_SECOND


class Ledger:
    """Records operations.

    Args:
        recorder: The plane.
        clock: Time.

    Attributes:
        consequences: What else changes, given the entities whose work is interrupted, each with the
            effector, why and when.
        holdings: Who has which locks.
    """

    def __init__(self, recorder: Recorder, clock: Clock) -> None:
        self.consequences: Consequences = lambda *_: ()
        self.holdings = Holdings()
        self._recorder = recorder
        self._clock = clock
        self._told: dict[str, Value] = {}

    async def record(self, running: Running, key: str, decide: Decide) -> Any:
        """Commit a decision together with the fact that it was made; return its answer.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """

        def once(view: View) -> Decision:
            before = view.get(KIND, running.task.id)
            if before is not None and DONE + key in before:
                # Asked again, for it was not known whether the commit before was made.
                return Decision([], before[DONE + key])
            decision = decide(view)
            answer = stored(key, decision.answer)
            mark = _marked(running.task, before, {DONE + key: answer})
            return Decision([*decision.changes, *_above(view, running), mark], answer)

        return await self._commit(running, once)

    async def keep(self, running: Running, key: str, value: Value | None) -> None:
        """Commit what is kept of something that has not ended; None once it has.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
            CancelledError: If the work is handed over meanwhile.
        """
        task = running.task

        def decide(view: View) -> Decision:
            if value is not None:
                return Decision(self.marking(view, running, {key: value}))
            known = view.get(KIND, task.id) is not None
            return Decision([Merge(KIND, task.id, {}, (DONE + key,))] if known else [])

        await self._commit(running, decide)

    def marking(self, view: View, running: Running, marks: Mapping[str, Any]) -> list[Change]:
        """Return the changes that record something of running work under some keys."""
        before = view.get(KIND, running.task.id)
        if before is not None and Status(before["status"]).ended:
            return []
        fields = {DONE + key: value for key, value in marks.items()}
        return [*_above(view, running), _marked(running.task, before, fields)]

    async def begin_once(self, running: Running) -> None:
        """Commit that something begins that must not be done twice."""
        task = running.task

        def decide(view: View) -> Decision:
            begins = Put(KIND, task.id, {**task.to_value(), "once": True})
            return Decision([*_above(view, running), begins])

        await self._commit(running, decide)
        task.once = True

    async def end(self, running: Running, ends: Value) -> list[Task]:
        """Commit how something ended, unless the record of its operation is gone.

        Returns:
            The operations that begin by that, to end what it left running.
        """
        task_id, root_id = running.task.id, running.root.task.id
        running.task.taken = taken_of(running)
        value = {**running.task.to_value(), **ends}
        endings = endings_of(running, self._clock.wall_ms())

        def decide(view: View) -> Decision:
            begins: list[Change] = [begun(one) for one in endings if view.get(KIND, one.id) is None]
            if task_id == root_id:
                begins += self.holdings.dropped(view, [root_id])
            if view.get(KIND, root_id) is None:
                return Decision(begins)
            # What was begun on another master and not taken any more has ended with it.
            left = [Merge(KIND, part.id, ends) for part in _unfinished(view, running.task)]
            return Decision([*_above(view, running), Put(KIND, task_id, value), *left, *begins])

        await self._commit(running, decide)
        if task_id == root_id:
            self.holdings.forget([root_id])
        return endings

    async def interrupt(self, operation: Running, why: StepInterrupted, epoch: int) -> Value:
        """Commit that an operation does not go on by itself; return what its record says of it.

        Only its own records are looked at: there may be a hundred thousand others.

        Raises:
            Unavailable: If this node does not lead any more.
        """
        task, now = operation.task, self._clock.wall_ms()
        ends = interrupted_value(why, now, epoch)

        def decide(view: View) -> Decision:
            held = self.holdings.of(view, task.id)
            about = [*((one, "") for one in held), *_unfinished_effectors(view, task)]
            parts: list[Change] = [
                Put(KIND, one, {**value, **_cut_off(now)})
                for one, value in reversed(why.trail.items())
                if view.get(KIND, one) is None
            ]
            # Also one whose beginning was committed just as it was given up.
            given_up = operation.given_up or ()
            known = dict.fromkeys([*(one.id for one in with_parts(task)), *given_up])
            left = [one for one in known if one != task.id and _is_unended(view, one)]
            parts += [Merge(KIND, one, _cut_off(now)) for one in left]
            changes = self.consequences(view, about, why.reason, now)
            return Decision([Merge(KIND, task.id, ends), *parts, *changes])

        await self.decide(decide)
        return ends

    async def hold(self, operation: Operation, what: str, turn: int) -> None:
        """Commit that a part of an operation has a lock, and that it came to that."""
        task, key = operation.task, turn_key(what, turn)

        def decide(view: View) -> Decision:
            mark = _marked(task, view.get(KIND, task.id), {DONE + key: True})
            return Decision([*_above(view, operation), mark, taken(operation, what, turn)])

        self.holdings.note(operation.root.task.id, what)
        await self._commit(operation, decide)
        task.done = {**task.done, key: True}

    async def forget_locks(self, operation_ids: Iterable[str]) -> None:
        """Commit that nobody has the locks any more that operations had which are forgotten.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        had = self.holdings.among(operation_ids)

        def decide(view: View) -> Decision:
            past = [one for one in had if not _is_unended(view, one)]  # or it was resumed meanwhile
            return Decision(list(self.holdings.dropped(view, past)), past)

        if had:
            self.holdings.forget(await self.decide(decide))

    async def ask_to_cancel(self, task: Task) -> None:
        """Commit that somebody asked for the end of a task, so that it ends on any master.

        Raises:
            Unavailable: If that could not be committed.
        """

        def decide(view: View) -> Decision:
            before = view.get(KIND, task.id)
            if before is not None and Status(before["status"]).ended:
                return Decision([])
            task.cancelling = True  # whatever is recorded of it from now on says so, too
            return Decision([*_above(view, task), _marked(task, before, {"cancelling": True})])

        await self._recorder.commit(decide)

    async def tell(self, running: Callable[[], Iterable[Running]]) -> None:
        """Tell, once a second and until cancelled, what runs; at once, what has come to rest.

        For a master that dies in the next moment has not died of that.
        """
        looks = 0
        while True:
            await self._clock.sleep(_LOOK_S)
            looks += 1
            due = looks % _LOOKS_A_SECOND == 0
            if not any(due or _came_to_rest(one) or _is_new(one) for one in running()):
                continue
            try:
                await self._recorder.commit(
                    lambda view: Decision(list(self._news(view, running())))
                )
            except Unavailable:
                self._told = {}
                log.debug("what runs is told later")

    def _news(self, view: View, running: Iterable[Running]) -> Iterator[Change]:
        """Yield what changes in records by what is seen of running work at this moment."""
        seen: dict[str, Value] = {}
        for one in running:
            task = one.task
            record = view.get(KIND, task.id)
            if record is None:
                if task.parent_id and not one.is_over() and not one.closing:
                    yield Put(KIND, task.id, task.to_value())
                continue
            if Status(record["status"]).ended:
                continue
            news: Value = {"streams": dict(task.streams)} if task.streams else {}
            news |= {"commands": list(task.commands)} if task.commands else {}
            if one.root is one and (task.settled or _came_to_rest(one)):
                task.settled = news["settled"] = True
            if one.root is one and one.tally:
                news["taken"] = taken_of(one)
            seen[task.id] = news
            if news and self._told.get(task.id) != news:
                yield Merge(KIND, task.id, news)
        self._told = seen

    async def ask(self, question: Callable[[View], Any]) -> Any:
        """Return an answer on the records as they are once all that waits now is committed.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        return await self.decide(lambda view: Decision([], question(view)))

    async def decide(self, decide: Decide) -> Any:
        """Commit a decision, trying again while the store does not answer; return its answer.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
        """
        while True:
            try:
                return (await self._recorder.commit(decide)).answer
            except (NotMaster, Fenced):
                raise
            except Unavailable:
                await self._clock.sleep(_STORE_POLL_S)

    async def _commit(self, running: Running, decide: Decide) -> Any:
        """Commit, trying again while the store does not answer.

        Raises:
            NotMaster: If this node does not lead any more.
            Fenced: Likewise.
            CancelledError: If the work is handed over meanwhile.
        """
        while True:
            if running.handed_over:
                raise asyncio.CancelledError
            try:
                return (await self._recorder.commit(decide)).answer
            except (NotMaster, Fenced):
                raise
            except Unavailable:
                before, running.task.waits_for = running.task.waits_for, "for the store"
                try:
                    await self._clock.sleep(_STORE_POLL_S)
                finally:
                    running.task.waits_for = before


def _came_to_rest(running: Running) -> bool:
    """Tell of an operation whether it rests now for the first time since it was begun here."""
    return running.root is running and not running.task.settled and running.is_parked()


def _is_new(running: Running) -> bool:
    """Tell of a step whether a command of it was begun of which there is no record."""
    return bool(running.task.commands) and not running.task.recorded


def interrupted_value(why: StepInterrupted, now_ms: int, epoch: int) -> Value:
    """Return what changes in the record of an operation that is interrupted."""
    return {
        "status": Status.INTERRUPTED.value,
        "ended": now_ms,
        "error": f"interrupted: {why.reason}.\n\n{ADVICE}",
        "interruption": why.to_value(since_ms=now_ms, epoch=epoch),
    }


def taken_of(running: Running) -> Value:
    """Return how an operation was taken up, with what became of its steps until now."""
    return {**running.task.taken, **running.tally}


ADVICE = (
    "It can be resumed, replayed from its beginning or abandoned: see 'brookline interrupted', "
    "or GET /v1/interrupted"
)


def _cut_off(now_ms: int) -> Value:
    return {"status": Status.INTERRUPTED.value, "ended": now_ms, "error": "interrupted"}


def _marked(task: Task, before: Value | None, marks: Value) -> Change:
    """Return the change that adds marks to the record of a task, which may not be there yet."""
    if before is None:
        return Put(KIND, task.id, {**task.to_value(), **marks})
    return Merge(KIND, task.id, marks)


def _above(view: View, part: Running | Task) -> list[Change]:
    """Return what records that of which it is a part, as far as it was not told yet.

    So that whoever reads the records finds the whole tree.
    """
    missing: list[Change] = []
    above = (part if isinstance(part, Task) else part.task).parent
    while above is not None and above.parent is not None and not view.get(KIND, above.id):
        missing.insert(0, Put(KIND, above.id, above.to_value()))
        above = above.parent
    return missing


def _is_unended(view: View, task_id: str) -> bool:
    record = view.get(KIND, task_id)
    return record is not None and not Status(record["status"]).ended


def _unfinished(view: View, task: Task) -> Iterator[Task]:
    for part in with_parts(task):
        if part is not task and _is_unended(view, part.id):
            yield part


def _unfinished_effectors(view: View, task: Task) -> Iterator[tuple[str, str]]:
    """Yield the entities that effectors of an operation were about to change, with those."""
    for part in (task, *_unfinished(view, task)):
        if part.entity_id and part.effector:
            yield part.entity_id, part.effector
