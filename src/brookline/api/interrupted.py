"""REST resource: interrupted operations, and what can be done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET

from brookline.api import finding, links, task_view
from brookline.api.activities import shown
from brookline.api.answers import Answer, json
from brookline.api.calls import FORM, MULTIPART
from brookline.api.routes import Param, Place, change, read
from brookline.errors import Conflict, InvalidInput, NotFound
from brookline.wire.rest import TaskSummary
from brookline.wire.rest_interrupted import Choice, Failover, InterruptedSummary, Resolution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.calls import Call
    from brookline.management.interruptions import Interruptions, Resolved
    from brookline.operations.task import Task

_BY_PROMOTION = ("once", "suspect", "cut-off")
"""Causes that only a new master finds."""


async def list_interrupted(call: Call) -> Answer:
    """Return the operations that do not go on by themselves, the latest first."""
    return json([_summary(call, task) for task in _interruptions(call).unresolved()])


async def get_interrupted(call: Call) -> Answer:
    """Return one of them, with what resuming, replaying and abandoning would do."""
    try:
        task = _task(call)
    except Conflict as conflict:
        raise NotFound(f"not interrupted: {conflict.message}") from conflict
    told = _interruptions(call).prospects(task, call.ports.node.replica.records)
    choices = {name: Choice(one.possible, list(one.texts)) for name, one in told.items()}
    return json(msgspec.structs.replace(_summary(call, task), choices=choices))


async def resume(call: Call) -> Answer:
    """Have an interrupted operation go on where it stopped, as the same task."""

    def reply(resolved: Resolved) -> Answer:
        return json(shown(call, resolved.task), status=202)

    asked = finding.asked(call, reply)
    await _interruptions(call).resume(_task(call), asked)
    return _told(asked.answer)


async def replay(call: Call) -> Answer:
    """Do the whole of an interrupted operation again, as a new task."""

    def reply(resolved: Resolved) -> Answer:
        assert resolved.begun is not None
        return json(shown(call, resolved.begun), status=202)

    asked = finding.asked(call, reply)
    await _interruptions(call).replay(_task(call), asked)
    return _told(asked.answer)


async def abandon(call: Call) -> Answer:
    """Give an interrupted operation up, and end what still runs of it on machines."""

    def reply(resolved: Resolved) -> Answer:
        ends = UNSET if resolved.begun is None else task_view.link(resolved.begun)
        return json(msgspec.structs.replace(_summary(call, resolved.task), ends=ends))

    asked = finding.asked(call, reply)
    await _interruptions(call).abandon(_task(call), _reason(call), asked)
    return _told(asked.answer)


def _interruptions(call: Call) -> Interruptions:
    return call.ports.management.interruptions


def _task(call: Call) -> Task:
    """Return the operation that the path names.

    Raises:
        NotFound: If there is no such task.
        Conflict: If it is not interrupted; says how it stands.
    """
    return _interruptions(call).get(call.path["task"], call.ports.node.replica.records)


def _told(answer: Any) -> Answer:
    assert isinstance(answer, Answer)
    return answer


def _reason(call: Call) -> str:
    """Return the reason in a JSON map, a form or the query.

    Raises:
        InvalidInput: If the body is neither, or the reason is no text.
    """
    if call.media in (FORM, MULTIPART) or not call.body.strip():
        return call.field("reason") or ""
    given = call.json()
    reason = given.get("reason", "") if isinstance(given, dict) else None
    if not isinstance(reason, str):
        raise InvalidInput('the body must be a JSON map with a text: {"reason": "…"}')
    return reason


def _summary(call: Call, task: Task) -> InterruptedSummary:
    why = task.interruption
    own = f"/v1/interrupted/{links.segment(task.id)}"
    entity = call.ports.management.live.entity(task.entity_id)
    relations = {"self": own, "activity": links.activity(task.id)}
    if entity is not None:
        relations["entity"] = links.entity(entity)
    resolved = why.get("resolved")
    if not resolved:
        relations |= {name: f"{own}/{name}" for name in ("resume", "replay", "abandon")}
    return InterruptedSummary(
        id=task.id,
        name=task.name,
        entity_id=task.entity_id or UNSET,
        entity_display_name=task.entity_name or UNSET,
        effector=task.effector or UNSET,
        cause=why.get("cause", "cut-off"),
        reason=why.get("reason") or task.error.partition("\n")[0],
        step=why.get("step") or UNSET,
        since_utc=why.get("since") or task.ended_ms or 0,
        failover=_failover(call, task),
        resolved=_resolution(resolved) if resolved else UNSET,
        links=relations,
    )


def _resolution(resolved: Mapping[str, Any]) -> Resolution:
    return Resolution(
        how=resolved["how"],
        by=resolved["by"],
        at_utc=resolved["at"],
        why=resolved.get("why", UNSET),
        task=resolved.get("as", UNSET),
    )


def _failover(call: Call, task: Task) -> Failover | msgspec.UnsetType:
    """Return the change of masters that interrupted a task, or nothing if it was another cause."""
    why = task.interruption
    by_promotion = why.get("cause") in _BY_PROMOTION or (task.taken or {}).get("count")
    history = call.ports.node.history()
    row = next((one for one in history if one["epoch"] == why.get("epoch")), None)
    if row is None or not by_promotion or not row.get("from"):
        return UNSET
    names = {one["node"]: one["name"] for one in history}
    return Failover(
        epoch=row["epoch"],
        node=row["name"],
        from_=names.get(row["from"], row["from"]),
        reason=row["reason"],
        at_utc=row["startedUtc"],
    )


_ONE = "/interrupted/{task}"

OPERATIONS = (
    read(
        "/interrupted",
        list_interrupted,
        returns=list[InterruptedSummary],
        place=Place.HOT,
        beyond=True,
    ),
    read(_ONE, get_interrupted, returns=InterruptedSummary, place=Place.HOT, beyond=True),
    change(f"POST {_ONE}/resume", resume, returns={202: TaskSummary}, beyond=True),
    change(f"POST {_ONE}/replay", replay, returns={202: TaskSummary}, beyond=True),
    change(
        f"POST {_ONE}/abandon",
        abandon,
        returns={200: InterruptedSummary},
        params=(Param("reason", form=True),),
        beyond=True,
    ),
)
