"""Forgetting entities: the records that go with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.entities.health import ENTITY, SENSORS
from brookline.locations.ports import LOCATION, PORTS
from brookline.operations.locks import KIND as LOCK
from brookline.wire.changes import Drop, Merge

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from brookline.journal.records import View
    from brookline.wire.changes import Change, Value

FORGET = "forget"
"""Name under which an operation records that it forgot an entity."""

SPEC = "spec"
"""Kind of the records that hold blueprints as they were sent."""


def unmanaged(view: View, entity_id: str) -> list[Change]:
    """Return the changes that forget an entity and all below it; none if it is gone already.

    Parents go first: what is below one that is gone needs not be taken out of it one by one.

    Locations that only these had go too, machines among them: whoever wants a machine to be
    given back releases it before. On machines that others still have, their ports become free.

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
    drops: list[Change] = [Drop(ENTITY, one) for one in going]
    drops += [Drop(SENSORS, one) for one in going if view.get(SENSORS, one) is not None]
    drops += [Drop(LOCK, one) for one in going if view.get(LOCK, one) is not None]
    if view.get(SPEC, entity_id) is not None:
        drops.append(Drop(SPEC, entity_id))
    lost = dict.fromkeys(_lost(view, going, theirs - others))
    return [*drops, *_ports_given_back(view, going, lost), *(Drop(LOCATION, one) for one in lost)]


def _ports_given_back(
    view: View, going: Collection[str], lost: Collection[str]
) -> Iterator[Change]:
    """Yield what frees the ports that these have on machines which stay."""
    for one in view.ids(LOCATION):
        config = (view.get(LOCATION, one) or {}).get("config", {})
        ports = config.get(PORTS, {})
        kept = {entity: of_it for entity, of_it in ports.items() if entity not in going}
        if one not in lost and len(kept) < len(ports):
            yield Merge(LOCATION, one, {"config": {**config, PORTS: kept}})


def _lost(view: View, going: Collection[str], theirs: set[str]) -> Iterator[str]:
    """Yield the locations that nobody has any more, and the machines obtained for these."""
    records = {one: view.get(LOCATION, one) or {} for one in view.ids(LOCATION)}
    machines = {one for one, record in records.items() if _entity_of(record) in going}
    # What gave something else than their machines is needed for that.
    needed = {record.get("parent", "") for one, record in records.items() if one not in machines}
    yield from (one for one in records if one in machines or (one in theirs and one not in needed))


def _entity_of(machine: Value) -> str | None:
    """Return the id of the entity for which a machine was obtained; None if it is none."""
    found: str | None = machine.get("config", {}).get("entity")
    return found
