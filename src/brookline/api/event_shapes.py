"""Facts as the stream tells them, and several of them as one where the latest counts. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api.event_filter import Topic
from brookline.api.masking import suppressed
from brookline.management.herald import Subject, What
from brookline.model import service

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brookline.api.event_filter import Filter
    from brookline.api.ring import Told
    from brookline.management.herald import Fact

Shape = dict[str, Any]

_STATES = (service.STATE, service.IS_UP)
_LONGEST_ERROR = 500


def changes(facts: Iterable[Fact], wanted: Filter) -> list[Shape]:
    """Return what is wanted of the facts of one entry."""
    return [shape for fact in facts if wanted.wants(fact) for shape in _shapes(fact, wanted)]


def coalesced(entries: Iterable[Told[Fact]], wanted: Filter) -> list[Shape]:
    """Return what is wanted of several entries; of each object the latest counts."""
    latest: dict[tuple[str, str], Shape] = {}
    for entry in entries:
        for shape in changes(entry.facts, wanted):
            key = (_group(shape), str(shape["id"]))
            latest[key] = _joined(latest.get(key), shape)
    return [shape for shape in latest.values() if shape]


def _group(shape: Shape) -> str:
    """Return the kind of things of which the latest counts."""
    kind = str(shape["type"])
    return "entity" if kind == "application" else kind


def _joined(before: Shape | None, after: Shape) -> Shape:
    """Return one shape in the place of two about the same object; what came and went is empty."""
    if not before:
        return after
    if after["type"] == "sensors":
        gone = {*before["removed"], *after["removed"]} - after["set"].keys()
        values = {**before["set"], **after["set"]}
        kept = {name: value for name, value in values.items() if name not in gone}
        return {**after, "set": kept, "removed": sorted(gone)}
    if before.get("what") == What.ADDED.value:
        if after.get("what") == What.REMOVED.value:
            return {}
        return {**after, "what": What.ADDED.value}
    if "config" in before and "config" in after:
        return {**after, "config": list(dict.fromkeys((*before["config"], *after["config"])))}
    return after


def _shapes(fact: Fact, wanted: Filter) -> Iterator[Shape]:
    match fact.subject:
        case Subject.ENTITY:
            yield _entity(fact)
        case Subject.SENSORS:
            if not fact.value.keys().isdisjoint(_STATES) or not set(fact.gone).isdisjoint(_STATES):
                yield _state(fact)
            names = wanted.names(fact)
            if names:
                yield _sensors(fact, names)
        case Subject.TASK:
            if wanted.wants_task(fact):
                yield _task(fact)
            if wanted.wants_interruption(fact):
                yield _interruption(fact)
        case Subject.MASTERSHIP:
            yield {"type": "mastership", "id": fact.id, **fact.value}


def _entity(fact: Fact) -> Shape:
    is_root = fact.id == fact.application
    shape: Shape = {
        "type": "application" if is_root else "entity",
        "what": fact.what.value,
        "id": fact.id,
        "application": fact.application,
        "parent": fact.above[0] if fact.above else None,
    }
    if fact.what is What.REMOVED:
        return shape
    record = fact.value
    return {
        **shape,
        "name": record.get("name", ""),
        "entityType": record.get("type", ""),
        "catalogItemId": record.get("catalogItemId") or None,
        "created": record.get("created"),
        **_service(fact.service),
        "config": list(fact.config),
    }


def _state(fact: Fact) -> Shape:
    own = {"type": "state", "id": fact.id, "application": fact.application}
    return {**own, **_service(fact.service)}


def _service(sensors: Mapping[str, Any]) -> Shape:
    state, up = service.lifecycle(sensors.get(service.STATE)), sensors.get(service.IS_UP)
    return {"state": state.value if state else None, "isUp": up if isinstance(up, bool) else None}


def _sensors(fact: Fact, names: frozenset[str]) -> Shape:
    return {
        "type": "sensors",
        "id": fact.id,
        "application": fact.application,
        "set": {n: suppressed(n, value) for n, value in fact.value.items() if n in names},
        "removed": [name for name in fact.gone if name in names],
    }


def _task(fact: Fact) -> Shape:
    shape: Shape = {
        "type": "task",
        "what": fact.what.value,
        "id": fact.id,
        "entity": fact.entity or None,
        "application": fact.application or None,
    }
    if fact.what is What.REMOVED:
        return shape
    record = fact.value
    return {
        **shape,
        "parent": fact.above[0] if fact.above else None,
        "name": record.get("name", ""),
        "description": record.get("description", ""),
        "entityName": record.get("entityName", ""),
        "effector": record.get("effector", ""),
        "submitted": record.get("submitted"),
        "started": record.get("started"),
        "ended": record.get("ended"),
        "status": record["status"],
        "cancelling": bool(record.get("cancelling", False)),
        "error": _line(record.get("error", "")),
        "streams": record.get("streams", {}),
        "taken": (record.get("taken") or {}).get("count", 0),
    }


def _interruption(fact: Fact) -> Shape:
    return {
        "type": "interrupted",
        "id": fact.id,
        "entity": fact.entity or None,
        "application": fact.application or None,
        "waits": bool(fact.undecided),
    }


def _line(error: str) -> str:
    """Return the first line of an error, without what is named as a secret there."""
    return str(suppressed("error", error.partition("\n")[0][:_LONGEST_ERROR]))


TOPIC_READS: Mapping[Topic, tuple[str, ...]] = {
    Topic.PLANE: ("/v1/server/ha/states", "/v1/server/ha/history", "/v1/interrupted"),
    Topic.APPLICATIONS: ("/v1/applications/fetch",),
    Topic.ENTITIES: ("/v1/applications/fetch",),
    Topic.TASKS: ("/v1/activities",),
}
"""What is to be read of a topic by a client that has no basis."""
