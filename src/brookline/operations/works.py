"""Works: what operations are made of, as data, so that any master can go on with them.

The record of an operation has a field ``work``: ``{"do": <kind>, …}``. Who manages applications
registers for each kind how its code is made again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.operations.interruption import Cause, StepInterrupted

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.operations.running import Body
    from brookline.operations.task import Task
    from brookline.wire.changes import Value

    Maker = Callable[[Task], Body]

EFFECTOR = "effector"
"""The kind of an effector's call; which one, of what, and with what says the task itself."""

ENDING = "end"
"""The kind that ends commands which may still run on machines: ``commands`` are leftovers."""


def work(kind: str, **arguments: object) -> Value:
    """Return work as it is recorded; the arguments are JSON."""
    return {"do": kind, **arguments}


def unreadable(task: Task, fault: Exception) -> StepInterrupted:
    """Return the interruption of an operation whose work another version recorded in its own way."""
    lacks = isinstance(fault, KeyError) and fault.args
    what = f"'{fault.args[0]}' is missing in it" if lacks else f"{type(fault).__name__}: {fault}"
    return StepInterrupted(
        Cause.GONE,
        f"this server cannot read what {task.name} is made of, as another version may have recorded "
        f"it: {what}",
    )


class Works:
    """The kinds of work that this server knows."""

    def __init__(self) -> None:
        self._makers: dict[str, Maker] = {}

    def register(self, kind: str, maker: Maker) -> None:
        """Say how the code of a kind of work is made."""
        self._makers[kind] = maker

    def body(self, task: Task) -> Body:
        """Return the code of an operation.

        Raises:
            StepInterrupted: If it is of no kind that this server knows.
        """
        kind = str(task.work.get("do", ""))
        maker = self._makers.get(kind)
        if maker is None:
            raise StepInterrupted(
                Cause.GONE, f"this server knows no work of the kind '{kind}', as {task.name} is"
            )
        return maker(task)
