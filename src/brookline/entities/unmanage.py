"""Forgetting entities: the records that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.entities.health import ENTITY, SENSORS
from brookline.locations.ports import LOCATION
from brookline.wire.changes import Drop

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from brookline.journal.records import View

SPEC = "spec"
"""Kind of the records that hold blueprints as they were sent."""


def unmanaged(view: View, entity_id: str) -> list[Drop]:
    """Return the changes that forget an entity and all below it; none if it is gone already.

    Parents go first: what is below one that is gone needs not be taken out of it one by one.

    Locations that only these had go too, machines among them: whoever wants a machine to be
    given back releases it before.

    Args:
        view: The records on which it is decided.
        entity_id: Root of what is forgotten.
    """
    if view.get(ENTITY, entity_id) is None:
        return []
    going: dict[str, None] = {}
    theirs: set[str] = set()
    others: set[str] = set()
    # An entity comes after its parent in the order of ids, so that one pass finds all below.
    for one in view.ids(ENTITY):
        record = view.get(ENTITY, one) or {}
        if one == entity_id or record.get("parent") in going:
            going[one] = None
            theirs.update(record.get("locations", ()))
        else:
            others.update(record.get("locations", ()))
    drops = [Drop(ENTITY, one) for one in going]
    drops += [Drop(SENSORS, one) for one in going if view.get(SENSORS, one) is not None]
    if view.get(SPEC, entity_id) is not None:
        drops.append(Drop(SPEC, entity_id))
    return [*drops, *(Drop(LOCATION, one) for one in _lost(view, going, theirs - others))]


def _lost(view: View, going: Collection[str], theirs: set[str]) -> Iterator[str]:
    """Yield the locations that nobody has any more, and the machines obtained for these."""
    needed = {(view.get(LOCATION, one) or {}).get("parent", "") for one in view.ids(LOCATION)}
    for one in view.ids(LOCATION):
        record = view.get(LOCATION, one) or {}
        machine = record.get("config", {}).get("entity") in going
        if machine or (one in theirs and (one not in needed or _only_for(view, one, going))):
            yield one


def _only_for(view: View, location_id: str, going: Collection[str]) -> bool:
    """Tell whether all machines that a location gave are those of entities that go."""
    machines = (view.get(LOCATION, one) or {} for one in view.ids(LOCATION))
    return all(
        machine.get("config", {}).get("entity") in going
        for machine in machines
        if machine.get("parent") == location_id
    )
