"""The work of tasks that users begin: effectors, starts of what was added, removals."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from brookline.entities.unmanage import unmanaged
from brookline.errors import BrooklineError, NotFound
from brookline.journal.queue import Decision
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.operation import Body, Operation
    from brookline.operations.supervisor import Supervisor
    from brookline.operations.task import Task

log = logging.getLogger("brookline.management")

START, STOP = "start", "stop"


def running(live: Live, task: Task, supervisor: Supervisor) -> Body:
    """Return the work of a task that runs an effector."""

    async def body(op: Operation) -> Any:
        entity = live.entity(task.entity_id)
        if entity is None:
            raise NotFound(f"{task.entity_name} ({task.entity_id}) does not exist any more")
        return await supervisor.effector_body(entity, task.effector, task.params)(op)

    return body


def present(live: Live, ids: Sequence[str]) -> list[Entity]:
    """Return those entities of these ids that are there."""
    return [entity for one in ids if (entity := live.entity(one)) is not None]


def starting(live: Live, ids: Sequence[str]) -> Body:
    """Return the work that starts entities beside each other; its result is their ids."""

    async def body(op: Operation) -> list[str]:
        entities = present(live, ids)
        startable = [entity for entity in entities if START in entity.EFFECTORS]
        await op.join_all([op.begin_call(entity, START) for entity in startable])
        return [entity.id for entity in entities]

    return body


def removing(entity: Entity, *, release: bool) -> Body:
    """Return the work that forgets an entity, after stopping it if it is to be released.

    One whose stop fails is removed all the same, and the result says so.
    """

    async def body(op: Operation) -> str | None:
        left = await _stopped(op, entity) if release and STOP in entity.EFFECTORS else None
        await op.record(lambda view: Decision(unmanaged(view, entity.id)))
        return left

    return body


async def _stopped(op: Operation, entity: Entity) -> str | None:
    """Stop an entity; return what is to be said if that failed.

    Raises:
        Cancelled: If somebody cancelled the stop.
    """
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
