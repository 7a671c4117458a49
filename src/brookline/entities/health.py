"""Service state in records: what is reported of an entity, and what follows from it.

`service.isUp` and `service.state` are never set: they follow from what is expected, from the
problems and from the reasons for not being up, and are decided together with these.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from brookline.model import service
from brookline.model.declarations import sensor
from brookline.model.entity import Entity
from brookline.model.quorum import Quorum
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.entities.platform import Platform
    from brookline.journal.records import View
    from brookline.model.service import Lifecycle
    from brookline.wire.changes import Change, Value

ENTITY = "entity"
SENSORS = "sensors"
"""Kinds of records."""

_NOTHING: Value = {}

SensorsOf = Callable[[str], "Mapping[str, Any] | None"]
"""Returns the sensors of an entity by its id, or None if there is no such entity."""


class Service(Entity, abstract=True):
    """An entity that has a service state."""

    __slots__ = ()

    ROLLS_UP: ClassVar[bool] = False
    """Whether the health of its children counts for it, once it was started."""

    is_up = sensor("service.isUp", bool, description="Whether it is available")
    state = sensor("service.state", str, description="Actual lifecycle state of the service")
    expected = sensor(
        "service.state.expected", dict, description="Last controlled change to service state"
    )
    problems = sensor(
        "service.problems", dict, description="A map of namespaced reasons for not being healthy"
    )
    not_up = sensor(
        "service.notUp.indicators", dict, description="A map of namespaced reasons for not being up"
    )

    def quorums(self) -> tuple[Quorum, Quorum]:
        """Return how many children must be up, and how many not on fire."""
        return Quorum.of("atLeastOneUnlessEmpty"), Quorum.of("all")

    def is_watched(self) -> bool:
        """Tell whether there is something that is meant to run, and so is looked at."""
        return False

    def check_period_s(self) -> float:
        """Return the seconds from one look to the next."""
        return 5.0

    async def check(self, platform: Platform) -> None:
        """Look, and report what is new."""


@dataclass(frozen=True, slots=True)
class Report:
    """What is to be known of an entity; of maps, single keys are set, and None clears one.

    Attributes:
        sensors: Values by name.
        unset: Names of sensors that have no value any more.
        expected: The state that it is meant to be in from now on.
        problems: What is wrong, by who says so.
        not_up: Reasons for not being up, by who says so.
    """

    sensors: Mapping[str, Any] = field(default_factory=dict)
    unset: tuple[str, ...] = ()
    expected: Lifecycle | None = None
    problems: Mapping[str, Any] = field(default_factory=dict)
    not_up: Mapping[str, Any] = field(default_factory=dict)

    def digest(self) -> str:
        """Return a short text that tells it from other reports."""
        return hashlib.blake2b(repr(self).encode(), digest_size=6).hexdigest()


def recorded(view: View) -> SensorsOf:
    """Return how to look up sensors in records."""
    return lambda entity_id: (
        None if view.get(ENTITY, entity_id) is None else view.get(SENSORS, entity_id) or _NOTHING
    )


def reported(
    sensors_of: SensorsOf, entity: Entity, report: Report, *, wall_ms: int = 0
) -> list[Change]:
    """Return the changes that a report makes, with all that follows for the entity itself.

    Args:
        sensors_of: The sensors on which it is decided.
        entity: The entity; if it is gone meanwhile, nothing changes.
        report: What was found or is intended.
        wall_ms: When, for `expected`.
    """
    before = sensors_of(entity.id)
    if before is None:
        return []
    after = {**before, **report.sensors}
    for name in report.unset:
        after.pop(name, None)
    if report.expected is not None:
        after[service.EXPECTED] = service.expected(report.expected, wall_ms)
    if report.problems:
        after[service.PROBLEMS] = _edited(after.get(service.PROBLEMS), report.problems)
    if report.not_up:
        after[service.NOT_UP] = _edited(after.get(service.NOT_UP), report.not_up)
    if isinstance(entity, Service) and entity.ROLLS_UP and after.get(service.EXPECTED):
        _roll_up(sensors_of, entity, after)
    for name, value in service.derived(after).items():
        after[name] = value
        if value is None:
            del after[name]
    return _difference(entity.id, before, after)


def _roll_up(sensors_of: SensorsOf, entity: Service, after: dict[str, Any]) -> None:
    """Count the children's health in."""
    up, running = entity.quorums()
    found = service.roll_up(
        (service.health(child.name, sensors_of(child.id) or _NOTHING) for child in entity.children),
        up,
        running,
    )
    key = service.ROLL_UP_KEY
    after[service.NOT_UP] = _edited(after.get(service.NOT_UP), {key: found.not_up or None})
    after[service.PROBLEMS] = _edited(after.get(service.PROBLEMS), {key: found.problem or None})


def _edited(before: Any, edits: Mapping[str, Any]) -> dict[str, Any]:
    after = dict(before) if isinstance(before, dict) else {}
    for key, value in edits.items():
        if value is None:
            after.pop(key, None)
        else:
            after[key] = value
    return after


def _difference(entity_id: str, before: Mapping[str, Any], after: Value) -> list[Change]:
    changed = {
        name: value
        for name, value in after.items()
        if name not in before or before[name] != value or type(before[name]) is not type(value)
    }
    gone = tuple(name for name in before if name not in after)
    return [Merge(SENSORS, entity_id, changed, gone)] if changed or gone else []
