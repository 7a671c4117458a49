"""The work of tasks that users begin: effectors, starts of what was added, removals."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING, Any

from brookline.entities.unmanage import FORGET, unmanaged
from brookline.errors import BrooklineError, NotFound
from brookline.journal.queue import Decision
from brookline.management.leftovers import ending
from brookline.operations.effectors import check_installed, effector_body
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.task import Status
from brookline.operations.works import EFFECTOR, ENDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.entities.platform import Platform
    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.operation import Operation
    from brookline.operations.running import Body
    from brookline.operations.supervisor import Supervisor
    from brookline.operations.task import Task

log = logging.getLogger("brookline.management")

START, STOP = "start", "stop"


STARTING, REMOVING = "start", "remove"
REPLAYING = "replay"
"""Kinds of work, beside those in `brookline.operations.works`: see `register`."""


def register(live: Live, supervisor: Supervisor, platform: Platform) -> None:
    """Say how the code of operations is made from their records."""
    works = supervisor.works
    works.register(EFFECTOR, lambda task: running(live, task))
    works.register(STARTING, lambda task: starting(live, task.work["roots"]))
    works.register(
        REMOVING, lambda task: removing(live, task.work["entity"], release=task.work["release"])
    )
    works.register(ENDING, lambda task: ending(platform, task.work["commands"]))
    works.register(
        REPLAYING,
        lambda task: ending(
            platform,
            task.work["commands"],
            then=works.body(dataclasses.replace(task, work=task.work["work"])),
        ),
    )


def running(live: Live, task: Task) -> Body:
    """Return the work of a task that runs an effector.

    Raises, once it runs:
        NotFound: If the entity is not there any more.
        StepInterrupted: If it has no such effector any more, or its type is not installed.
    """

    async def body(op: Operation) -> Any:
        entity = live.entity(task.entity_id)
        if entity is None and op.came_to(FORGET):
            return op.all_taken()  # the last thing that it did was to remove the entity
        if entity is None:
            raise NotFound(f"{task.entity_name} ({task.entity_id}) does not exist any more")
        check_installed([entity])
        if task.effector not in entity.EFFECTORS:
            raise StepInterrupted(
                Cause.GONE,
                f"{entity.name} has no effector '{task.effector}' any more: the type "
                f"{entity.TYPE} that this server has is another",
            )
        return await effector_body(entity, task.effector, task.params)(op)

    return body


def present(live: Live, ids: Sequence[str]) -> list[Entity]:
    """Return those entities of these ids that are there."""
    return [entity for one in ids if (entity := live.entity(one)) is not None]


def starting(live: Live, ids: Sequence[str]) -> Body:
    """Return the work that starts entities beside each other; its result is their ids."""

    async def body(op: Operation) -> list[str]:
        entities = present(live, ids)
        check_installed(entities)
        startable = [entity for entity in entities if START in entity.EFFECTORS]
        await op.join_all([op.begin_call(entity, START) for entity in startable])
        return [entity.id for entity in entities]

    return body


def removing(live: Live, entity_id: str, *, release: bool) -> Body:
    """Return the work that forgets an entity, after stopping it if it is to be released.

    One whose stop fails is removed all the same, and the result says so.

    Raises, once it runs:
        StepInterrupted: If the type of something that is to be released is not installed: what runs
            there would go on, and nobody would know of it any more.
    """

    async def body(op: Operation) -> str | None:
        entity, left = live.entity(entity_id), None
        if entity is None:
            op.all_taken()
        elif release:
            check_installed([entity, *entity.descendants()])
            left = await _stopped(op, entity)
        said: str | None = await op.record(
            lambda view: Decision(unmanaged(view, entity_id), left), name=FORGET
        )
        return said

    return body


async def _stopped(op: Operation, entity: Entity) -> str | None:
    """Stop an entity, if it can be stopped; return what is to be said if that failed.

    Raises:
        Cancelled: If somebody cancelled the stop.
    """
    if STOP not in entity.EFFECTORS:
        return None
    ending = await op.begin_call(entity, STOP).ended()
    if ending.error is None:
        return None
    if ending.status is not Status.FAILED:
        raise ending.error
    error = ending.error
    why = error.message if isinstance(error, BrooklineError) else repr(error)
    fields = {"entity": entity.id, "why": why}
    log.warning("removed without a clean stop", extra={"fields": fields})
    return f"removed, although its stop failed: {why}"
