"""A machine's guard together with its record: what is known of steps that may be lost there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.journal.queue import Decision
from brookline.locations.guard import GUARD, REMOVED, Place
from brookline.locations.ports import LOCATION
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from brookline.journal.records import View
    from brookline.locations.guard import Guard, Step
    from brookline.model.location import Location
    from brookline.operations.operation import Operation
    from brookline.operations.recorder import Decide

_KNOWN = ("claimed", "running", "over", "killed", REMOVED)


class RecordedGuard:
    """The guard of a machine together with the record of the machine.

    Args:
        guard: The guard.
        machine: The machine, as recorded when it was asked for; None if it has no record.

    Attributes:
        machine_id: Id of that record, or empty.
    """

    def __init__(self, guard: Guard, machine: Location | None = None) -> None:
        self.guard = guard
        self.machine_id = "" if machine is None else machine.id
        self._recorded = None if machine is None else Place.of(machine.config)

    async def check(self, operation: Operation | None, step: Step) -> None:
        """Make sure that the machine would know if a step had been begun there before.

        Raises:
            StepInterrupted: If it does not, for its folder is newer than the operation.
            Unreachable: If it does not answer.
        """
        if operation is None or step.fresh:
            return
        root = operation.root.task
        if self.machine_id not in root.resets and root.id not in self.guard.doubted:
            return
        if await self.forgets(step):
            raise self.guard.interruption()

    async def forgets(self, step: Step) -> bool:
        """Tell whether the machine knows nothing of a step; from then on, it never runs it.

        What was sent of it before may come late, when people have had something else done instead.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            RemoteError: If it does not answer.
        """
        if (await self.guard.status(step.id)).state == "absent":
            await self.guard.collect([step.id], step.epoch)
        return (await self.guard.status(step.id)).state not in _KNOWN

    async def lost(self, operation: Operation) -> None:
        """Commit that the machine has lost what was done there for operations that have not ended.

        Raises:
            NotMaster: If this node does not lead any more.
        """
        found: list[str] = []

        def decide(view: View) -> Decision:
            found[:] = [one for one in view.ids(TASK) if _may_go_on(view, one)]
            return Decision([_reset(view, one, self.machine_id) for one in found])

        if self.machine_id:
            await record_by_chance(operation, decide, "guard folder lost")
        self.guard.doubted.update(found)

    async def record(self, operation: Operation | None) -> None:
        """Record by what the guard is known now, if that is another than before.

        So the next master takes the folder and the boot of the machine for what they are.

        Raises:
            NotMaster: If this node does not lead any more.
        """
        place = self.guard.place
        if not self.machine_id or operation is None or place in (None, self._recorded):
            return

        def decide(view: View) -> Decision:
            record = view.get(LOCATION, self.machine_id)
            if record is None:
                return Decision([])
            config = {**record["config"], GUARD: place.to_value()}
            return Decision([Merge(LOCATION, self.machine_id, {"config": config})])

        await record_by_chance(operation, decide, GUARD)
        self._recorded = place


async def record_by_chance(operation: Operation, decide: Decide, name: str) -> None:
    """Commit what follows from what was found on a machine, and not from the operation's code.

    Another master that comes to this place may not record anything, or something else. So what is
    done behind it may have been begun by one before, and what another one recorded does not count:
    it is named after the taking up.

    Raises:
        NotMaster: If this node does not lead any more.
        Fenced: Likewise.
    """
    taken = operation.root.task.taken.get("count", 0)
    await operation.record(decide, name=f"{name} {taken}", by_chance=True)


def _may_go_on(view: View, task_id: str) -> bool:
    """Tell whether it is an operation that has not ended, or that somebody may resume."""
    value = view.get(TASK, task_id) or {}
    status = Status(value["status"])
    return not value.get("parent") and (not status.ended or status is Status.INTERRUPTED)


def _reset(view: View, task_id: str, machine_id: str) -> Merge:
    before = (view.get(TASK, task_id) or {}).get("resets", ())
    return Merge(TASK, task_id, {"resets": list(dict.fromkeys([*before, machine_id]))})
