"""REST resource: effectors of entities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import finding, following, links
from brookline.api.activities import shown, wait_time
from brookline.api.answers import JSON, Answer, encode, json
from brookline.api.asking import Follows
from brookline.api.calls import FORM
from brookline.api.routes import Param, Place, change, read
from brookline.api.typenames import java_name
from brookline.errors import InvalidInput, RemoteError
from brookline.operations.task import Status
from brookline.values.coercion import plain
from brookline.wire.rest import EffectorSummary, ParameterSummary, TaskSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.model.effectors import Effector, Parameter
    from brookline.model.entity import Entity
    from brookline.operations.task import Task


async def list_effectors(call: Call) -> Answer:
    """Return the effectors of an entity by name."""
    entity = finding.entity(call)
    return json([_summary(entity, entity.EFFECTORS[name]) for name in sorted(entity.EFFECTORS)])


async def invoke(call: Call) -> Answer | Follows:
    """Invoke an effector; answers its result, or its task if that takes longer than ``timeout``."""
    entity, effector = finding.effector(call)
    at_once = math.isclose(_wait_s(call), 0)

    def reply(task: Task) -> Answer | Follows:
        return json(shown(call, task), status=202) if at_once else Follows(task.id)

    asked = finding.asked(call, reply)
    await call.ports.management.invoke(entity, effector.name, _params(call), asked)
    return asked.answer


async def invoked(call: Call, follows: Follows) -> Answer:
    """Answer with the result of the effector, or with its task if the time is over."""
    task = following.found(call, follows.task)
    if not await following.ended(call, task, _wait_s(call)):
        return json(shown(call, task), status=202)
    task = following.found(call, task.id)
    if task.status is not Status.COMPLETED:
        what = f"{task.effector} of {task.entity_name}"
        raise RemoteError(f"{what}: {task.error or task.status.value}")
    # AMP writes a text as it is, without quotes, although it says that this is JSON.
    body = task.result.encode() if isinstance(task.result, str) else encode(task.result)
    return Answer(202, body)


def _wait_s(call: Call) -> float:
    return wait_time(call.query.get("timeout", "never"))


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
    change(
        f"POST {_F}/{{effector}}",
        invoke,
        returns={202: Any | TaskSummary},
        follow=invoked,
        params=(Param("timeout", str, "never"),),
        consumes=(JSON, FORM),
    ),
)
