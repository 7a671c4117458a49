"""Applications and entities as shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import links
from brookline.api.answers import Answer, encode
from brookline.api.icons import icon_of
from brookline.model import service
from brookline.wire.rest import (
    ApplicationSpec,
    ApplicationSummary,
    EntityDetail,
    EntitySummary,
    LocationSummary,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.model.entity import Entity
    from brookline.model.location import Location
    from brookline.values.clock import Clock

_SLICE = 500
"""Entities that are encoded between two looks at other work; some 10 ms."""

_STATUS = {
    "CREATED": "ACCEPTED",
    "STARTING": "STARTING",
    "RUNNING": "RUNNING",
    "STOPPING": "STOPPING",
    "STOPPED": "STOPPED",
    "DESTROYED": "DESTROYED",
    "ON_FIRE": "ERROR",
}


def application_summary(app: Entity) -> ApplicationSummary:
    """Return an application."""
    own = links.application(app.id)
    spec = ApplicationSpec(name=app.name, type=app.type, locations=list(app.effective_locations()))
    return ApplicationSummary(
        id=app.id,
        spec=spec,
        status=_STATUS.get(service_state(app) or "", "UNKNOWN"),
        links={"self": own, "entities": f"{own}/entities"},
    )


def entity_summary(entity: Entity) -> EntitySummary:
    """Return an entity."""
    return EntitySummary(
        id=entity.id,
        name=entity.name,
        type=entity.type,
        links=links.of_entity(entity),
        catalog_item_id=entity.catalog_item_id or UNSET,
    )


async def entity_list(entities: Sequence[Entity], clock: Clock) -> Answer:
    """Answer with a list of entities, made in slices: it may be of thousands."""
    parts = []
    for number, entity in enumerate(tuple(entities), 1):
        parts.append(encode(entity_summary(entity)))
        if number % _SLICE == 0:
            await clock.sleep(0)
    return Answer(200, b"[" + b",".join(parts) + b"]")


def entity_detail(entity: Entity) -> EntityDetail:
    """Return an entity as an element of a tree, without its children."""
    up = entity.sensors.get(service.IS_UP)
    return EntityDetail(
        id=entity.id,
        name=entity.name,
        type=entity.type,
        links={"self": links.entity(entity)},
        application_id=entity.application_id,
        parent_id=entity.parent.id if entity.parent else None,
        group_ids=[],
        members=[],
        service_up=up if isinstance(up, bool) else None,
        service_state=service_state(entity),
        icon_url=icon_of(entity) or None,
        creation_time_utc=entity.created_ms,
        relations=[],
        catalog_item_id=entity.catalog_item_id or UNSET,
    )


def service_state(entity: Entity) -> str | None:
    """Return the word of `service.state`, in upper case, or None."""
    state = service.lifecycle(entity.sensors.get(service.STATE))
    return state.value if state else None


def location_summary(
    location: Location, *, config: dict[str, Any] | None = None
) -> LocationSummary:
    """Return a location that is in use."""
    own = {"self": links.location(location.id)}
    if location.spec:
        own["spec"] = links.location(location.spec)
    if location.parent:
        own["parent"] = links.location(location.parent)
    return LocationSummary(
        id=location.id,
        name=location.name,
        spec=location.spec or UNSET,
        type=location.type or UNSET,
        config=config or {},
        links=own,
    )
