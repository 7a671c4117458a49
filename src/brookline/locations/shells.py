"""Shells: how programs of ours are run on a machine. All that the guard's client needs of one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from typing import IO, TYPE_CHECKING, Protocol

from brookline.errors import RemoteError, Unreachable
from brookline.locations import here
from brookline.locations.processes import Child, Turns, spawn

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from brookline.values.clock import Clock

_BUFFER_BYTES = 256 * 1024
_ERROR_BYTES = 2000
_END_S = 5.0


class Session(Protocol):
    """A program that was started."""

    async def line(self) -> bytes:
        """Return the next line that it says, with its end; without one if it said no more."""
        ...

    async def read(self, most: int) -> bytes:
        """Return some of the next bytes that it says; nothing if it said all."""
        ...

    async def complaint(self) -> tuple[int, str]:
        """Wait for its end; return its exit code, and what it said of errors."""
        ...


class Shell(Protocol):
    """Runs programs on a machine, as its login user in his folder.

    A program that ended with 255, by a signal or for no known reason may have run on or never have
    been started, since the way to it broke.

    Attributes:
        name: Of the machine, for people.
    """

    name: str

    def open(
        self, *argv: str, stdin: bytes = b"", attached: bool = True
    ) -> contextlib.AbstractAsyncContextManager[Session]:
        """Start a program for the time of a block.

        Args:
            *argv: The program and its arguments; whatever is in them reaches it literally.
            stdin: What it reads.
            attached: Whether it may be ended with the block; else it ends by itself. A block that
                raises `Unreachable` has given it up, and it is ended in any case.

        Raises:
            Unreachable: If there is no way to the machine. To find that out takes a time of its own,
                but not for ever.
            RemoteError: If it cannot be started.
        """
        ...


class LocalShell:
    """Runs programs on this host.

    Args:
        clock: For time-outs.
        turns: Lets few be started at a time.
    """

    def __init__(self, clock: Clock, turns: Turns) -> None:
        self.name = "localhost"
        self._clock = clock
        self._turns = turns

    @contextlib.asynccontextmanager
    async def open(
        self, *argv: str, stdin: bytes = b"", attached: bool = True
    ) -> AsyncIterator[Session]:
        """Start a program for the time of a block.

        Raises:
            RemoteError: If it cannot be started.
        """
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as errors:
            given.write(stdin)
            given.seek(0)
            child, said = await self._start(argv, given, errors)
            try:
                reader = asyncio.StreamReader(limit=_BUFFER_BYTES)
                with said, contextlib.closing(await _connected(reader, said)):
                    yield _LocalSession(child, reader, errors)
            except Unreachable:
                child.terminate()
                raise
            finally:
                if attached:
                    child.terminate()
                child.leave()

    async def _start(
        self, argv: tuple[str, ...], given: IO[bytes], errors: IO[bytes]
    ) -> tuple[Child, IO[bytes]]:
        env, cwd = here.login_env(), here.login_folder()
        async with self._turns.turn():
            ours, its = os.pipe()
            said = os.fdopen(ours, "rb", 0)
            try:
                with os.fdopen(its, "wb", 0) as output:
                    process = spawn(
                        argv, env=env, cwd=cwd, given=given, output=output, errors=errors
                    )
            except OSError as error:
                said.close()
                raise RemoteError(f"{argv[0]} cannot be started: {error}") from error
        return Child(process, self._clock), said


class _LocalSession:
    def __init__(self, child: Child, reader: asyncio.StreamReader, errors: IO[bytes]) -> None:
        self._child = child
        self._reader = reader
        self._errors = errors

    async def line(self) -> bytes:
        return await self._reader.readline()

    async def read(self, most: int) -> bytes:
        return await self._reader.read(most)

    async def complaint(self) -> tuple[int, str]:
        exit_code = await self._child.wait(_END_S)
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _ERROR_BYTES))
        text = self._errors.read().decode("utf-8", "replace").strip()
        return -1 if exit_code is None else exit_code, text


async def _connected(reader: asyncio.StreamReader, said: IO[bytes]) -> asyncio.ReadTransport:
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), said
    )
    return transport
