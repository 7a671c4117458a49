"""REST resource: applications, to read."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.api import finding
from brookline.api.answers import Answer, json
from brookline.api.calls import decode_json
from brookline.api.routes import Param, Place, read
from brookline.api.summaries import (
    application_summary,
    entity_detail,
    entity_list,
    entity_summary,
)
from brookline.errors import InvalidInput
from brookline.values.patterns import matching
from brookline.wire.rest import ApplicationSummary, EntityDetail, EntitySummary

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from brookline.api.calls import Call
    from brookline.model.entity import Entity


async def list_applications(call: Call) -> Answer:
    """Return all applications."""
    wanted = of_wanted_type(call, call.ports.management.live.applications())
    return json([application_summary(app) for app in wanted])


async def get_application(call: Call) -> Answer:
    """Return an application."""
    return json(application_summary(finding.application(call)))


async def fetch(call: Call) -> Answer:
    """Return all entities as trees; or only those of one application."""
    live = call.ports.management.live
    only = call.query.get("application", "")
    apps = [live.application_named(only)] if only else live.applications()
    extra = _with_ancestors(_items(call), without_roots=True)
    names = names_of(call.query.get("sensors", ""))
    whole = await call.ports.tree.whole(live, names, [*apps, *extra])
    headers = (("etag", whole.etag),)
    if call.headers.get("if-none-match") == whole.etag:
        return Answer(304, media="", headers=headers)
    return Answer(200, whole.body, headers=headers)


async def details(call: Call) -> Answer:
    """Return applications and entities with tags, and with the sensors and config that are named."""
    depth = call.number("depth", 1)
    apps: list[Entity] = []
    if call.flag("includeAllApps", default=True):
        apps = list(call.ports.management.live.applications())
    extra = [item for item in _with_ancestors(_items(call)) if item not in apps]
    return json([_detail(call, entity, depth) for entity in [*apps, *extra]])


async def get_descendants(call: Call) -> Answer:
    """Return an entity and all below it."""
    return await entity_list(chosen_descendants(call), call.ports.clock)


async def get_descendants_sensor(call: Call) -> Answer:
    """Return one sensor of an entity and of all below it, by entity id; those that have it set."""
    name = call.path["sensor"]
    values = ((one.id, one.sensors.get(name)) for one in chosen_descendants(call))
    return json({entity_id: value for entity_id, value in values if value is not None})


def chosen_descendants(call: Call) -> list[Entity]:
    """Return the entity of the path, then all below it, of the types that are asked for."""
    top = finding.entity(call) if "e" in call.path else finding.application(call)
    return of_wanted_type(call, [top, *top.descendants()])


def of_wanted_type(call: Call, entities: Sequence[Entity]) -> list[Entity]:
    """Return the entities whose type is asked for.

    Raises:
        InvalidInput: If the question is no regular expression, or takes too long.
    """
    text = call.query.get("typeRegex")
    if not text:
        return list(entities)
    try:
        wanted = matching(text, {entity.type for entity in entities})
    except ValueError as fault:
        raise InvalidInput(f"typeRegex {text[:80]!r}: {fault}") from fault
    return [entity for entity in entities if entity.type in wanted]


def names_of(text: str) -> list[str]:
    """Return a list that is written as JSON, or separated by commas."""
    if text.lstrip().startswith("["):
        try:
            return msgspec.convert(decode_json(text.encode()), list[str])
        except msgspec.ValidationError as fault:
            raise InvalidInput(f"not a list of texts: {text}") from fault
    return [name.strip() for name in text.split(",") if name.strip()]


def _items(call: Call) -> list[Entity]:
    live = call.ports.management.live
    found = (live.entity(item) for item in names_of(call.query.get("items", "")))
    return [entity for entity in found if entity is not None]


def _with_ancestors(items: Iterable[Entity], *, without_roots: bool = False) -> list[Entity]:
    found: dict[str, Entity] = {}
    for item in items:
        for entity in (item, *item.ancestors()):
            if entity.parent is not None or not without_roots:
                found.setdefault(entity.id, entity)
    return list(found.values())


def _detail(call: Call, entity: Entity, depth: int) -> Any:
    if depth == 0:
        return _bare(entity)
    shown = entity_detail(entity)
    children = [_detail(call, child, depth - 1) for child in entity.children]
    sensors = _matching(entity.sensors, names_of(call.query.get("sensors", "")))
    config = _matching(entity.config, names_of(call.query.get("config", "")))
    return msgspec.structs.replace(
        shown,
        children=children or msgspec.UNSET,
        tags=list(entity.tags),
        sensors=sensors or msgspec.UNSET,
        config={k: call.ports.management.resolve_now(entity, v) for k, v in config.items()}
        or msgspec.UNSET,
    )


def _bare(entity: Entity) -> EntitySummary:
    summary = entity_summary(entity)
    return msgspec.structs.replace(summary, links={"self": summary.links["self"]})


def _matching(values: Any, globs: list[str]) -> dict[str, Any]:
    return {
        name: value
        for name, value in values.items()
        if any(fnmatchcase(name, glob) for glob in globs)
    }


_TYPES = Param("typeRegex", str, ".*")
_ITEMS = Param("items", str, "")
_SENSORS = Param("sensors", str, "")
_SECRETS = Param("suppressSecrets", bool, default=False)

OPERATIONS = (
    read(
        "/applications",
        list_applications,
        returns=list[ApplicationSummary],
        place=Place.HOT,
        params=(_TYPES,),
    ),
    read(
        "/applications/fetch",
        fetch,
        returns=list[EntityDetail],
        place=Place.HOT,
        params=(_ITEMS, _SENSORS, Param("application", str, "")),
    ),
    read(
        "/applications/details",
        details,
        returns=list[EntityDetail],
        place=Place.HOT,
        params=(
            _ITEMS,
            _SENSORS,
            Param("config", str, ""),
            Param("includeAllApps", bool, default=True),
            Param("depth", int, 1),
        ),
    ),
    read("/applications/{app}", get_application, returns=ApplicationSummary, place=Place.HOT),
    read(
        "/applications/{app}/descendants",
        get_descendants,
        returns=list[EntitySummary],
        place=Place.HOT,
        params=(_TYPES,),
    ),
    read(
        "/applications/{app}/descendants/sensor/{sensor}",
        get_descendants_sensor,
        returns=dict[str, Any],
        place=Place.HOT,
        params=(_TYPES, _SECRETS),
    ),
    read(
        "/applications/{app}/entities/{e}/descendants",
        get_descendants,
        returns=list[EntitySummary],
        place=Place.HOT,
        params=(_TYPES,),
    ),
    read(
        "/applications/{app}/entities/{e}/descendants/sensor/{sensor}",
        get_descendants_sensor,
        returns=dict[str, Any],
        place=Place.HOT,
        params=(_TYPES, _SECRETS),
    ),
)
