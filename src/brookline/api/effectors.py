"""REST resource: effectors of entities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import finding, links
from brookline.api.activities import shown, wait_time
from brookline.api.answers import JSON, Answer, encode, json
from brookline.api.calls import FORM
from brookline.api.routes import Param, Place, read, write
from brookline.api.typenames import java_name
from brookline.errors import InvalidInput, Outcome, RemoteError, Unavailable
from brookline.operations.task import Status
from brookline.values.coercion import plain
from brookline.wire.rest import EffectorSummary, ParameterSummary, TaskSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.model.effectors import Effector, Parameter
    from brookline.model.entity import Entity
    from brookline.operations.task import Task

_LOOK_AGAIN_S = 5.0
"""How often a wait without end makes sure that there is still something to wait for."""


async def list_effectors(call: Call) -> Answer:
    """Return the effectors of an entity by name."""
    entity = finding.entity(call)
    return json([_summary(entity, entity.EFFECTORS[name]) for name in sorted(entity.EFFECTORS)])


async def invoke(call: Call) -> Answer:
    """Invoke an effector; answers its result, or its task if that takes longer than ``timeout``."""
    entity, effector = finding.effector(call)
    wait_s = wait_time(call.query.get("timeout", "never"))
    task = await call.ports.management.invoke(
        entity, effector.name, _params(call), finding.context(call)
    )
    if not await _ended(call, task, wait_s):
        return json(shown(call, task), status=202)
    if task.status is not Status.COMPLETED:
        raise RemoteError(f"{effector.name} of {entity.name}: {task.error or task.status.value}")
    # AMP writes a text as it is, without quotes, although it says that this is JSON.
    body = task.result.encode() if isinstance(task.result, str) else encode(task.result)
    return Answer(202, body)


async def _ended(call: Call, task: Task, wait_s: float) -> bool:
    """Wait for the end of a task, as long as there is such a task on this node."""
    left_s = wait_s
    while left_s > 0 and not await task.wait(min(left_s, _LOOK_AGAIN_S)):
        left_s -= _LOOK_AGAIN_S
        if call.ports.management.tasks.find(task.id) is None:
            raise Unavailable(f"this node has lost sight of task {task.id}", Outcome.UNKNOWN)
    return task.status.ended and not math.isclose(wait_s, 0)


def _params(call: Call) -> dict[str, Any]:
    if call.media == FORM:
        return dict(call.form())
    if not call.body.strip():
        return {}
    params = call.json()
    if not isinstance(params, dict):
        raise InvalidInput("the body must be a JSON map of parameters to values")
    return params


def _summary(entity: Entity, effector: Effector) -> EffectorSummary:
    own = links.entity(entity)
    return EffectorSummary(
        name=effector.name,
        return_type=java_name(effector.returns),
        parameters=[_parameter(one) for one in effector.parameters],
        description=effector.description or UNSET,
        links={
            "self": f"{own}/effectors/{links.segment(effector.name)}",
            "entity": own,
            "application": links.application(entity.application_id),
        },
    )


def _parameter(parameter: Parameter) -> ParameterSummary:
    return ParameterSummary(
        name=parameter.name,
        type=java_name(parameter.type),
        default_value=plain(parameter.default),
        should_sanitize=False,
        description=parameter.description or UNSET,
    )


_F = "/applications/{app}/entities/{e}/effectors"

OPERATIONS = (
    read(_F, list_effectors, returns=list[EffectorSummary], place=Place.HOT),
    write(
        f"POST {_F}/{{effector}}",
        invoke,
        returns={202: Any | TaskSummary},
        place=Place.MASTER,
        params=(Param("timeout", str, "never"),),
        consumes=(JSON, FORM),
    ),
)
