"""REST resource: entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api import finding, following, links
from brookline.api.activities import shown, wait_time
from brookline.api.answers import EMPTY, JSON, NO_CONTENT, TEXT, Answer, json, text
from brookline.api.asking import Follows
from brookline.api.calls import FORM
from brookline.api.deploy import YAML, text_of
from brookline.api.icons import icon_of
from brookline.api.routes import Param, Place, change, read
from brookline.api.summaries import entity_list, entity_summary, location_summary
from brookline.api.tags import SPEC_FORMAT, spec_of
from brookline.errors import InvalidInput
from brookline.operations.task import Status, Task
from brookline.wire.rest import (
    EntitySummary,
    LocationSummary,
    RelationSummary,
    SpecSummary,
    TaskSummary,
)

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.management.context import Added

_SHORT = "20ms"
"""How long a start of children is waited for by default.

Source: Brooklyn's parameter.
"""


async def list_entities(call: Call) -> Answer:
    """Return the children of an application."""
    return await entity_list(finding.application(call).children, call.ports.clock)


async def get_entity(call: Call) -> Answer:
    """Return an entity."""
    return json(entity_summary(finding.entity(call)))


async def get_children(call: Call) -> Answer:
    """Return the children of an entity."""
    return await entity_list(finding.entity(call).children, call.ports.clock)


async def add_children(call: Call) -> Answer | Follows:
    """Add the entities of a blueprint below an entity, and start them unless told not to."""
    start = None if call.query.get("start") in (None, "", "null") else call.flag("start")
    wait_time(call.query.get("timeout", _SHORT))  # refused before anything is added
    asked = finding.asked(call, lambda added: _added(call, added))
    await call.ports.management.add_children(
        finding.entity(call), text_of(call.body), start=start, ctx=asked
    )
    return asked.answer


async def children_added(call: Call, follows: Follows) -> Answer:
    """Answer with the task that starts the children, once it has ended or the time is over."""
    task = following.found(call, follows.task)
    await following.ended(call, task, wait_time(call.query.get("timeout", _SHORT)))
    return json(shown(call, task), status=201, headers=follows.headers)


def _added(call: Call, added: Added) -> Answer | Follows:
    own = links.entity(added.parent).rpartition("/")[0]
    where = f"{call.base}{own}/{added.ids[0]}"
    headers = (("location", where),) if len(added.ids) == 1 else ()
    if added.task is not None:
        return Follows(added.task.id, headers)
    return json(shown(call, _done(call, added)), status=201, headers=headers)


def _done(call: Call, added: Added) -> Task:
    """Return what tells of children that were only added: there is nothing to wait for."""
    now = call.ports.clock.wall_ms()
    return Task(
        id=call.request,
        name="Add children",
        entity_id=added.parent.id,
        entity_name=added.parent.name,
        submitted_ms=now,
        started_ms=now,
        ended_ms=now,
        status=Status.COMPLETED,
        result=list(added.ids),
    )


async def rename(call: Call) -> Answer | Follows:
    """Set the display name of an entity."""
    name = (call.field("name") or "").strip()
    if not name:
        raise InvalidInput("name is missing; send it as ?name=")
    asked = finding.asked(call, EMPTY)
    await call.ports.management.rename(finding.entity(call), name, asked)
    return asked.answer


async def expunge(call: Call) -> Answer | Follows:
    """Forget an entity and all below it; its resources are given back if ``release`` says so."""
    release = (call.field("release") or "").strip().lower() == "true"
    asked = finding.asked(call, lambda task: json(shown(call, task), status=202))
    await call.ports.management.expunge(finding.entity(call), release=release, ctx=asked)
    return asked.answer


async def get_locations(call: Call) -> Answer:
    """Return the locations in which an entity runs."""
    live = call.ports.management.live
    found = [live.location(one) for one in finding.entity(call).effective_locations()]
    return json([location_summary(location) for location in found if location is not None])


async def get_spec(call: Call) -> Answer:
    """Return the blueprint that an entity was deployed from; its children have none."""
    spec = spec_of(call, finding.entity(call))
    if spec is None:
        return NO_CONTENT
    return text(spec["text"], media=TEXT if call.accepted == "text/plain" else call.accepted)


async def get_spec_list(call: Call) -> Answer:
    """Return the blueprint that an entity was deployed from, in a list."""
    spec = spec_of(call, finding.entity(call))
    if spec is None:
        return NO_CONTENT
    contents = spec["text"]
    summary = next((line for line in contents.splitlines() if line.strip()), "")
    return json([SpecSummary(summary, spec.get("format") or SPEC_FORMAT, contents)])


async def get_nothing(call: Call) -> Answer:
    """Return an empty list: this version has none of these, but its clients ask."""
    finding.entity(call)
    return json([])


async def get_icon(call: Call) -> Answer:
    """Lead to the icon of an entity, if its blueprint names one on the web."""
    where = icon_of(finding.entity(call))
    return Answer(307, headers=(("location", where),), media="") if where else NO_CONTENT


_E = "/applications/{app}/entities/{e}"
_SPEC_TYPES = ("text/x-yaml", *(kind for kind in YAML if kind != "text/x-yaml"), "text/plain")

OPERATIONS = (
    read(
        "/applications/{app}/entities", list_entities, returns=list[EntitySummary], place=Place.HOT
    ),
    read(_E, get_entity, returns=EntitySummary, place=Place.HOT),
    read(f"{_E}/children", get_children, returns=list[EntitySummary], place=Place.HOT),
    change(
        f"POST {_E}/children",
        add_children,
        returns={201: TaskSummary},
        follow=children_added,
        params=(Param("start", bool), Param("timeout", str, _SHORT)),
        consumes=("", JSON, *YAML, FORM),
    ),
    read(f"{_E}/relations", get_nothing, returns=list[RelationSummary], place=Place.HOT),
    read(f"{_E}/workflows", get_nothing, returns=list[dict[str, Any]], place=Place.HOT),
    read(f"{_E}/locations", get_locations, returns=list[LocationSummary], place=Place.HOT),
    read(
        f"{_E}/spec", get_spec, returns={200: str, 204: None}, place=Place.HOT, produces=_SPEC_TYPES
    ),
    read(
        f"{_E}/speclist",
        get_spec_list,
        returns={200: list[SpecSummary], 204: None},
        place=Place.HOT,
    ),
    read(f"{_E}/icon", get_icon, returns={204: None, 307: None}, place=Place.HOT, always=True),
    change(
        f"POST {_E}/name",
        rename,
        returns={200: None},
        params=(Param("name", form=True),),
    ),
    change(
        f"POST {_E}/expunge",
        expunge,
        returns={202: TaskSummary},
        params=(Param("release", bool, default=False, form=True),),
    ),
)
