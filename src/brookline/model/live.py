"""All live objects of a node, built from records and kept in step with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import NotFound
from brookline.model.bus import Bus, Event, Happening
from brookline.model.location import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from brookline.model.entity import Entity
    from brookline.model.types import Types
    from brookline.wire.changes import Value


class Live:
    """Applications, entities and locations.

    Args:
        types: The entity types that are installed.
        home: Where its entities will belong once `take_over` was called there; itself if None.

    Attributes:
        bus: Says what changed, after it did.
        version: Rises by one with each change of any object.
        quarantined: Reasons, by id, why some entities could not be built as what they are.
    """

    def __init__(self, types: Types, home: Live | None = None) -> None:
        self.bus = Bus()
        self.version: int = home.version if home is not None else 0
        self.quarantined: dict[str, str] = {}
        self._types = types
        self._home = home or self
        self._entities: dict[str, Entity] = {}
        self._applications: dict[str, Entity] = {}
        self._locations: dict[str, Location] = {}
        self._plan_ids: dict[str, dict[str, list[Entity]]] = {}

    def __len__(self) -> int:
        return len(self._entities)

    @property
    def types(self) -> Types:
        """The entity types that are installed."""
        return self._types

    def applications(self) -> Sequence[Entity]:
        """Return the roots in order of creation."""
        return tuple(self._applications.values())

    def entities(self) -> Iterable[Entity]:
        """Return every entity, parents before their children."""
        return self._entities.values()

    def entity(self, entity_id: str) -> Entity | None:
        """Return an entity by its id, or None."""
        return self._entities.get(entity_id)

    def locations(self) -> Iterable[Location]:
        """Return every location instance in order of creation."""
        return self._locations.values()

    def location(self, location_id: str) -> Location | None:
        """Return a location instance by its id, or None."""
        return self._locations.get(location_id)

    def application_named(self, text: str) -> Entity:
        """Return an application by id, else by name in any case.

        Raises:
            NotFound: If there is none; an entity that is no application does not count.
        """
        if (found := self._applications.get(text)) is not None:
            return found
        wanted = text.lower()
        for application in self._applications.values():
            if application.name.lower() == wanted:
                return application
        raise NotFound(f"Cannot find application '{text}'")

    def entity_named(self, application: Entity, text: str) -> Entity:
        """Return an entity by id, wherever it is, else by name, depth first from the application.

        Raises:
            NotFound: If there is none.
        """
        if (found := self._entities.get(text)) is not None:
            return found
        for entity in _with_descendants(application):
            if entity.name == text:
                return entity
        raise NotFound(f"Cannot find entity '{text}' in application '{application.name}'")

    def with_plan_id(self, application_id: str, plan_id: str) -> Sequence[Entity]:
        """Return the entities of an application that the blueprint calls so."""
        return self._plan_ids.get(application_id, {}).get(plan_id, ())

    def build(self, entity_id: str, record: Value, sensors: Value) -> None:
        """Make an entity of its records, or take in their new values.

        The parent's record must have been built before.
        """
        entity = self._entities.get(entity_id)
        if entity is not None and entity.record["type"] == record["type"]:
            self._reindexed(entity, record)
            self._touched(Happening.ENTITY_CHANGED, entity)
            return
        self.adopt(self.made(entity_id, record, sensors))

    def made(self, entity_id: str, record: Value, sensors: Value) -> Entity:
        """Return a new entity that is not shown yet; `adopt` shows it."""
        return self._types.build(self._home, entity_id, record, sensors)

    def adopt(self, made: Entity) -> None:
        """Show an entity, in the place of one of the same id if there is one."""
        entity = self._entities.get(made.id)
        if entity is not None:
            self._replace(entity, made)
        else:
            self._add(made)
        self._touched(Happening.ENTITY_ADDED, made)

    def take_over(self, staged: Live) -> None:
        """Show what another model holds, whose home this is, instead of all that was shown."""
        self.version = max(self.version, staged.version) + 1
        self._entities, self._applications = staged._entities, staged._applications
        self._locations, self._plan_ids = staged._locations, staged._plan_ids
        self.quarantined = {i: why for i, why in self.quarantined.items() if i in self._entities}

    def set_sensors(self, entity_id: str, sensors: Value) -> None:
        """Take in the values of an entity's sensors; those of an unknown entity are ignored."""
        entity = self._entities.get(entity_id)
        if entity is None:
            return
        before, entity.sensors = entity.sensors, sensors
        self.version += 1
        entity.version = self.version
        if self.bus.heard:
            after = entity.sensors
            for name in {**before, **after}:
                if before.get(name) != after.get(name):
                    self.bus.say(Event(Happening.SENSOR_CHANGED, entity, name))

    def remove(self, *entity_ids: str) -> None:
        """Forget entities; children of theirs that are not named stay without a parent."""
        found = (self._entities.pop(one, None) for one in entity_ids)
        gone = [entity for entity in found if entity is not None]
        parents = {one.parent.id: one.parent for one in gone if one.parent is not None}
        for parent in parents.values():
            if parent.id in self._entities:
                parent.children = [c for c in parent.children if c.id in self._entities]
                self._bump(parent)
        for entity in gone:
            self._applications.pop(entity.id, None)
            self.quarantined.pop(entity.id, None)
            self._unindex(entity)
            self._touched(Happening.ENTITY_REMOVED, entity)

    def build_location(self, location_id: str, record: Value) -> None:
        """Make a location of its record, or take in its new value."""
        self.version += 1
        self._locations[location_id] = Location(location_id, record)

    def remove_location(self, location_id: str) -> None:
        """Forget a location."""
        self.version += 1
        self._locations.pop(location_id, None)

    def clear(self) -> None:
        """Forget everything."""
        self.version += 1
        self.quarantined.clear()
        for index in (self._entities, self._applications, self._locations, self._plan_ids):
            index.clear()

    def _add(self, entity: Entity) -> None:
        self._entities[entity.id] = entity
        parent = self._entities.get(entity.record.get("parent") or "")
        if parent is None:
            self._applications[entity.id] = entity
        else:
            entity.parent = parent
            _adopt(parent, entity)
            self._bump(parent)
        self._index(entity)

    def _replace(self, old: Entity, new: Entity) -> None:
        """Put an object of another class into the place of one, with its children."""
        new.parent, new.children = old.parent, old.children
        self._entities[old.id] = new
        if old.id in self._applications:
            self._applications[old.id] = new
        for child in new.children:
            child.parent = new
        if new.parent is not None:
            new.parent.children = [new if c is old else c for c in new.parent.children]
        self._unindex(old)
        self._index(new)

    def _reindexed(self, entity: Entity, record: Value) -> None:
        if entity.plan_id == record.get("planId", ""):
            entity.record = record
            return
        self._unindex(entity)
        entity.record = record
        self._index(entity)

    def _index(self, entity: Entity) -> None:
        if entity.plan_id:
            of_app = self._plan_ids.setdefault(entity.application_id, {})
            of_app.setdefault(entity.plan_id, []).append(entity)

    def _unindex(self, entity: Entity) -> None:
        of_app = self._plan_ids.get(entity.application_id, {})
        if entity in (same := of_app.get(entity.plan_id, [])):
            same.remove(entity)
            if not same:
                del of_app[entity.plan_id]
        if not of_app:
            self._plan_ids.pop(entity.application_id, None)

    def _touched(self, happening: Happening, entity: Entity) -> None:
        self._bump(entity)
        if self.bus.heard:
            self.bus.say(Event(happening, entity))

    def _bump(self, entity: Entity) -> None:
        self.version += 1
        entity.version = self.version


def _adopt(parent: Entity, child: Entity) -> None:
    if isinstance(parent.children, list):
        parent.children.append(child)
    else:
        parent.children = [child]


def _with_descendants(root: Entity) -> Iterator[Entity]:
    yield root
    yield from root.descendants()


def live_of(types: Types, entities: Mapping[str, Value], sensors: Mapping[str, Any]) -> Live:
    """Return a model of these records; for tests and for tools."""
    live = Live(types)
    for entity_id, record in entities.items():
        live.build(entity_id, record, sensors.get(entity_id, {}))
    return live
