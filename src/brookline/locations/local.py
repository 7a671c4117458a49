"""The server's own host as a machine: commands are executed directly, without SSH."""

from __future__ import annotations

import contextlib
import functools
import os
import socket
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING

from brookline.errors import InvalidInput, RemoteError
from brookline.locations import here
from brookline.locations.command import TAIL_BYTES, Command, Finished, told
from brookline.locations.guard import Guard, Step
from brookline.locations.guarded import run_guarded
from brookline.locations.processes import Child, Turns, spawn
from brookline.locations.recorded import RecordedGuard
from brookline.locations.shells import LocalShell
from brookline.locations.threads import in_thread
from brookline.operations.safety import guarded, repeatable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

    from brookline.locations.machine import Host
    from brookline.values.clock import Clock


def default_base_dir() -> str:
    """Return AMP's default folder on the server's own host."""
    return str(Path(tempfile.gettempdir()) / f"brooklyn-{here.login_user()}")


def guard_home(base_dir: str) -> str:
    """Return the folder for guards of a machine with a base folder.

    It is beside all else that is put there, since whoever chose the base folder chose it for that.
    The default is among the temporary files, which are cleaned up now and then: not the guard's.
    """
    if base_dir == default_base_dir():
        return str(Path(here.login_folder()) / ".brookline" / "guard")
    return f"{base_dir}/guard"


class LocalMachine:
    """This host.

    A command that survives runs under the guard, so neither the end nor the death of the server
    touches it, and it runs once. A question runs in a session of its own, and dies with who asks.

    Args:
        host: Where it is, as recorded when it was obtained.
        base_dir: Folder for all that is put there.
        clock: For time-outs.
        turns: Shared by the machines of a server.
        guard: Its guard; None for one that is made at its first use.
    """

    def __init__(
        self,
        host: Host,
        base_dir: str,
        clock: Clock,
        *,
        turns: Turns | None = None,
        guard: RecordedGuard | None = None,
    ) -> None:
        self.host = host
        self.base_dir = base_dir
        self._clock = clock
        self._turns = turns or Turns(clock)
        self._guard = guard or self._own_guard()

    def path(self, text: str) -> str:
        """Return the absolute path of one as a login here reads it."""
        return here.seen_from_login(text)

    @guarded(returns=Finished)
    async def run(self, command: Command | str) -> Finished:
        """Run a command and wait for its end.

        Raises:
            InvalidInput: If its script or a variable has a NUL character.
            RemoteError: If it cannot be started, or if the machine is another host.
            Fenced: If the machine has seen a higher epoch.
            StepInterrupted: If nobody can know any more whether it ran.
        """
        if isinstance(command, str):
            command = Command("command", command)
        if not command.survives:
            self._check_host()
            return await self._ask(command)
        return await run_guarded(
            self._guard, command, prepare=functools.partial(self._prepare, command)
        )

    def _prepare(self, command: Command) -> None:
        """Have all that a command needs but the guard."""
        self._check_host()
        with _as_our_errors(command):
            here.own_folder(Path(self.base_dir))

    async def collect(self, step_ids: Sequence[str], epoch: int = 0) -> None:
        """Clear away what is kept of steps of an operation that has ended.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            RemoteError: If it does not answer, or if the machine is another host.
        """
        self._check_host()
        await self._guard.guard.collect(step_ids, epoch)

    async def fetch_output(
        self, step_id: str, stream: str, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """Yield what a step wrote to ``stdout`` or ``stderr``, from a place on.

        Raises:
            RemoteError: If it does not answer, or if the machine is another host.
        """
        self._check_host()
        async for content in self._guard.guard.output(step_id, stream, offset):
            yield content

    async def kill(self, step_id: str, epoch: int = 0) -> bool:
        """End a command of a step with all that it started; one that was not begun never will be.

        Returns:
            Whether it had begun.

        Raises:
            Fenced: If the machine has seen a higher epoch.
            Unreachable: If nobody knows whether it runs on, or if the machine is another host.
        """
        guard = self._guard.guard
        try:
            self._check_host()
        except RemoteError as error:
            raise guard.in_doubt(error) from error  # the home may have moved away from it
        return await guard.kill(Step(step_id, epoch), "abandoned") is not None

    @repeatable
    async def put(self, content: bytes, path: str) -> None:
        """Write a file as a whole, with the folders above it.

        Raises:
            RemoteError: If it cannot be written, or if the machine is another host.
        """
        self._check_host()
        try:
            await in_thread(here.write_whole, content, Path(path))
        except OSError as error:
            raise RemoteError(f"cannot write {path}: {error.strerror}") from error

    async def is_free(self, port: int) -> bool:
        """Tell whether nothing listens on a port of the loopback interface."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            # A port whose last connections are still closing counts as free, as for servers.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                return False
        return True

    def _check_host(self) -> None:
        own = here.host_key()
        if self.host.key != own:
            raise RemoteError(
                f"the machine is the host '{self.host.key}', and this server runs on '{own}': "
                "a location 'localhost' is always the host of the server that deployed to it"
            )

    def _own_guard(self) -> RecordedGuard:
        home = guard_home(self.base_dir)
        return RecordedGuard(Guard(LocalShell(self._clock, self._turns), home, f"{home}/own"))

    def _spawn(
        self, argv: Sequence[str], command: Command, *, output: IO[bytes], errors: IO[bytes]
    ) -> Child:
        for folder in filter(None, (command.cwd, *command.makes)):
            Path(folder).mkdir(parents=True, exist_ok=True)
        env = {**here.login_env(), **command.env}
        cwd = command.cwd or here.login_folder()
        return Child(spawn(argv, env=env, cwd=cwd, output=output, errors=errors), self._clock)

    async def _ask(self, command: Command) -> Finished:
        """Run a question: without a folder, and killed when nobody waits any more."""
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            argv = (here.shell(), "-e", "-c", command.script)
            async with self._turns.turn():
                with _as_our_errors(command):
                    child = self._spawn(argv, command, output=output, errors=errors)
            exit_code = None
            try:
                exit_code = await child.wait(command.timeout_s)
            finally:
                if exit_code is None:
                    await child.kill()
            out, err = _tail_of(output), _tail_of(errors)
            return Finished(-1 if exit_code is None else exit_code, out, err, exit_code is None)


def _tail_of(file: IO[bytes]) -> str:
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - TAIL_BYTES))
    return told(file.read(TAIL_BYTES))


@contextlib.contextmanager
def _as_our_errors(command: Command) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RemoteError(f"{command.name} cannot be started: {error}") from error
    except ValueError as error:
        raise InvalidInput(f"{command.name} cannot be started: {error}") from error
