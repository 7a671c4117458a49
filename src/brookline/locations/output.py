"""What a command writes: into the streams of its task, and the ends of it for whoever runs it.

A master that takes the operation up again goes on with each stream where its own copy of it ends, on
another node at its beginning.
"""

from __future__ import annotations

import contextvars
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from brookline.locations import here
from brookline.locations.command import TAIL_BYTES, Command, told
from brookline.locations.threads import in_thread
from brookline.operations.task import command_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.locations.answers import Ended
    from brookline.locations.guard import Guard, Step
    from brookline.operations.operation import Operation

_STDOUT = "stdout"
_STDERR = "stderr"


class _Before(NamedTuple):
    """How much of the streams of an operation is not of its next command.

    Attributes:
        operation: The operation.
        first: How much is not of its first command either.
        next: How much is of commands that have ended.
    """

    operation: Operation
    first: Counter[str]
    next: Counter[str]


_BEFORE: contextvars.ContextVar[_Before | None] = contextvars.ContextVar("before", default=None)
"""Of the current operation."""


def is_first(operation: Operation, step: Step) -> bool:
    """Tell whether a command is the first one of the operation."""
    return step.id == command_id(operation.task.id, 1, operation.task.again)


def _before(operation: Operation | None, step: Step) -> Counter[str]:
    if operation is None:
        return Counter()
    found = _BEFORE.get()
    if found is None or found.operation is not operation:
        # One that is done anew has what the command wrote that was lost with its machine.
        lost = (_STDOUT, _STDERR) if operation.task.again and operation.fresh else ()
        first = Counter({name: operation.written(name) for name in lost})
        found = _Before(operation, first, Counter(first))
    elif is_first(operation, step):
        found = found._replace(next=Counter(found.first))  # the step is run again
    _BEFORE.set(found)
    return found.next


class Output:
    """Passes on what a command writes to the streams of its task, and keeps the ends of it."""

    def __init__(self, operation: Operation | None, step: Step) -> None:
        self.on_begin: Callable[[float], None] | None = None
        self._operation = operation
        self._before = _before(operation, step)
        self._first = {name: self._here(name) for name in (_STDOUT, _STDERR)}
        self._got = Counter[str]()
        self._tails = {_STDOUT: bytearray(), _STDERR: bytearray()}

    def write_input(self, command: Command) -> None:
        """Show what the command is given, unless it is shown already."""
        if self._operation is None:
            return
        inputs = {"stdin": command.script.encode("utf-8", "replace")}
        inputs["env"] = here.env_text(command.env).encode("utf-8", "replace")
        for name, content in inputs.items():
            if not self._here(name):
                self._operation.write(name, content)
            self._before[name] += len(content)

    def place(self, stream: str) -> int:
        """Return how many bytes of the command's stream are here already."""
        return self._first[stream] + self._got[stream]

    def began(self, age_s: float) -> None:
        """Take note that it runs."""
        if self.on_begin is not None:
            self.on_begin(age_s)

    async def write(self, stream: str, content: bytes) -> None:
        """Take the next bytes of a stream."""
        tail = self._tails[stream]
        tail += content
        del tail[:-TAIL_BYTES]
        if self._operation is not None:
            await in_thread(self._operation.write, stream, content)
        self._got[stream] += len(content)

    async def ends(self, guard: Guard, step: Step, ended: Ended) -> tuple[str, str]:
        """Return the ends of both outputs as texts; whoever comes next in the step writes on."""
        found, sizes = [], {_STDOUT: ended.stdout, _STDERR: ended.stderr}
        for stream, size in sizes.items():
            tail = bytes(self._tails[stream])
            if len(tail) < min(size, TAIL_BYTES):
                begin = max(0, size - TAIL_BYTES)
                tail = b"".join([one async for one in guard.output(step.id, stream, begin)])
            if len(tail) < min(size, TAIL_BYTES):
                raise guard.interruption("reset")  # it was lost in the moment before
            found.append(told(tail))
        self._before.update(sizes)
        return found[0], found[1]

    def _here(self, stream: str) -> int:
        if self._operation is None:
            return 0
        return max(0, self._operation.written(stream) - self._before[stream])
