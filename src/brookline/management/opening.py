"""What a new epoch begins with: unfinished work is taken up, and what cannot go on is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.entities.health import SENSORS
from brookline.management import troubles
from brookline.operations.locks import by_operation, held
from brookline.operations.opening import unfinished
from brookline.operations.task import KIND as TASK
from brookline.plane.tenant import Opening
from brookline.wire.changes import Item

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.journal.records import View
    from brookline.operations.interruption import StepInterrupted
    from brookline.operations.opening import Found
    from brookline.wire.changes import Change

_LOST = "the server that ran it stopped leading, and nothing is left of the work"


def opening(
    view: View, now_ms: int, noticed_s: float = 0.0, *, cut: StepInterrupted | None = None
) -> Opening:
    """Return what a new epoch begins with.

    Unfinished operations are marked as taken up, or as interrupted. Entities that are found
    starting or stopping, with nobody who goes on with that, are on fire and say why; they can be
    started, stopped and deleted.

    Args:
        view: The records as the new master found them.
        now_ms: Its wall clock.
        noticed_s: How long the end of a master may go unnoticed, in seconds.
        cut: Why no operation goes on, if that is so, as after a restore.
    """
    epoch = 0 if cut else _epoch(view)
    found = unfinished(view, now_ms, noticed_s=noticed_s, epoch=epoch, cut=cut)
    changes = (*found.changes, *_without_work(view, found, now_ms))
    return Opening((Item(changes),) if changes else (), tuple(found.names))


def _epoch(view: View) -> int:
    """Return the number of the mastership that begins."""
    return max((int(number) for number in view.ids("mastership")), default=0)


def _without_work(view: View, found: Found, now_ms: int) -> Iterator[Change]:
    """Yield what becomes of entities whose work does not go on."""
    going_on = set(found.going_on)
    busy = {what for what, lock in held(view).items() if lock.operation in going_on}
    idle = dict.fromkeys((one for one in view.ids(SENSORS) if one not in busy), _LOST)
    about: list[tuple[str, str, str]] = []
    locks = by_operation(view)
    for task_id, why in found.interrupted.items():
        task = view.get(TASK, task_id) or {}
        entity_id = task.get("entity", "")
        about.append((entity_id, task.get("effector", ""), why))
        for one in (entity_id, *locks.get(task_id, ())):
            if one in idle:
                idle[one] = why
    told = set[str]()
    for entity_id, effector, why in about:
        if entity_id in told:
            continue
        told.add(entity_id)
        pairs = [(entity_id, effector), *([(entity_id, "")] if entity_id in idle else ())]
        yield from troubles.interrupted(view, pairs, why, now_ms)
        idle.pop(entity_id, None)
    for entity_id, why in idle.items():
        yield from troubles.interrupted(view, [(entity_id, "")], why, now_ms)
