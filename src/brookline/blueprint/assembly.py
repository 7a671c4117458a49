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
        value: dict[str, Any] = {
            "app": application_id,
            "parent": above,
            "type": spec.cls.TYPE,
            "name": spec.name or default_name(spec, entity_id),
            "created": created_ms,
        }
        if spec.plan_id:
            value["planId"] = spec.plan_id
        if spec.locations:
            value["locations"] = [location_id(location) for location in spec.locations]
        if spec.no_locations:
            value["noLocations"] = True
        value |= {
            name: part
            for name, part in (("config", spec.config), ("flags", spec.flags), ("tags", spec.tags))
            if part
        }
        yield Put(ENTITY, entity_id, value)
        below = [(child, new_id(), entity_id) for child in spec.children]
        waiting.extend(reversed(below))


def default_name(spec: EntitySpec, entity_id: str) -> str:
    """Return the display name of what the blueprint does not name."""
    if spec.cls.APPLICATION:
        return f"Application ({entity_id})"
    return f"{spec.cls.TYPE.rpartition('.')[2]}:{entity_id[:4]}"
