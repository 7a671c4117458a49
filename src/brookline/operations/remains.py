"""Remains: commands that were given up and not seen to end, so that they may run on.

Their machine is out of reach, or could not end them; or an earlier master began them, and the code of this
one did not come there. An operation of its own does as soon as it can, on
whichever master. It begins in the commit that says how their step ended.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from brookline.operations.retention import with_parts
from brookline.operations.task import Task, child_id
from brookline.operations.works import ENDING, work

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from brookline.operations.operation import Operation
    from brookline.operations.running import Running
    from brookline.wire.changes import Value


_BEGUN_BEFORE = "its machine, for an earlier master began it"


@dataclass(frozen=True, slots=True)
class Leftover:
    """A step whose command may still run on a machine.

    Attributes:
        task: Its id.
        name: What people read.
        entity: Id of the entity that it is about.
        again: How often it was done again with other commands.
        machine: Id of the record of the machine; empty for all those of the entity.
        count: How many commands it has at least.
    """

    task: str
    name: str
    entity: str
    again: int = 0
    machine: str = ""
    count: int = 1

    def to_value(self) -> Value:
        """Return it as it lies in the record of the work that ends it."""
        fields: Value = {"task": self.task, "name": self.name, "entity": self.entity}
        fields |= {"again": self.again}
        fields |= {"machine": self.machine} if self.machine else {}
        return fields | {"count": self.count} if self.count > 1 else fields


class Remains(NamedTuple):
    """The command of a step that was given up.

    Attributes:
        by: With whose end another operation begins that ends it: the step, or of what it is a part.
        task: The step.
        machine: Id of the record of its machine.
        text: Where it may run on, and why that is not known, for people.
    """

    by: Running
    task: Task
    machine: str
    text: str


def remains_of(running: Operation, attached: int) -> list[Remains]:
    """Return the commands of an earlier master to which nobody attached, as something ends.

    Args:
        running: What ends, with all that it began.
        attached: To how many commands of its own it came here.
    """
    found = []
    for task in with_parts(running.task):
        own = task is running.task
        if own or not (task.owned or task.status.ended):
            left = dict.fromkeys(task.commands[attached if own else 0 :])
            found += [Remains(running, task, one, _BEGUN_BEFORE) for one in left]
    return found


def leftovers_of(task_id: str, step: Value) -> list[Leftover]:
    """Return what may still run of a step, as its record has it; nothing if that has no commands."""
    commands = step.get("commands", ())
    known = step["name"], step.get("entity", ""), step.get("again", 0)
    return [Leftover(task_id, *known, one, len(commands)) for one in dict.fromkeys(commands)]


def endings_of(running: Running, now_ms: int) -> list[Task]:
    """Return the operations that end what may still run, now that something has ended."""
    found = [one for one in running.root.remains or () if one.by is running]
    steps = {one.task.id: one.task for one in found}
    return [
        _ending(task, [one.machine for one in found if one.task is task], now_ms)
        for task in steps.values()
    ]


def _ending(task: Task, machines: Sequence[str], now_ms: int) -> Task:
    description = f"Ending the command of {task.id}, which may run on"
    end = end_of(task, _ending_id(task), now_ms, description=description)
    known = task.id, task.name, task.entity_id, task.again
    count = max(1, len(task.commands))
    end.work = ending_work([Leftover(*known, one, count) for one in dict.fromkeys(machines)])
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
    found = [one for one in running.root.remains or () if one.by.belongs_to(running)]
    return "".join(
        f"; the command of {one.task.name} may still run on {one.text}. "
        f"Task {_ending_id(one.task)} ends it as soon as it can"
        for one in found
    )


def _ending_id(task: Task) -> str:
    return child_id(task.id, "end")
