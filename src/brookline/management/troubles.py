"""Troubles: what interrupted work means for the entities that it was about, until it is resolved.

An entity whose start or stop was cut short is on fire. One on which other work was cut short has that as
one of its problems. Both are under the key `interrupted`, and say what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.assembly import ENTITY
from brookline.entities.health import SENSORS
from brookline.entities.startable import OWN
from brookline.model import service
from brookline.model.service import Lifecycle
from brookline.operations.task import Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from brookline.journal.records import View
    from brookline.operations.resolving import Interrupted
    from brookline.wire.changes import Change, Value

_CUT_OFF = (Lifecycle.STARTING, Lifecycle.STOPPING)
_DOING = {Lifecycle.STARTING: "start", Lifecycle.STOPPING: "stop"}
_EXPECTED = {
    "start": Lifecycle.STARTING, "restart": Lifecycle.STARTING, "stop": Lifecycle.STOPPING,
}  # fmt: skip
_CHOICES = "Resume, replay or abandon it (brookline interrupted)"


def interrupted(
    view: View, about: Iterable[tuple[str, str]], why: str, now_ms: int
) -> Iterator[Change]:
    """Yield what changes for entities, as work on them was interrupted.

    Args:
        view: The records.
        about: Ids of entities, each with an effector that was interrupted; or with none, for one whose
            life was held by what was interrupted, or by nobody who goes on.
        why: A sentence without its end.
        now_ms: The wall clock.
    """
    pairs = list(about)
    held = {entity_id for entity_id, effector in pairs if not effector}
    for entity_id, effector in _per_entity(pairs).items():
        if view.get(ENTITY, entity_id) is None:
            continue
        sensors = view.get(SENSORS, entity_id) or {}
        was = service.lifecycle(sensors.get(service.EXPECTED))
        if was in _CUT_OFF and entity_id in held:
            yield _burning(entity_id, sensors, doing=_DOING[was], why=why, now_ms=now_ms)
        elif effector and (was is None or effector not in _EXPECTED):
            # A start or stop that does not hold its entity had not begun to change it.
            yield _troubled(
                entity_id, sensors, f"its {effector} was interrupted: {why}. {_CHOICES}"
            )


def resumed(
    view: View, found: Interrupted, others: Mapping[str, str], now_ms: int
) -> Iterator[Change]:
    """Yield what changes for entities, as an operation goes on.

    Args:
        view: The records.
        found: The operation.
        others: What is to be said of entities on which other work is interrupted, by their ids.
        now_ms: The wall clock.
    """
    for entity_id, effector, sensors in _marked(view, found):
        other = others.get(entity_id)
        expected = _EXPECTED.get(effector)
        if expected is None or not _burns(sensors):
            yield _troubled(entity_id, sensors, other)
            continue
        change = {service.EXPECTED: service.expected(expected, now_ms)}
        reason = {**_map(sensors, service.NOT_UP), OWN: f"its {effector} goes on"}
        yield _derived(entity_id, sensors, {**change, service.NOT_UP: reason}, other)


def replayed(view: View, found: Interrupted, others: Mapping[str, str]) -> Iterator[Change]:
    """Yield the same, as an operation is done again: a start or stop says itself how it stands."""
    for entity_id, effector, sensors in _marked(view, found):
        if effector not in _EXPECTED:
            yield _troubled(entity_id, sensors, others.get(entity_id))


def abandoned(
    view: View, found: Interrupted, others: Mapping[str, str], said: str
) -> Iterator[Change]:
    """Yield the same, as an operation is given up; `said` is by whom and why.

    What was left between two states stays on fire, and is to be started, stopped or deleted.
    """
    for entity_id, effector, sensors in _marked(view, found):
        other = others.get(entity_id)
        if effector not in _EXPECTED or not _burns(sensors):
            yield _troubled(entity_id, sensors, other)
            continue
        text = f"its {effector} was interrupted, and abandoned {said}. {_next(effector)} it"
        reason = {**_map(sensors, service.NOT_UP), OWN: text}
        yield _derived(entity_id, sensors, {service.NOT_UP: reason}, other or text)


def left_on_fire(view: View, found: Interrupted) -> list[str]:
    """Return the names of the entities that stay on fire if an operation is abandoned."""
    return [
        (view.get(ENTITY, entity_id) or {}).get("name", entity_id)
        for entity_id, effector, sensors in _marked(view, found)
        if effector in _EXPECTED and _burns(sensors)
    ]


def _per_entity(about: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return what was done with each entity: its start or stop, if it was among that."""
    found: dict[str, str] = {}
    for entity_id, effector in about:
        if entity_id and (effector in _EXPECTED or not found.get(entity_id)):
            found[entity_id] = effector
    return found


def _marked(view: View, found: Interrupted) -> Iterator[tuple[str, str, Value]]:
    """Yield the entities of an operation that are marked as interrupted, with their sensors."""
    stopped = [part for part in found.parts.values() if part["status"] == Status.INTERRUPTED.value]
    about = [(one.get("entity", ""), one.get("effector", "")) for one in (found.value, *stopped)]
    for entity_id, effector in _per_entity(about).items():
        sensors = view.get(SENSORS, entity_id)
        if sensors is not None and service.INTERRUPTED_KEY in _map(sensors, service.PROBLEMS):
            yield entity_id, effector, sensors


def _burning(entity_id: str, sensors: Value, *, doing: str, why: str, now_ms: int) -> Merge:
    text = f"its {doing} was interrupted: {why}. {_CHOICES}, or {_next(doing).lower()} the entity"
    change = {
        service.EXPECTED: service.expected(Lifecycle.ON_FIRE, now_ms),
        service.NOT_UP: {**_map(sensors, service.NOT_UP), OWN: text},
    }
    return _derived(entity_id, sensors, change, text)


def _troubled(entity_id: str, sensors: Value, text: str | None) -> Merge:
    return _derived(entity_id, sensors, {}, text)


def _derived(entity_id: str, sensors: Value, change: Value, text: str | None) -> Merge:
    """Return a change of sensors with the problem of interrupted work, or without it."""
    problems = _map(sensors, service.PROBLEMS)
    problems.pop(service.INTERRUPTED_KEY, None)
    if text:
        problems[service.INTERRUPTED_KEY] = text
    change = {**change, service.PROBLEMS: problems}
    derived = service.derived({**sensors, **change})
    unset = tuple(name for name, value in derived.items() if value is None)
    known = {name: value for name, value in derived.items() if value is not None}
    return Merge(SENSORS, entity_id, {**change, **known}, unset)


def _burns(sensors: Value) -> bool:
    return service.lifecycle(sensors.get(service.EXPECTED)) is Lifecycle.ON_FIRE


def _next(doing: str) -> str:
    return "Stop, start or delete" if doing == "stop" else "Start, stop or delete"


def _map(sensors: Value, name: str) -> Value:
    """Return a sensor that should be a map; a request may have made it anything."""
    value = sensors.get(name)
    return dict(value) if isinstance(value, dict) else {}
