"""Running a command under the guard, as part of an operation or outside of all.

In an operation, its streams hold what the command read and wrote. A master that takes the operation
up again goes on with each stream where its own copy of it ends, on another node at its beginning.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import signal
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from brookline.errors import Cancelled, Fenced, RemoteError, TimedOut
from brookline.journal.queue import Decision
from brookline.locations import here
from brookline.locations.command import Command, Finished
from brookline.locations.guard import GUARD, Place, Step
from brookline.locations.payload import encode
from brookline.locations.ports import LOCATION
from brookline.locations.threads import in_thread
from brookline.operations.operation import Operation, current
from brookline.operations.task import KIND as TASK
from brookline.operations.task import Status
from brookline.values.ids import new_id
from brookline.wire.changes import Merge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.records import View
    from brookline.locations.answers import Ended
    from brookline.locations.guard import Guard
    from brookline.model.location import Location
    from brookline.operations.running import Running

log = logging.getLogger("brookline.locations")

STDOUT = "stdout"
STDERR = "stderr"

_TAIL_BYTES = 64 * 1024
_SIGNALLED = 128
_TIMEOUT = "timeout"
_CANCELLED = "cancelled"
_OVERDUE = "overdue"

_BEFORE: contextvars.ContextVar[tuple[Operation, Counter[str]] | None] = contextvars.ContextVar(
    "before", default=None
)
"""Of the current operation: how much of its streams is of earlier commands of the same step."""


class RecordedGuard:
    """The guard of a machine together with the record of the machine.

    Args:
        guard: The guard.
        machine: The machine, as recorded when it was asked for; None if it has no record.
    """

    def __init__(self, guard: Guard, machine: Location | None = None) -> None:
        self.guard = guard
        self._machine_id = "" if machine is None else machine.id
        self._recorded = None if machine is None else Place.of(machine.config)

    async def check(self, operation: Operation | None, step: Step) -> None:
        """Make sure that the machine would know if a step had been begun there before.

        Raises:
            StepInterrupted: If it does not, for its folder is newer than the operation.
            RemoteError: If it does not answer.
        """
        if operation is None or operation.fresh:
            return
        root = operation.root.task
        if self._machine_id not in root.resets and root.id not in self.guard.doubted:
            return
        if (await self.guard.status(step.id)).state == "absent":
            raise self.guard.interruption()

    async def lost(self, operation: Operation) -> None:
        """Commit that the machine has lost what was done there for operations that have not ended.

        Raises:
            NotMaster: If this node does not lead any more.
        """
        found: list[str] = []

        def decide(view: View) -> Decision:
            found[:] = [one for one in view.ids(TASK) if _may_go_on(view, one)]
            return Decision([_reset(view, one, self._machine_id) for one in found])

        if self._machine_id:
            await operation.record(decide, name="guard folder lost")
        self.guard.doubted.update(found)

    async def record(self, operation: Operation | None) -> None:
        """Record by what the guard is known now, if that is another than before.

        So the next master takes the folder and the boot of the machine for what they are.

        Raises:
            NotMaster: If this node does not lead any more.
        """
        place = self.guard.place
        if not self._machine_id or operation is None or place in (None, self._recorded):
            return

        def decide(view: View) -> Decision:
            record = view.get(LOCATION, self._machine_id)
            if record is None:
                return Decision([])
            config = {**record["config"], GUARD: place.to_value()}
            return Decision([Merge(LOCATION, self._machine_id, {"config": config})])

        await operation.record(decide, name=GUARD)
        self._recorded = place


def _may_go_on(view: View, task_id: str) -> bool:
    """Tell whether it is an operation that has not ended, or that somebody may resume."""
    value = view.get(TASK, task_id) or {}
    status = Status(value["status"])
    return not value.get("parent") and (not status.ended or status is Status.INTERRUPTED)


def _reset(view: View, task_id: str, machine_id: str) -> Merge:
    before = (view.get(TASK, task_id) or {}).get("resets", ())
    return Merge(TASK, task_id, {"resets": list(dict.fromkeys([*before, machine_id]))})


async def run_guarded(recorded: RecordedGuard, command: Command) -> Finished:
    """Run a command and wait for its end.

    Raises:
        InvalidInput: If it has a NUL character.
        RemoteError: If it cannot be started.
        TimedOut: If another server ended it because the time of the step was over.
        Cancelled: If another server ended it because it was cancelled.
        Fenced: If the machine has seen a higher epoch.
        StepInterrupted: If nobody can know any more whether it ran.
    """
    payload = encode(command)
    guard, operation = recorded.guard, current()
    step = _step_of(operation)
    if operation is not None:
        operation.leaves(guard, step.id)
    output = _Output(operation)
    output.write_input(command)
    try:
        await recorded.check(operation, step)
        lost = None if operation is None else functools.partial(recorded.lost, operation)
        run = functools.partial(guard.run, payload=payload, sink=output, lost=lost)
        ended = await _ended(guard, step, command, run=run, output=output)
    except asyncio.CancelledError:
        if operation is None or not operation.handed_over:
            await _give_up(guard, step, _OVERDUE if _ran_out(operation) else _CANCELLED)
        raise
    except Fenced as fence:
        if operation is not None:
            await _refused_though_leading(operation, guard, fence)
        raise
    stdout, stderr = await output.ends(guard, step, ended)
    await recorded.record(operation)
    return _finished(command, ended, stdout, stderr)


async def _refused_though_leading(operation: Operation, guard: Guard, fence: Fenced) -> None:
    """Tell a node that was deposed from one whose plane is not the one that the machine knows.

    Raises:
        NotMaster: If this node does not lead any more.
        Fenced: Likewise.
        RemoteError: If it does: a commit that succeeds now proves that nobody came after it.
    """
    await operation.record(lambda _view: Decision([]), name="guard refuses")
    folder = guard.place.folder if guard.place else "the folder of its guard"
    raise RemoteError(
        f"{fence.message}, which is not of this plane as it is now: another plane uses the machine, or "
        f"this one was restored from a backup. If no other uses it any more, remove {folder} there"
    ) from fence


def _step_of(operation: Operation | None) -> Step:
    if operation is None:
        return Step(new_id(), fresh=True, kept=False)
    return Step(operation.guard_id(), operation.epoch, fresh=operation.fresh)


async def _ended(
    guard: Guard,
    step: Step,
    command: Command,
    *,
    run: Callable[[Step], Awaitable[Ended]],
    output: _Output,
) -> Ended:
    """Follow a command to its end, or kill it when its time is over."""
    loop, limit = asyncio.get_running_loop(), asyncio.timeout(None)

    def began(age_s: float) -> None:
        if command.timeout_s is not None:
            limit.reschedule(loop.time() + max(0.0, command.timeout_s - age_s))

    output.on_begin = began
    try:
        async with limit:
            return await run(step)
    except TimeoutError:
        if not limit.expired():
            raise
    output.on_begin = None
    await guard.kill(step, _TIMEOUT)
    return await run(replace(step, fresh=False))


def _ran_out(operation: Running | None) -> bool:
    """Tell whether it ends because its time is over, or that of what it is a part of."""
    while operation is not None and not operation.ran_out:
        operation = operation.parent
    return operation is not None


async def _give_up(guard: Guard, step: Step, why: str) -> None:
    try:
        await guard.kill(step, why)
        if not step.kept:
            await guard.collect([step.id])
    except RemoteError as error:
        fields = {"step": step.id, "error": error.message}
        log.warning("command not killed", extra={"fields": fields})


def _finished(command: Command, ended: Ended, stdout: str, stderr: str) -> Finished:
    if ended.why == "unstarted":
        said = (stderr.strip() or "nothing is known of the reason").rpartition("\n")[2]
        raise RemoteError(f"{command.name} cannot be started: {said}")
    killed = ended.code is None or ended.code > _SIGNALLED
    if ended.why == _OVERDUE and killed:
        # By a server that could not record any more that the step's time was over.
        raise TimedOut(f"{command.name} did not end in the time of its step")
    if ended.why == _CANCELLED and killed:
        raise Cancelled(f"{command.name} was cancelled")
    if ended.why == _TIMEOUT:
        return Finished(-1, stdout, stderr, timed_out=True)
    if ended.code is not None:
        return Finished(ended.code, stdout, stderr)
    number = signal.SIGKILL if ended.why == "lost" else signal.SIGTERM
    return Finished(-number, stdout, stderr)


def _before(operation: Operation | None) -> Counter[str]:
    if operation is None:
        return Counter()
    found = _BEFORE.get()
    if found is None or found[0] is not operation:
        # One that is done anew has what the command wrote that was lost with its machine.
        lost = (STDOUT, STDERR) if operation.task.again and operation.fresh else ()
        found = (operation, Counter({name: operation.written(name) for name in lost}))
        _BEFORE.set(found)
    return found[1]


class _Output:
    """Passes on what a command writes to the streams of its task, and keeps the ends of it."""

    def __init__(self, operation: Operation | None) -> None:
        self.on_begin: Callable[[float], None] | None = None
        self._operation = operation
        self._before = _before(operation)
        self._first = {name: self._here(name) for name in (STDOUT, STDERR)}
        self._got = Counter[str]()
        self._tails = {STDOUT: bytearray(), STDERR: bytearray()}

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
        del tail[:-_TAIL_BYTES]
        if self._operation is not None:
            await in_thread(self._operation.write, stream, content)
        self._got[stream] += len(content)

    async def ends(self, guard: Guard, step: Step, ended: Ended) -> tuple[str, str]:
        """Return the ends of both outputs as texts; whoever comes next in the step writes on."""
        found = []
        for stream, size in ((STDOUT, ended.stdout), (STDERR, ended.stderr)):
            self._before[stream] += size
            tail = bytes(self._tails[stream])
            if len(tail) < min(size, _TAIL_BYTES):
                begin = max(0, size - _TAIL_BYTES)
                tail = b"".join([one async for one in guard.output(step.id, stream, begin)])
            if len(tail) < min(size, _TAIL_BYTES):
                raise guard.interruption("reset")  # it was lost in the moment before
            found.append(tail.decode("utf-8", "replace"))
        return found[0], found[1]

    def _here(self, stream: str) -> int:
        if self._operation is None:
            return 0
        return max(0, self._operation.written(stream) - self._before[stream])
