"""What a new master says of entities whose start or stop was cut off with its predecessor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.assembly import ENTITY
from brookline.entities.health import SENSORS
from brookline.entities.startable import OWN
from brookline.model import service
from brookline.model.service import Lifecycle
from brookline.operations.opening import interrupted
from brookline.plane.tenant import Opening
from brookline.wire.changes import Item, Merge

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.journal.records import View
    from brookline.wire.changes import Value

_CUT_OFF = (Lifecycle.STARTING, Lifecycle.STOPPING)
_EXPLAINED = {
    Lifecycle.STARTING: "its start was interrupted: the server that ran it stopped leading. "
    "Start or restart it again, or delete it; a machine that was being obtained may be lost",
    Lifecycle.STOPPING: "its stop was interrupted: the server that ran it stopped leading. "
    "Stop it again, or delete it; it may still run",
}


def opening(view: View, now_ms: int) -> Opening:
    """Return what a new epoch begins with.

    Unfinished operations are marked as interrupted; entities found starting or stopping are on
    fire, say why, and can be started, stopped and deleted.

    Args:
        view: The records as the new master found them.
        now_ms: Its wall clock.

    Source: what Brooklyn does when it rebinds.
    """
    cut_off = interrupted(view, now_ms)
    changes = (*cut_off.changes, *_on_fire(view, now_ms))
    return Opening((Item(changes),) if changes else (), tuple(cut_off.names))


def _on_fire(view: View, now_ms: int) -> Iterator[Merge]:
    for entity_id in view.ids(SENSORS):
        sensors = view.get(SENSORS, entity_id)
        if sensors is None or service.EXPECTED not in sensors:
            continue
        was = service.lifecycle(sensors[service.EXPECTED])
        if was in _CUT_OFF and view.get(ENTITY, entity_id) is not None:
            yield _burning(entity_id, sensors, was, now_ms)


def _burning(entity_id: str, sensors: Value, was: Lifecycle, now_ms: int) -> Merge:
    problems = sensors.get(service.PROBLEMS) or {}
    reasons = sensors.get(service.NOT_UP) or {}
    change = {
        service.EXPECTED: service.expected(Lifecycle.ON_FIRE, now_ms),
        service.PROBLEMS: {**problems, service.INTERRUPTED_KEY: _EXPLAINED[was]},
        service.NOT_UP: {**reasons, OWN: _EXPLAINED[was]},
    }
    return Merge(SENSORS, entity_id, {**change, **service.derived({**sensors, **change})})
