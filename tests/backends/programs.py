"""Servers of other makers, as processes on loopback, for tests and benchmarks; ended by their pid."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ROOT = Path(__file__).resolve().parents[2]
FETCHED = ROOT / ".stores" / "bin"
"""Where `.ci/stores` puts what it could not install for the whole machine."""

PATIENCE_S = 60.0

PORTS = range(20_000, 30_000)


class Missing(Exception):
    """A program is not on this machine; the message says which, and how to get it."""


def find(name: str, *folders: str) -> str:
    """Return the path of a program, in some folders, among the fetched ones, or on the PATH.

    Raises:
        Missing: If it is nowhere.
    """
    for folder in (*map(Path, folders), FETCHED):
        if os.access(folder / name, os.X_OK):
            return str(folder / name)
    if found := shutil.which(name):
        return found
    raise Missing(f"no {name} is here: run .ci/stores")


def free_port() -> int:
    """Return a port that nobody uses, outside of those that the system gives to clients.

    Between this and the start of a server that is told to listen on it, a client's connection may
    take one of those.
    """
    for port in random.sample(PORTS, len(PORTS)):
        with socket.socket() as sock, contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port is free")


def listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False


def _stands(stat: Path) -> bool:
    try:
        return stat.read_text().rpartition(") ")[2].startswith(("T", "Z", "X"))
    except (FileNotFoundError, ProcessLookupError):
        return True  # that thread has ended


class Program:
    """One process; what it says is in a file.

    Args:
        folder: For that file.
        name: Of that file.
        options: For the process, as `subprocess.Popen` takes them.
    """

    def __init__(self, folder: Path, name: str, **options: Any) -> None:
        self.log = folder / f"{name}.log"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self, command: Sequence[str], ready: Callable[[], bool]) -> None:
        """Start it, and wait until it is ready."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                **self._options,
            )  # fmt: skip
        self.wait_until(ready)

    def wait_until(self, ready: Callable[[], bool]) -> None:
        """Wait until it is ready; it must not end meanwhile."""
        deadline = time.monotonic() + PATIENCE_S
        while not ready():
            assert self.runs, self.log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < deadline, self.log.read_text(errors="replace")[-3000:]
            time.sleep(0.02)

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        if number == signal.SIGSTOP:
            self._await_stop()

    def _await_stop(self) -> None:
        """Wait until all its threads stand still: some go on for a moment after the signal."""
        deadline = time.monotonic() + PATIENCE_S
        while not all(map(_stands, Path(f"/proc/{self.pid}/task").glob("*/stat"))):
            assert time.monotonic() < deadline
            time.sleep(0.001)

    def end(self, number: signal.Signals = signal.SIGTERM, patience_s: float = 10.0) -> None:
        """End it, by force if it takes longer than that."""
        if self._process is None:
            return
        self._process.send_signal(number)
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


class OneProcess:
    """A server that is one process, with files of its own that go with it.

    Args:
        name: Of the kind of server, for its folder.
        **options: For the process, as `subprocess.Popen` takes them.
    """

    def __init__(self, name: str, **options: Any) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix=f"brookline-{name}-"))
        self.port = free_port()
        self._program = Program(self.folder, "server", cwd=self.folder, **options)
        self._numbers = itertools.count(1)

    def stop(self) -> None:
        """End it."""
        self._program.end()

    def pause(self) -> None:
        self._program.send(signal.SIGSTOP)

    def resume(self) -> None:
        self._program.send(signal.SIGCONT)

    def close(self) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def place(self) -> str:
        """Return the URL of a store that nobody has used."""
        return self.url(f"plane-{os.getpid()}-{next(self._numbers)}")

    def url(self, prefix: str) -> str:
        """Return the URL of a store."""
        raise NotImplementedError
