"""What entities stand on: the live model, the plane, locations, and what runs for them."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any, TypeVar

from brookline.blueprint.evaluate import resolve_config
from brookline.blueprint.waiting import SensorWaiting
from brookline.entities.checks import Checks
from brookline.entities.fires import Fires
from brookline.entities.health import Report, recorded, reported
from brookline.entities.keeper import Keeper
from brookline.entities.reading import may_change, reading_of, value_of
from brookline.errors import InvalidInput
from brookline.journal.queue import Decision
from brookline.model.service import EXPECTED, Lifecycle, lifecycle
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.operations.operation import current
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from brookline.journal.records import View
    from brookline.locations.kinds import Locations
    from brookline.model.declarations import ConfigKey
    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.operation import Operation
    from brookline.operations.recorder import Recorder
    from brookline.values.clock import Clock

T = TypeVar("T")


class Platform:
    """What the code of entities finds as `Operation.platform`.

    Args:
        live: The live model.
        recorder: The plane.
        locations: Kinds of locations.
        clock: For times and pauses.

    Attributes:
        checks: Looks now and then whether processes run.
    """

    def __init__(self, live: Live, recorder: Recorder, locations: Locations, clock: Clock) -> None:
        self.live = live
        self.recorder = recorder
        self.locations = locations
        self.clock = clock
        self.checks = Checks(self)
        self._keeper = Keeper(live, recorder, clock)
        self._fires = Fires(live)
        self._crew = Crew("platform")

    def activate(self) -> None:
        """Begin what a master does for entities: watch processes, keep service states true."""
        self._crew.spawn(self._keeper.run(), "keeper")
        self.checks.activate()
        self._fires.activate()

    async def deactivate(self) -> None:
        """End that, and return once it has ended."""
        self._fires.deactivate()
        await self.checks.deactivate()
        await self._crew.disband()

    async def report(self, op: Operation, entity: Entity, report: Report) -> None:
        """Commit what is to be known of an entity.

        Raises:
            NotMaster: If this node does not lead any more.
        """

        def decide(view: View) -> Decision:
            now = self.clock.wall_ms()
            return Decision(reported(recorded(view), entity, report, wall_ms=now))

        await op.record(decide, name=f"report {entity.id} {report.digest()}")

    async def config(self, op: Operation, entity: Entity, key: ConfigKey[T]) -> T | None:
        """Return the value of a key, waiting for what its expressions need.

        An operation reads it once: it is the same wherever its code asks again, here and under the
        next master. Each effector that it calls reads it anew.

        Raises:
            InvalidInput: If an expression is wrong, or the value does not fit.
            NotFound: If an entity that it names does not exist.
            GaveUp: If a sensor does not become ready.
            StepInterrupted: If what an earlier master read does not fit any more.
        """
        value = await self.value(op, entity, key.name)
        try:
            return key.typed(value)
        except InvalidInput as fault:
            if not op.readings.is_old(entity.id, key.name):
                raise
            why = f"config '{key.name}' as it was read is none any more: {fault.message}"
            raise StepInterrupted(Cause.CHANGED, why) from fault

    async def value(self, op: Operation, entity: Entity, name: str) -> Any:
        """Return the value of a key that need not be declared, as `config` does."""
        declared = entity.KEYS.get(name) or entity.FLAGS.get(name)
        name = declared.name if declared else name
        return await self.read(op, entity, name, lambda: self.look(op, entity, name))

    async def read(
        self, op: Operation, entity: Entity, name: str, look: Callable[[], Awaitable[Any]]
    ) -> Any:
        """Return what follows from an entity's config, as an operation finds it when it first looks.

        Args:
            op: The operation.
            entity: The entity.
            name: Of a key; or with an asterisk before it, of what follows from any keys.
            look: Returns it, as JSON in which there may be entities and locations.

        Raises:
            BrooklineError: What `look` raised.
            StepInterrupted: If it is too large to be kept, and another by now.
        """
        reading = op.readings.find(entity.id, name)
        if reading is None:
            changes = may_change(entity, name)
            reading = await reading_of(look())
            await op.readings.add(entity.id, name, reading, changes=changes)
        return value_of(reading, self.live)

    async def look(self, op: Operation, entity: Entity, name: str) -> Any:
        """Return the value of a key as it is now, as `value` does; nobody is told what it was."""
        with contextlib.ExitStack() as shown:
            return await resolve_config(entity, name, self._waiting(op, shown))

    async def tell(self, entity: Entity, report: Report) -> None:
        """Commit what was seen of an entity that is meant to be running, if it is new.

        Raises:
            NotMaster: If this node does not lead any more.
        """

        def shown(entity_id: str) -> Mapping[str, Any] | None:
            found = self.live.entity(entity_id)
            return None if found is None else found.sensors

        def decide(view: View) -> Decision:
            sensors = recorded(view)(entity.id) or {}
            runs = lifecycle(sensors.get(EXPECTED)) is Lifecycle.RUNNING
            return Decision(reported(recorded(view), entity, report) if runs else [])

        if reported(shown, entity, report):
            await self.recorder.commit(decide)

    def _waiting(self, op: Operation, shown: contextlib.ExitStack) -> SensorWaiting:
        def blocked(producer: Entity | None, sensor: str) -> None:
            shown.close()
            if producer is not None:
                shown.enter_context(op.waiting(f"for sensor {sensor} of {producer.name}"))

        return SensorWaiting(self.clock, blocked, kept=op.kept)


def platform_of(op: Operation) -> Platform:
    """Return what an operation's entities stand on."""
    platform: Any = op.platform
    assert isinstance(platform, Platform), "the supervisor was put together without a platform"
    return platform


def this_operation() -> Operation:
    """Return the operation in which the calling code runs.

    Raises:
        RuntimeError: If it runs in none.
    """
    operation = current()
    if operation is None:
        raise RuntimeError("this can only be done in an operation, such as an effector")
    return operation
