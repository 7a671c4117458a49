"""The stage: shows records as live objects, and keeps them in step with what is committed.

What takes long is built in slices beforehand, so that no entry and no replay holds the event loop
for more than a few tens of milliseconds; what is visible changes at one moment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.entities.health import SENSORS
from brookline.journal.records import Records
from brookline.model.live import Live
from brookline.operations.task import KIND as TASK
from brookline.values.garbage import uncollected
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from brookline.model.entity import Entity
    from brookline.operations.tasks import Tasks
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change, Value

_SHOWN = frozenset({SENSORS, ENTITY, TASK, LOCATION})
_SLICE_S = 0.01
_LOOK_EACH = 64
_NOTHING: Value = {}


class Stage:
    """Keeps live objects and tasks in step with the records.

    Args:
        live: What is shown of entities and locations.
        tasks: What is shown of tasks.
        clock: For the length of slices.
    """

    def __init__(self, live: Live, tasks: Tasks, clock: Clock) -> None:
        self._live = live
        self._tasks = tasks
        self._clock = clock
        self._records = Records()

    async def prepare(self, changes: Sequence[Change]) -> Mapping[str, Entity]:
        """Build, in slices, the new entities of a large entry; they are not shown yet."""
        made: dict[str, Entity] = {}
        pause = _Pause(self._clock)
        with uncollected():
            for change in changes:
                if isinstance(change, Put) and change.kind == ENTITY:
                    if self._live.entity(change.id) is None:
                        made[change.id] = self._live.made(change.id, change.value, _NOTHING)
                    if pause.due():
                        await pause.take()
        return made

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        """Show what was just applied to the records."""
        del seq
        made: Mapping[str, Entity] = prepared or {}
        touched = dict.fromkeys((one.kind, one.id) for one in changes if one.kind in _SHOWN)
        gone: list[str] = []
        for kind, record_id in touched:
            value = self._records.get(kind, record_id)
            if kind == SENSORS:
                self._live.set_sensors(record_id, value or _NOTHING)
            elif kind == ENTITY:
                if value is None:
                    gone.append(record_id)
                else:
                    self._entity(record_id, value, made.get(record_id))
            elif kind == TASK:
                self._tasks.refresh(record_id, value)
            elif kind == LOCATION:
                self._location(record_id, value)
        self._live.remove(*gone)

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records, and from now on what is applied to them."""
        del seq
        self._records = records
        staged = Live(self._live.types, home=self._live)
        pause = _Pause(self._clock)
        with uncollected():
            for entity_id, value in records.all(ENTITY).items():
                sensors = records.get(SENSORS, entity_id) or _NOTHING
                staged.adopt(self._live.made(entity_id, value, sensors))
                if pause.due():
                    await pause.take()
        for location_id, value in records.all(LOCATION).items():
            staged.build_location(location_id, value)
        self._live.take_over(staged)
        self._tasks.reset(records)

    def forget(self) -> None:
        """Show nothing any more."""
        self._records = Records()
        self._live.clear()
        self._tasks.reset(self._records)

    def _entity(self, entity_id: str, value: Value, made: Entity | None) -> None:
        sensors = self._records.get(SENSORS, entity_id) or _NOTHING
        if made is not None and made.record is value:
            made.sensors = sensors
            self._live.adopt(made)
        else:
            self._live.build(entity_id, value, sensors)

    def _location(self, location_id: str, value: Value | None) -> None:
        if value is None:
            self._live.remove_location(location_id)
        else:
            self._live.build_location(location_id, value)


class _Pause:
    """Lets the event loop run whenever a slice of work is done."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0
        self._since = clock.monotonic()

    def due(self) -> bool:
        self._count += 1
        if self._count % _LOOK_EACH:
            return False
        return self._clock.monotonic() - self._since >= _SLICE_S

    async def take(self) -> None:
        await self._clock.sleep(0)
        self._since = self._clock.monotonic()
