"""Assembly: the records that specs become."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.blueprint.spec import EntitySpec, LocationSpec

ENTITY = "entity"
"""Kind of the records of entities."""

LOCATION = "location"
"""Kind of the records of locations."""


def assemble(
    root: EntitySpec,
    *,
    root_id: str,
    application_id: str,
    parent_id: str,
    created_ms: int,
    new_id: Callable[[], str],
    location_id: Callable[[LocationSpec], str],
) -> Iterator[Put]:
    """Yield the records of a spec and all below it, parents before their children.

    Args:
        root: What was asked for.
        root_id: Its id.
        application_id: Of the application that it belongs to; its own if it is one itself.
        parent_id: The entity above, or empty.
        created_ms: Wall time.
        new_id: Gives ids of what is below.
        location_id: Gives the id of the location that a spec asks for.
    """
    waiting = [(root, root_id, parent_id)]
    while waiting:
        spec, entity_id, above = waiting.pop()
        value = {
            "app": application_id,
            "parent": above,
            "type": spec.cls.TYPE,
            "name": spec.name or default_name(spec, entity_id),
            "created": created_ms,
            **_optional(spec, location_id),
        }
        yield Put(ENTITY, entity_id, value)
        below = [(child, new_id(), entity_id) for child in spec.children]
        waiting.extend(reversed(below))


def _optional(spec: EntitySpec, location_id: Callable[[LocationSpec], str]) -> dict[str, Any]:
    """Return the fields that most entities do not have; thousands of records stay small."""
    fields: dict[str, Any] = {
        "planId": spec.plan_id,
        "locations": [location_id(location) for location in spec.locations],
        "noLocations": spec.no_locations,
        "config": spec.config,
        "flags": spec.flags,
        "tags": spec.tags,
    }
    return {name: value for name, value in fields.items() if value}


def default_name(spec: EntitySpec, entity_id: str) -> str:
    """Return the display name of what the blueprint does not name."""
    if spec.cls.APPLICATION:
        return f"Application ({entity_id})"
    return f"{spec.cls.TYPE.rpartition('.')[2]}:{entity_id[:4]}"
