"""Edits of entities, decided on the records. All are pure; each returns the decision to commit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.assembly import ENTITY
from brookline.blueprint.dsl import DslError, parse, problem
from brookline.entities.health import SENSORS
from brookline.errors import InvalidInput, NotFound
from brookline.journal.queue import Decision
from brookline.model.deferred import is_deferred
from brookline.values.names import fault_of
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from brookline.journal.records import View
    from brookline.management.tagging import Edit
    from brookline.model.entity import Entity
    from brookline.operations.recorder import Decide
    from brookline.wire.changes import Value


def rename(entity: Entity, name: str) -> Decide:
    """Return how a display name is set.

    Raises:
        InvalidInput: If the name is empty, too long, or holds control characters.
    """
    if not name.strip():
        raise InvalidInput("a name cannot be empty")
    if fault := fault_of(name):
        raise InvalidInput(f"the name {fault}")
    return lambda view: _merged(view, entity, {"name": name})


def set_tags(entity: Entity, tags: Sequence[Any]) -> Decide:
    """Return how tags are set."""
    return lambda view: _merged(view, entity, {"tags": list(tags)})


def edit_tags(entity: Entity, edit: Edit) -> Decide:
    """Return how tags are edited; its answer is whether that changes anything."""

    def decide(view: View) -> Decision:
        before = existing(view, entity).get("tags", [])
        after = edit(before)
        if after is before:
            return Decision([], answer=False)
        return Decision([Merge(ENTITY, entity.id, {"tags": after})], answer=True)

    return decide


def set_config(entities: Sequence[Entity], values: Mapping[str, Any]) -> Decide:
    """Return how config is set on entities; None unsets a key.

    The first entity must still be there when it is decided; others that are gone are passed over.

    Raises:
        InvalidInput: If a value does not fit its key, or an expression is wrong.
    """
    per_entity = [(entity, _stored(entity, values)) for entity in entities]

    def decide(view: View) -> Decision:
        existing(view, entities[0])
        changes = []
        for entity, stored in per_entity:
            record = view.get(ENTITY, entity.id)
            if record is not None:
                config = {**record.get("config", {}), **stored}
                kept = {name: config[name] for name in config if not _unset(name, stored)}
                changes.append(Merge(ENTITY, entity.id, {"config": kept}))
        return Decision(changes)

    return decide


def set_sensors(entity: Entity, values: Mapping[str, Any]) -> Decide:
    """Return how sensors are set, as somebody asks for; what follows is the keeper's business."""

    def decide(view: View) -> Decision:
        existing(view, entity)
        return Decision([Merge(SENSORS, entity.id, dict(values))])

    return decide


def remove_sensor(entity: Entity, name: str) -> Decide:
    """Return how a sensor is removed; one that is not there is no error."""

    def decide(view: View) -> Decision:
        existing(view, entity)
        known = view.get(SENSORS, entity.id) or {}
        return Decision([Merge(SENSORS, entity.id, {}, (name,))] if name in known else [])

    return decide


def existing(view: View, entity: Entity) -> Value:
    """Return the record of an entity.

    Raises:
        NotFound: If it is gone meanwhile.
    """
    record = view.get(ENTITY, entity.id)
    if record is None:
        raise NotFound(f"{entity.name} ({entity.id}) does not exist any more")
    return record


def check_expressions(values: Iterable[Any]) -> None:
    """Make sure that the expressions in some values can be read.

    Raises:
        InvalidInput: If one cannot; the message quotes it.
    """
    waiting = list(values)
    while waiting:
        value = waiting.pop()
        if is_deferred(value):
            _check(value)
        elif isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _check(value: Any) -> None:
    try:
        wrong = problem(parse(value))
    except DslError as error:
        raise InvalidInput(f"{value}: {error}") from error
    if wrong is not None:
        raise InvalidInput(f"{value}: {wrong[0]}")


def _stored(entity: Entity, values: Mapping[str, Any]) -> dict[str, Any]:
    check_expressions(values.values())
    stored = {}
    for name, value in values.items():
        key = entity.KEYS.get(name) or entity.FLAGS.get(name)
        stored[key.name if key else name] = key.stored(value) if key else value
    return stored


def _unset(name: str, stored: Mapping[str, Any]) -> bool:
    return name in stored and stored[name] is None


def _merged(view: View, entity: Entity, fields: dict[str, Any]) -> Decision:
    existing(view, entity)
    return Decision([Merge(ENTITY, entity.id, fields)])
