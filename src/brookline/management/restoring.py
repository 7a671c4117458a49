"""Restoring: what changes in the records of a plane when a point of its log becomes another plane.

What ran is interrupted, never taken up: it may have ended since, and people know. Sessions end. A plane
that takes the place of the old one goes on with the guards of its machines, which so know what
had been run there. One that shall run *beside* the old one gets guards of its own, for it must not
take the machines away from it; what the old guards knew is lost to it, and its operations say so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.entities.health import SENSORS
from brookline.journal.records import Overlay
from brookline.locations.guard import GUARD
from brookline.management.opening import opening
from brookline.management.planned import KIND as PLANNED
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status
from brookline.plane.incumbent import WRONG_GUESS
from brookline.security.session_keys import ENDED as SESSION_END
from brookline.security.session_keys import KEY as SESSION_KEY
from brookline.wire.changes import Drop, Item, Merge

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brookline.journal.records import Records, View
    from brookline.wire.changes import Change, Value

_DROPPED = (SESSION_KEY, SESSION_END, WRONG_GUESS, PLANNED)


class Aftermath(NamedTuple):
    """What a restore changes.

    Attributes:
        items: The changes.
        interrupted: Names of the operations that ran.
    """

    items: tuple[Item, ...]
    interrupted: tuple[str, ...]


def aftermath(records: Records, origin: str, now_ms: int, *, beside: bool) -> Aftermath:
    """Return what changes when records become another plane's.

    Args:
        records: As of the point.
        origin: Where they are from, such as ``plane x, entry 12``.
        now_ms: The wall clock.
        beside: Whether the plane that they are from is to go on.
    """
    why = f"the plane was restored from {origin}, at which it ran"
    found = opening(records, now_ms, cut=StepInterrupted(Cause.RESTORED, why))
    drops = [Drop(kind, one) for kind in _DROPPED for one in records.ids(kind)]
    view = Overlay(records)
    for item in found.items:
        view.apply(item.changes)
    strange: list[Change] = [*_without_guards(view)] if beside else []
    own = Item((*drops, *strange))
    return Aftermath((*found.items, *([own] if own.changes else [])), found.interrupted)


def _without_guards(view: View) -> Iterator[Change]:
    """Yield what lets go of the guards of machines, and what makes operations mind that."""
    machines: list[str] = []
    for one in view.ids(LOCATION):
        config = (view.get(LOCATION, one) or {}).get("config")
        if isinstance(config, dict) and GUARD in config:
            machines.append(one)
            rest = {name: value for name, value in config.items() if name != GUARD}
            yield Merge(LOCATION, one, {"config": rest})
    for one in view.ids(TASK):
        value = view.get(TASK, one) or {}
        interrupted = value.get("status") == Status.INTERRUPTED.value
        if machines and interrupted and not value.get("parent"):
            resets = dict.fromkeys([*value.get("resets", ()), *machines])
            yield Merge(TASK, one, {"resets": list(resets)})


class Difference(NamedTuple):
    """How the applications of a later state differ from those of an earlier one.

    Attributes:
        added: Names of the applications that only the later one has.
        removed: Names of those that only the earlier one has.
        changed: Names of those of which entities, configuration or sensors differ, with how many.
    """

    added: list[str]
    removed: list[str]
    changed: dict[str, int]


def applications(records: Records) -> dict[str, dict[str, Any]]:
    """Return the applications by id: ``{name, entities, state}``."""
    found: dict[str, dict[str, Any]] = {}
    for entity_id, value in records.all(ENTITY).items():
        app = value.get("app", "")
        entry = found.setdefault(app, {"name": app, "entities": 0, "state": ""})
        entry["entities"] += 1
        if entity_id == app:
            entry["name"] = value.get("name", app)
            entry["state"] = (records.get(SENSORS, entity_id) or {}).get("service.state", "")
    return found


def difference(earlier: Records, later: Records) -> Difference:
    """Return how the applications of two states of one plane differ."""
    before, after = applications(earlier), applications(later)
    changed: dict[str, int] = {}
    for entity_id in dict.fromkeys([*earlier.ids(ENTITY), *later.ids(ENTITY)]):
        app = _app(earlier, later, entity_id)
        if app in before and app in after and _differs(earlier, later, entity_id):
            name = after[app]["name"]
            changed[name] = changed.get(name, 0) + 1
    return Difference(
        added=[one["name"] for app, one in after.items() if app not in before],
        removed=[one["name"] for app, one in before.items() if app not in after],
        changed=changed,
    )


def _app(earlier: Records, later: Records, entity_id: str) -> str:
    value: Mapping[str, Any] = later.get(ENTITY, entity_id) or earlier.get(ENTITY, entity_id) or {}
    return str(value.get("app", ""))


def _differs(earlier: Records, later: Records, entity_id: str) -> bool:
    def state(records: Records) -> tuple[Value | None, Value | None]:
        return records.get(ENTITY, entity_id), records.get(SENSORS, entity_id)

    return state(earlier) != state(later)
