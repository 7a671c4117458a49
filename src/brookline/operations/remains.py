"""Remains: commands that were given up and not seen to end, so that they may run on.

Their machine is out of reach, or could not end them. An operation of its own does as soon as it can, on
whichever master. It begins in the commit that says how their step ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from brookline.operations.task import Task, child_id
from brookline.operations.works import ENDING, work

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.operations.running import Running
    from brookline.wire.changes import Value


@dataclass(frozen=True, slots=True)
class Leftover:
    """A step whose command may still run on a machine.

    Attributes:
        task: Its id.
        name: What people read.
        entity: Id of the entity that it is about.
        again: How often it was done again with other commands.
        machine: Id of the record of the machine; empty for all those of the entity.
    """

    task: str
    name: str
    entity: str
    again: int = 0
    machine: str = ""

    def to_value(self) -> Value:
        """Return it as it lies in the record of the work that ends it."""
        fields: Value = {"task": self.task, "name": self.name, "entity": self.entity}
        fields |= {"again": self.again}
        return fields | {"machine": self.machine} if self.machine else fields


class Remains(NamedTuple):
    """The command of a step that was given up.

    Attributes:
        step: The step.
        machine: Id of the record of its machine.
        text: Where it may run on, and why that is not known, for people.
    """

    step: Running
    machine: str
    text: str


def ending_of(step: Running, now_ms: int) -> Task | None:
    """Return the operation that ends what a step has left running; None if it has left nothing."""
    task = step.task
    machines = dict.fromkeys(one.machine for one in step.root.remains or () if one.step is step)
    if not machines:
        return None
    description = f"Ending the command of {task.id}, which may run on"
    end = end_of(task, _ending_id(step), now_ms, description=description)
    end.work = ending_work(
        [Leftover(task.id, task.name, task.entity_id, task.again, one) for one in machines]
    )
    return end


def end_of(task: Task, task_id: str, now_ms: int, *, description: str) -> Task:
    """Return a new operation, still without work, that ends what still runs of a task."""
    return Task(
        id=task_id,
        name=f"end of {task.name}",
        description=description,
        entity_id=task.entity_id,
        entity_name=task.entity_name,
        submitted_ms=now_ms,
        tags=("NON-TRANSIENT",),
    )


def ending_work(left: Iterable[Leftover]) -> Value:
    """Return the work that ends commands."""
    return work(ENDING, commands=[one.to_value() for one in left])


def told_of_remains(running: Running) -> str:
    """Return what is to be said of commands that may still run; nothing if there are none."""
    found = [one for one in running.root.remains or () if one.step.belongs_to(running)]
    return "".join(
        f"; the command of {one.step.task.name} may still run on {one.text}. "
        f"Task {_ending_id(one.step)} ends it as soon as it can"
        for one in found
    )


def _ending_id(step: Running) -> str:
    return child_id(step.task.id, "end")
