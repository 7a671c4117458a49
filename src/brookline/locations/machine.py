"""Machines: what entities ask of one, whatever it is and however it is reached."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from brookline.locations.command import Command, Finished


@dataclass(frozen=True, slots=True)
class Host:
    """Where a machine is.

    Attributes:
        key: Tells this host from others; what is shared on a host, such as ports and
            installations, is found by it.
        name: Host name.
        address: IP address or name under which others reach it.
        subnet_name: The same as seen inside of its network.
        subnet_address: The same as seen inside of its network.
        user: Who logs in there.
        ssh_port: Where SSH listens; 0 if it is not used.
    """

    key: str
    name: str
    address: str
    subnet_name: str
    subnet_address: str
    user: str
    ssh_port: int = 22


class Machine(Protocol):
    """A machine on which commands run.

    Whoever runs a command in an operation finds its input, environment and output in the
    streams of the current task. Cancelling the operation kills the command with all that it
    started; handing the operation over leaves it running.
    """

    @property
    def host(self) -> Host:
        """Where it is."""
        ...

    @property
    def base_dir(self) -> str:
        """Absolute path of the folder for all that is put there."""
        ...

    def path(self, text: str) -> str:
        """Return the absolute path of one as a login there reads it: ``~/apps``, ``apps``."""
        ...

    async def run(self, command: Command | str) -> Finished:
        """Run a command and wait for its end; a mere text is a command of that script.

        In an operation, a command that survives runs once, whichever masters ask for it: who takes
        the operation up again attaches to it, or gets its outcome. A machine out of reach is waited
        for; what is given up meanwhile is ended there once it answers.

        Raises:
            Unreachable: Outside of all operations: if nobody knows whether it ran.
            RemoteError: If it could not be run at all.
            Fenced: If the machine has seen a higher epoch.
            StepInterrupted: If nobody can know any more whether it ran.
        """
        ...

    async def collect(self, step_ids: Sequence[str], epoch: int = 0) -> None:
        """Clear away what is kept of steps of an operation that has ended.

        Args:
            step_ids: Ids of the tasks of steps; those that ran no command here are passed over.
            epoch: Of the mastership.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            RemoteError: If it does not answer.
        """
        ...

    def fetch_output(self, step_id: str, stream: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Yield what a step wrote to ``stdout`` or ``stderr``, from a place on.

        Nothing comes of a step that was not run here, or whose output was cleared away.

        Raises:
            RemoteError: If it does not answer.
        """
        ...

    async def kill(self, step_id: str, epoch: int = 0) -> bool:
        """End a command of a step with all that it started; one that was not begun never will be.

        Returns:
            Whether it had begun.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            Unreachable: If nobody knows whether it runs on.
        """
        ...

    async def put(self, content: bytes, path: str) -> None:
        """Write a file as a whole, with the folders above it.

        Raises:
            RemoteError: If it could not be written.
        """
        ...

    async def is_free(self, port: int) -> bool:
        """Tell whether nothing listens on a port there, as far as that can be known."""
        ...
