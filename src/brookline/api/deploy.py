"""REST resource: applications, to make and to end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET

from brookline.api import finding, links
from brookline.api.activities import shown
from brookline.api.answers import Answer, json
from brookline.api.calls import FORM, MULTIPART
from brookline.api.routes import Param, change
from brookline.errors import InvalidInput
from brookline.values.ids import is_id
from brookline.wire.rest import TaskSummary

if TYPE_CHECKING:
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.management.context import Deployed

YAML = ("application/x-yaml", "text/yaml", "text/x-yaml", "application/yaml")


async def deploy(call: Call) -> Answer | Follows:
    """Make an application of a blueprint and start it; 201 once it exists."""
    return await _deployed(call, "")


async def deploy_as(call: Call) -> Answer | Follows:
    """Make an application under an id that the caller chooses."""
    app_id = call.path["app"]
    if not is_id(app_id):
        raise InvalidInput(f"'{app_id}' is no id: 10 to 63 lower-case letters and digits")
    return await _deployed(call, app_id)


async def delete(call: Call) -> Answer | Follows:
    """Stop an application and forget it."""
    asked = finding.asked(call, lambda task: json(shown(call, task), status=202))
    await call.ports.management.delete(finding.application(call), asked)
    return asked.answer


async def _deployed(call: Call, app_id: str) -> Answer | Follows:
    def reply(deployed: Deployed) -> Answer:
        app = deployed.task.entity_id
        own = links.application(app)
        told = msgspec.structs.replace(
            shown(call, deployed.task, f"{own}/entities/{app}"),
            warnings=list(deployed.warnings) or UNSET,
        )
        return json(told, status=201, headers=(("location", call.base + own),))

    asked = finding.asked(call, reply)
    await call.ports.management.deploy(plan_of(call), app_id=app_id, ctx=asked)
    return asked.answer


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
    change("POST /applications", deploy, returns={201: TaskSummary}, params=(_FORMAT,)),
    change(
        "PUT /applications/{app}",
        deploy_as,
        returns={201: TaskSummary},
        params=(_FORMAT,),
        consumes=(*YAML, FORM, MULTIPART),
    ),
    change("DELETE /applications/{app}", delete, returns={202: TaskSummary}),
)
