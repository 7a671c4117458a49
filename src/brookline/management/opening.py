"""What a new epoch begins with: unfinished work is taken up, and what cannot go on is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.assembly import ENTITY
from brookline.entities.health import SENSORS
from brookline.entities.startable import OWN
from brookline.model import service
from brookline.model.service import Lifecycle
from brookline.operations.locks import held, held_by
from brookline.operations.opening import unfinished
from brookline.operations.task import KIND as TASK
from brookline.plane.tenant import Opening
from brookline.wire.changes import Item, Merge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brookline.journal.records import View
    from brookline.operations.opening import Found
    from brookline.wire.changes import Change, Value

_CUT_OFF = (Lifecycle.STARTING, Lifecycle.STOPPING)
_DOING = {Lifecycle.STARTING: "start", Lifecycle.STOPPING: "stop"}
_LOST = "the server that ran it stopped leading, and nothing is left of the work"
_ADVICE = "Resume, replay or abandon it (brookline interrupted), or {} or delete the entity"


def opening(view: View, now_ms: int, noticed_s: float = 0.0) -> Opening:
    """Return what a new epoch begins with.

    Unfinished operations are marked as taken up, or as interrupted. Entities that are found
    starting or stopping, with nobody who goes on with that, are on fire and say why; they can be
    started, stopped and deleted.

    Args:
        view: The records as the new master found them.
        now_ms: Its wall clock.
        noticed_s: How long the end of a master may go unnoticed, in seconds.
    """
    found = unfinished(view, now_ms, noticed_s=noticed_s, epoch=_epoch(view))
    changes = (*found.changes, *_without_work(view, found, now_ms))
    return Opening((Item(changes),) if changes else (), tuple(found.names))


def on_fire(view: View, entities: Iterable[str], why: str, now_ms: int) -> Iterator[Change]:
    """Yield what sets entities on fire that were to be started or stopped, as nobody does now."""
    for entity_id in entities:
        sensors = view.get(SENSORS, entity_id)
        if sensors is None or service.EXPECTED not in sensors:
            continue
        was = service.lifecycle(sensors[service.EXPECTED])
        if was in _CUT_OFF and view.get(ENTITY, entity_id) is not None:
            yield _burning(entity_id, sensors, text=_explained(was, why), now_ms=now_ms)


def _epoch(view: View) -> int:
    """Return the number of the mastership that begins."""
    return max((int(number) for number in view.ids("mastership")), default=0)


def _without_work(view: View, found: Found, now_ms: int) -> Iterator[Change]:
    reasons: dict[str, str] = {}
    for task_id, why in found.interrupted.items():
        about = (view.get(TASK, task_id) or {}).get("entity", "")
        reasons |= dict.fromkeys([about, *held_by(view, task_id)], why)
    going_on = set(found.going_on)
    busy = {what for what, lock in held(view).items() if lock.operation in going_on}
    for entity_id in view.ids(SENSORS):
        if entity_id not in busy:
            yield from on_fire(view, [entity_id], reasons.get(entity_id, _LOST), now_ms)


def _explained(was: Lifecycle, why: str) -> str:
    doing = _DOING[was]
    return f"its {doing} was interrupted: {why}. {_ADVICE.format(doing)}"


def _burning(entity_id: str, sensors: Value, *, text: str, now_ms: int) -> Merge:
    problems, reasons = _map(sensors, service.PROBLEMS), _map(sensors, service.NOT_UP)
    change = {
        service.EXPECTED: service.expected(Lifecycle.ON_FIRE, now_ms),
        service.PROBLEMS: {**problems, service.INTERRUPTED_KEY: text},
        service.NOT_UP: {**reasons, OWN: text},
    }
    return Merge(SENSORS, entity_id, {**change, **service.derived({**sensors, **change})})


def _map(sensors: Value, name: str) -> Value:
    """Return a sensor that should be a map; a request may have made it anything."""
    value = sensors.get(name)
    return value if isinstance(value, dict) else {}
