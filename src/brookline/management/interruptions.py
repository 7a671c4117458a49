"""Interruptions: operations that do not go on by themselves, and what users decide about them."""

from __future__ import annotations

import functools
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import Conflict, InvalidInput, NotFound
from brookline.journal.queue import Decision
from brookline.management import troubles, work
from brookline.management.beginning import recorded
from brookline.management.leftovers import leftovers
from brookline.operations import resolving
from brookline.operations.prospects import prospects
from brookline.operations.remains import end_of, ending_work
from brookline.operations.retention import with_parts
from brookline.operations.task import Status, Task, begun
from brookline.operations.works import work as does
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from brookline.entities.platform import Platform
    from brookline.journal.records import View
    from brookline.management.context import Asking
    from brookline.operations.prospects import Prospect
    from brookline.operations.recorder import Decide
    from brookline.operations.remains import Leftover
    from brookline.operations.resolving import Interrupted
    from brookline.operations.supervisor import Supervisor
    from brookline.wire.changes import Change, Value

    Commit = Callable[[Decide, Asking], Awaitable[None]]

log = logging.getLogger("brookline.management")

_LONGEST_REASON = 2000


class Resolved(NamedTuple):
    """What is decided by a resolution.

    Attributes:
        task: The interrupted task as it is from then on.
        begun: A task that begins by it: the replay, or the end of what still runs; or None.
    """

    task: Task
    begun: Task | None = None


class Interruptions:
    """Resumes, replays and abandons.

    Args:
        supervisor: Who runs tasks.
        platform: What entities stand on.
        commit: Commits what a request changes, and that it was made.
        new_id: Makes ids.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        platform: Platform,
        *,
        commit: Commit,
        new_id: Callable[[], str],
    ) -> None:
        self._supervisor = supervisor
        self._platform = platform
        self._commit = commit
        self._new_id = new_id

    def unresolved(self) -> list[Task]:
        """Return the operations that wait for a decision, the latest first."""
        tasks = [task for task in self._supervisor.tasks.top_level() if task.undecided]
        return sorted(tasks, key=lambda task: task.ended_ms or 0, reverse=True)

    def get(self, task_id: str, view: View) -> Task:
        """Return an operation that was interrupted, resolved or not.

        Raises:
            NotFound: If there is no such task, or it is not interrupted.
            Conflict: If it is a part of another, runs again, or has ended.
        """
        task = self._supervisor.tasks.find(task_id)
        if task is None:
            raise NotFound(f"there is no task '{task_id}', or it is not kept any more")
        if task.status is not Status.INTERRUPTED or task.parent_id:
            resolving.find(view, [task.id])
        return task

    def prospects(self, task: Task, view: View) -> dict[str, Prospect]:
        """Return what each choice would do; nothing is possible with what is resolved."""
        try:
            found = resolving.find(view, _ids(task))
        except (Conflict, NotFound):
            return {}
        may_run = [one.task for one in leftovers(found, self._platform)]
        told = prospects(found, may_run=may_run)
        burning = troubles.left_on_fire(view, found)
        if burning:
            text = (
                f"leaves on fire, until they are started, stopped or deleted: {', '.join(burning)}"
            )
            told["abandon"] = replace(told["abandon"], texts=(*told["abandon"].texts, text))
        later = self._done_since(task)
        if not later:
            return told
        remark = f"mind that since then: {later}"
        return {name: replace(one, texts=(*one.texts, remark)) for name, one in told.items()}

    async def resume(self, task: Task, ctx: Asking) -> Task:
        """Have an operation go on where it stopped; return it.

        Raises:
            Conflict: If it has ended or was resolved; says how, and by whom.
            NotFound: If it is forgotten meanwhile.
        """
        anew: list[str] = []

        def decide(view: View) -> Decision:
            found = resolving.find(view, _ids(task))
            now = self._now_ms()
            changes = resolving.resume(found, ctx.user, now)
            anew[:] = found.lost
            told = troubles.resumed(view, found, self._others(found), now)
            return Decision([*changes, *told], Resolved(_after(task, found, changes)))

        _log("resume", task, ctx)
        perhaps = functools.partial(self._supervisor.take_up_if_recorded, task, anew)
        await recorded(self._commit(decide, ctx), perhaps)
        self._supervisor.take_up(task, anew)
        return task

    async def replay(self, task: Task, ctx: Asking) -> Task:
        """Do the whole of an operation again; return the new one.

        Raises:
            Conflict: If it has ended or was resolved; says how, and by whom.
            NotFound: If it is forgotten meanwhile.
        """
        again = _like(task, self._new_id(), self._now_ms())

        def decide(view: View) -> Decision:
            found = resolving.find(view, _ids(task))
            changes = resolving.replay(found, again.id, ctx.user, self._now_ms())
            again.work = _work_again(task, leftovers(found, self._platform))
            told = troubles.replayed(view, found, self._others(found))
            answer = Resolved(_after(task, found, changes), again)
            return Decision([*changes, *told, begun(again)], answer)

        _log("replay", task, ctx)
        return await self._begin(decide, again, ctx)

    async def abandon(self, task: Task, reason: str, ctx: Asking) -> Task | None:
        """Give an operation up; return the task that ends what still runs of it, if there is any.

        Raises:
            InvalidInput: If there is no reason.
            Conflict: If it has ended or was resolved; says how, and by whom.
            NotFound: If it is forgotten meanwhile.
        """
        reason = _checked(reason)
        description = f"Ending what still runs of {task.id}, which was abandoned"
        end = end_of(task, self._new_id(), self._now_ms(), description=description)
        ends = False

        def decide(view: View) -> Decision:
            nonlocal ends
            found = resolving.find(view, _ids(task))
            left = leftovers(found, self._platform)
            ends = bool(left)
            end.work = ending_work(left)
            changes = resolving.abandon(found, reason, ctx.user, self._now_ms())
            said = f"by {ctx.user or 'somebody'}: {reason}"
            told = troubles.abandoned(view, found, self._others(found), said)
            answer = Resolved(_after(task, found, changes), end if ends else None)
            return Decision([*changes, *told, *([begun(end)] if ends else [])], answer)

        _log("abandon", task, ctx)
        begins = await self._begin(decide, end, ctx, if_begun=lambda: ends)
        return begins if ends else None

    async def _begin(
        self, decide: Decide, task: Task, ctx: Asking, *, if_begun: Callable[[], bool] | None = None
    ) -> Task:
        """Commit what begins a task, and run it."""
        perhaps = functools.partial(self._supervisor.submit_if_recorded, task)
        await recorded(self._commit(decide, ctx), perhaps)
        return self._supervisor.submit(task) if if_begun is None or if_begun() else task

    def _others(self, found: Interrupted) -> dict[str, str]:
        """Return what is to be said of its entities on which other work is interrupted."""
        about = dict.fromkeys(one.get("entity", "") for one in (found.value, *found.parts.values()))
        of_them = (task for one in about if one for task in self._supervisor.tasks.of_entity(one))
        others = [
            task
            for task in of_them
            if task.undecided and not task.parent_id and task.id != found.id
        ]
        others.sort(key=lambda task: task.ended_ms or 0, reverse=True)
        return {
            task.entity_id: f"{task.name} of it was {task.error.partition(chr(10))[0]}"
            for task in others
        }

    def _done_since(self, task: Task) -> str:
        """Return the names of what was begun on its entity after it had been interrupted."""
        since = task.interruption.get("since") or task.ended_ms or 0
        later = [
            one.name
            for one in self._supervisor.tasks.of_entity(task.entity_id)
            if not one.parent_id and one.submitted_ms >= since and one is not task
        ]
        return ", ".join(dict.fromkeys(later))

    def _now_ms(self) -> int:
        return self._supervisor.clock.wall_ms()


def _ids(task: Task) -> list[str]:
    return [one.id for one in with_parts(task)]


def _checked(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput("say why it is abandoned: a reason is needed")
    if len(reason) > _LONGEST_REASON:
        raise InvalidInput(f"the reason is longer than {_LONGEST_REASON} characters")
    return reason


def _like(task: Task, task_id: str, now_ms: int) -> Task:
    """Return a new task of the same call."""
    return Task(
        id=task_id,
        name=task.name,
        description=task.description,
        entity_id=task.entity_id,
        entity_name=task.entity_name,
        effector=task.effector,
        params=dict(task.params),
        submitted_ms=now_ms,
        tags=task.tags,
    )


def _work_again(task: Task, left: Sequence[Leftover]) -> Value:
    """Return the same work, after the end of what still runs of it."""
    same = dict(task.work)
    if same.get("do") == work.REPLAYING:
        same = same["work"]
    if not left:
        return same
    return does(work.REPLAYING, work=same, commands=[one.to_value() for one in left])


def _after(task: Task, found: Interrupted, changes: Sequence[Change]) -> Task:
    """Return a task as it will be after a change of its record."""
    value = dict(found.value)
    for change in changes:
        if isinstance(change, Merge) and change.id == found.id:
            value.update(change.set)
            for name in change.unset:
                value.pop(name, None)
    after = Task(id=task.id, name=task.name, children=list(task.children))
    after.take(value)
    return after


def _log(what: str, task: Task, ctx: Asking) -> None:
    log.info(what, extra={"fields": {"task": task.id, "name": task.name, "user": ctx.user}})
