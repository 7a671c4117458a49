"""The server's own host as a machine: commands are executed directly, without SSH."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import socket
import tempfile
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from brookline.errors import InvalidInput, RemoteError
from brookline.locations import here
from brookline.locations.command import Command, Finished
from brookline.locations.processes import Child, Turns, spawn
from brookline.locations.runfolder import STDERR, STDOUT, RunFolder, tail_of
from brookline.operations.operation import Operation, current
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from brookline.locations.machine import Host
    from brookline.values.clock import Clock

T = TypeVar("T")

_PUMP_S = 0.25

# Not the default executor: a burst of output must not hold up the files of the store.
_THREADS = concurrent.futures.ThreadPoolExecutor(4, thread_name_prefix="commands")


class LocalMachine:
    """This host.

    A command runs in a session of its own. One that survives has its output and exit code in
    a folder, so that neither the end nor the death of the server touches it.

    Args:
        host: Where it is, as recorded when it was obtained.
        base_dir: Folder for all that is put there.
        clock: For time-outs.
        turns: Shared by the machines of a server.
    """

    def __init__(
        self, host: Host, base_dir: str, clock: Clock, *, turns: Turns | None = None
    ) -> None:
        self.host = host
        self.base_dir = base_dir
        self._clock = clock
        self._turns = turns or Turns(clock)

    async def run(self, command: Command | str) -> Finished:
        """Run a command and wait for its end.

        Raises:
            InvalidInput: If its script or a variable has a NUL character.
            RemoteError: If it cannot be started, or if the machine is another host.
        """
        if isinstance(command, str):
            command = Command("command", command)
        self._check_host()
        if not command.survives:
            return await self._ask(command)
        operation = current()
        folder = RunFolder(Path(self.base_dir) / "commands" / f"{command.name}-{new_id()}")
        async with self._turns.turn():
            if operation is not None:
                operation.write("stdin", command.script.encode())
                operation.write("env", here.env_text(command.env).encode())
            child = self._start(folder, command)
        return await self._attend(child, folder, command=command, operation=operation)

    async def put(self, content: bytes, path: str) -> None:
        """Write a file as a whole, with the folders above it.

        Raises:
            RemoteError: If it cannot be written, or if the machine is another host.
        """
        self._check_host()
        try:
            await _in_thread(here.write_whole, content, Path(path))
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

    def _start(self, folder: RunFolder, command: Command) -> Child:
        with _as_our_errors(command):
            here.own_folder(Path(self.base_dir))
            folder.prepare(command.script)
            with folder.outputs() as (output, errors):
                return self._spawn(folder.argv(here.shell()), command, output=output, errors=errors)

    def _spawn(
        self, argv: Sequence[str], command: Command, *, output: IO[bytes], errors: IO[bytes]
    ) -> Child:
        for folder in filter(None, (command.cwd, *command.makes)):
            Path(folder).mkdir(parents=True, exist_ok=True)
        env = {**here.login_env(), **command.env}
        cwd = command.cwd or here.login_folder()
        return Child(spawn(argv, env=env, cwd=cwd, output=output, errors=errors), self._clock)

    async def _attend(
        self, child: Child, folder: RunFolder, *, command: Command, operation: Operation | None
    ) -> Finished:
        """Follow a command to its end, its output into the streams of the task."""
        try:
            exit_code = await self._follow(child, folder, command=command, operation=operation)
            finished = await _in_thread(_outcome, folder, exit_code)
        except asyncio.CancelledError:
            if operation is not None and operation.handed_over:
                child.leave()
            else:
                await child.kill()
                folder.remove()
            raise
        if not child.left_somebody():
            # Else a process that was launched may write to the output for years to come.
            await _in_thread(folder.remove)
        return finished

    async def _follow(
        self, child: Child, folder: RunFolder, *, command: Command, operation: Operation | None
    ) -> int | None:
        """Return the exit code of the runner; None if the time was over and it was killed."""
        deadline = self._clock.monotonic() + (command.timeout_s or float("inf"))
        while True:
            left = deadline - self._clock.monotonic()
            exit_code = await child.wait(max(0.0, min(_PUMP_S, left)))
            late = exit_code is None and left <= 0
            if late:
                await child.kill()
            if operation is not None:
                await _in_thread(folder.pump, operation.write)
            if late or exit_code is not None:
                return exit_code

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
            out, err = tail_of(output), tail_of(errors)
            return Finished(-1 if exit_code is None else exit_code, out, err, exit_code is None)


async def _in_thread(work: Callable[..., T], *args: Any) -> T:
    return await asyncio.get_running_loop().run_in_executor(
        _THREADS, functools.partial(work, *args)
    )


def _outcome(folder: RunFolder, exit_code: int | None) -> Finished:
    late = exit_code is None
    written = folder.exit_code()
    if written is not None:
        exit_code = written  # else the disk is full, and only the runner's own exit code is known
    stdout, stderr = folder.tail(STDOUT), folder.tail(STDERR)
    return Finished(-1 if exit_code is None else exit_code, stdout, stderr, late)


@contextlib.contextmanager
def _as_our_errors(command: Command) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RemoteError(f"{command.name} cannot be started: {error}") from error
    except ValueError as error:
        raise InvalidInput(f"{command.name} cannot be started: {error}") from error
