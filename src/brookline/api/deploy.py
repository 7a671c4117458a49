"""REST resource: applications, to make and to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from brookline.api import finding, links
from brookline.api.activities import shown
from brookline.api.answers import Answer, json
from brookline.api.calls import FORM, MULTIPART
from brookline.api.routes import Param, Place, write
from brookline.errors import InvalidInput
from brookline.values.ids import is_id
from brookline.wire.rest import TaskSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call

YAML = ("application/x-yaml", "text/yaml", "text/x-yaml", "application/yaml")


async def deploy(call: Call) -> Answer:
    """Make an application of a blueprint and start it; 201 once it exists."""
    return await _deployed(call, "")


async def deploy_as(call: Call) -> Answer:
    """Make an application under an id that the caller chooses."""
    app_id = call.path["app"]
    if not is_id(app_id):
        raise InvalidInput(f"'{app_id}' is no id: 10 to 63 lower-case letters and digits")
    return await _deployed(call, app_id)


async def delete(call: Call) -> Answer:
    """Stop an application and forget it."""
    app = finding.application(call)
    task = await call.ports.management.delete(app, finding.context(call))
    return json(shown(call, task), status=202)


async def _deployed(call: Call, app_id: str) -> Answer:
    context = finding.context(call)
    task = await call.ports.management.deploy(plan_of(call), app_id=app_id, ctx=context)
    where = call.base + links.application(task.entity_id)
    spec = call.ports.node.replica.records.get("spec", task.entity_id) or {}
    told = msgspec.structs.replace(shown(call, task), warnings=spec.get("warnings") or UNSET)
    return json(told, status=201, headers=(("location", where),))


def plan_of(call: Call) -> str:
    """Return the blueprint that a body holds, whatever its declared type says.

    Source: Brooklyn does not trust the type; `br` posts YAML as ``application/json``, and
    ``curl -d`` as a form.

    Raises:
        InvalidInput: If there is none.
    """
    if call.media in (FORM, MULTIPART):
        plan = call.form().get("plan")
        if plan is not None:
            return plan
        if call.media == MULTIPART:
            raise InvalidInput("the form has no field 'plan'")
    return text_of(call.body)


def text_of(body: bytes) -> str:
    """Return a body as text.

    Raises:
        InvalidInput: If it is empty, or no UTF-8.
    """
    if not body.strip():
        raise InvalidInput("the body is empty; send a blueprint in YAML")
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise InvalidInput(
            f"the body is not UTF-8 text: {fault.reason} at {fault.start}"
        ) from fault


_FORMAT = Param("format", str, "")

OPERATIONS = (
    write(
        "POST /applications",
        deploy,
        returns={201: TaskSummary},
        place=Place.MASTER,
        params=(_FORMAT,),
    ),
    write(
        "PUT /applications/{app}",
        deploy_as,
        returns={201: TaskSummary},
        place=Place.MASTER,
        params=(_FORMAT,),
        consumes=(*YAML, FORM, MULTIPART),
    ),
    write("DELETE /applications/{app}", delete, returns={202: TaskSummary}, place=Place.MASTER),
)
