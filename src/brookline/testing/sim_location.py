"""The location of a simulation: its machines are there from the beginning, and are never given back."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from brookline.errors import InvalidInput, RemoteError, Unreachable
from brookline.locations.command import Command, Finished
from brookline.locations.guard import GUARD, Guard, Place, Step
from brookline.locations.guarded import run_guarded
from brookline.locations.machine import Host
from brookline.locations.recorded import RecordedGuard
from brookline.operations.safety import guarded
from brookline.testing.sim_link import Link
from brookline.testing.sim_session import SimSession

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from brookline.locations.kinds import Need
    from brookline.locations.specs import Spec
    from brookline.model.location import Location
    from brookline.testing.sim_machine import SimMachine
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

_CONNECT_S = 0.5
_SILENT_S = 10.0


class SimShell:
    """Implements `brookline.locations.shells.Shell`.

    Args:
        machine: To which it leads.
        clock: Of whoever connects.
    """

    def __init__(self, machine: SimMachine, clock: Clock) -> None:
        self.name = machine.name
        self._machine = machine
        self._clock = clock

    @contextlib.asynccontextmanager
    async def open(
        self,
        *argv: str,
        stdin: bytes = b"",
        attached: bool = True,  # noqa: ARG002 - what has come there runs on in any case
    ) -> AsyncIterator[SimSession]:
        """Start a program for the time of a block.

        Raises:
            Unreachable: If the machine is out of reach.
        """
        if self._machine.link is Link.DOWN:
            await self._clock.sleep(_CONNECT_S)
            raise Unreachable(self.name, "nobody can connect", sent=False)
        if argv[1] == "-c":
            yield _installed()
        else:
            yield self._machine.connect(argv[2:], stdin)


def _installed() -> SimSession:
    session = SimSession(lambda: 0.0, lambda _, call: call())
    session.end(0)
    return session


class ReachedMachine:
    """A machine of a simulation, as one server sees it: implements `Machine`."""

    base_dir = "/srv"

    def __init__(self, machine: SimMachine, guard: RecordedGuard) -> None:
        name = machine.name
        self.host = Host(name, name, name, name, name, "sim")
        self._guard = guard

    def path(self, text: str) -> str:
        """Return the absolute path of one as a login there reads it."""
        return f"{self.base_dir}/{text}"

    @guarded(returns=Finished)
    async def run(self, command: Command | str) -> Finished:
        """Run a command under the guard, and wait for its end.

        Raises:
            RemoteError: If it cannot be started.
            Fenced: If the machine has seen a higher epoch.
            StepInterrupted: If nobody can know any more whether it ran.
        """
        whole = Command("command", command) if isinstance(command, str) else command
        return await run_guarded(self._guard, whole)

    async def collect(self, step_ids: Sequence[str], epoch: int = 0) -> None:
        """Clear away what is kept of steps of an operation that has ended."""
        await self._guard.guard.collect(step_ids, epoch)

    async def kill(self, step_id: str, epoch: int = 0) -> bool:
        """End a command of a step; tell whether it had begun."""
        return await self._guard.guard.kill(Step(step_id, epoch), "abandoned") is not None

    async def fetch_output(
        self, step_id: str, stream: str, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """Yield what a step wrote, from a place on."""
        async for content in self._guard.guard.output(step_id, stream, offset):
            yield content

    async def put(self, content: bytes, path: str) -> None:
        """Refuse: these machines have no files.

        Raises:
            RemoteError: Always.
        """
        raise RemoteError(f"{self.host.name} has no files: {len(content)} bytes for {path}")

    async def is_free(self, port: int) -> bool:  # noqa: ARG002
        """Tell whether nothing listens on a port: nothing ever does."""
        return True


class SimKind:
    """Implements `brookline.locations.kinds.Kind` on one server.

    Args:
        machines: By name.
        clock: Of the server.
    """

    names: tuple[str, ...] = ("sim",)
    type = "brookline.testing.Sim"
    machine_type = "brookline.testing.SimMachine"

    def __init__(self, machines: Mapping[str, SimMachine], clock: Clock) -> None:
        self._machines = machines
        self._clock = clock
        self._guards: dict[str, Guard] = {}

    def record(self, spec: Spec) -> Value:
        """Refuse: its machines are there already.

        Raises:
            InvalidInput: Always.
        """
        raise InvalidInput(f"{spec.text}: a simulation obtains no machines")

    async def obtain(self, location: Location, need: Need) -> Value:
        """Refuse likewise.

        Raises:
            RemoteError: Always.
        """
        raise RemoteError(f"{location.name} has no machine for {need.entity_id}")

    async def release(self, machine: Location) -> None:
        """Do nothing."""

    def machine(self, machine: Location) -> ReachedMachine:
        """Return the machine of a record."""
        reached = self._machines[machine.id]
        guard = self._guards.get(machine.id)
        if guard is None:
            place = Place.of(machine.config)
            shell = SimShell(reached, self._clock)
            guard = Guard(shell, "/guard", "/guard/own", place, silent_s=_SILENT_S)
            self._guards[machine.id] = guard
        return ReachedMachine(reached, RecordedGuard(guard, machine))

    def begin(self) -> None:
        """Take each machine for what its record says, as the node begins to lead."""
        self._guards.clear()


def machine_record(machine: SimMachine) -> Value:
    """Return the record of a machine."""
    place = Place("/guard/own", machine.folder, machine.boot)
    return {
        "name": machine.name,
        "spec": "",
        "type": SimKind.machine_type,
        "parent": "",
        "config": {GUARD: place.to_value()},
    }
