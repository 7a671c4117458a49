"""The servers of the demo: real processes with homes of their own on one shared directory."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.values.pace import Pace

PREFERRED_PORTS = (8081, 8082)
LOG_LINES = 15


class Node:
    """One server."""

    def __init__(self, name: str, folder: Path, port: int) -> None:
        self.name = name
        self.home = folder / name
        self.shared = folder / "shared"
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def console(self) -> Path:
        """What the process has printed."""
        return self.home / "console.log"

    @property
    def pid(self) -> int:
        """Its process id, as ``pid.txt`` says; 0 if it does not."""
        return read_pid(self.home)

    def command(self, ha: str) -> list[str]:
        """Return the command that starts it."""
        return [
            *(sys.executable, "-m", "brookline.cli.main", "server"),
            *("--home", str(self.home), "--persistence-dir", str(self.shared)),
            *("--port", str(self.port), "--ha", ha, "--no-global-properties"),
        ]

    def start(self, ha: str) -> None:
        """Start it; it goes on when the demo ends."""
        self.home.mkdir(parents=True, exist_ok=True)
        with self.console.open("ab") as console:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                self.command(ha),
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def kill(self) -> int:
        """End it as a crash does, and return its process id."""
        pid = self.pid
        assert pid, f"{self.name} has no pid.txt"
        os.kill(pid, signal.SIGKILL)
        return pid

    def has_ended(self) -> bool:
        """Tell whether the process is gone; it is also taken off the process table."""
        return self._process is None or self._process.poll() is not None

    def log_tail(self) -> list[str]:
        """Return the last lines that it printed."""
        try:
            return self.console.read_text(encoding="utf-8", errors="replace").splitlines()[
                -LOG_LINES:
            ]
        except OSError:
            return []


def read_pid(home: Path) -> int:
    """Return the process id in a home's ``pid.txt``, 0 if there is none."""
    try:
        return int((home / "pid.txt").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0


def end_nodes(homes: Iterable[Path], pace: Pace, *, patience_s: float = 15.0) -> list[int]:
    """End the servers that run on these homes: gracefully, and by force what then still runs.

    Returns:
        The process ids of those that were ended.
    """
    pids = [pid for home in homes if (pid := read_pid(home)) and runs_on(pid, home)]
    for pid in reversed(
        pids
    ):  # one after the other: each that leaves finds who follows it, or nobody
        _signal(pid, signal.SIGTERM)
        deadline = pace.monotonic() + patience_s
        while is_alive(pid) and pace.monotonic() < deadline:
            pace.sleep(0.02)
    for pid in filter(is_alive, pids):
        _signal(pid, signal.SIGKILL)
    return pids


def runs_on(pid: int, home: Path) -> bool:
    """Tell whether a process is a server on that home: numbers of processes are used again."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return str(home).encode() in words


def is_alive(pid: int) -> bool:
    """Tell whether a process runs; one that has ended and waits for its parent does not."""
    with contextlib.suppress(ChildProcessError):  # not ours, or taken off already
        os.waitpid(pid, os.WNOHANG)
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def free_ports(count: int) -> list[int]:
    """Return ports of loopback that nobody listens on: the usual ones if they are free."""
    with contextlib.ExitStack() as kept:
        preferred = [
            kept.enter_context(sock) for sock in map(_bound, PREFERRED_PORTS[:count]) if sock
        ]
        others = [kept.enter_context(_any_port()) for _ in range(count - len(preferred))]
        return [sock.getsockname()[1] for sock in [*preferred, *others]]


def _bound(port: int) -> socket.socket | None:
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind(("127.0.0.1", port))
        sock.listen(1)
    except OSError:
        sock.close()
        return None
    return sock


def _any_port() -> socket.socket:
    sock = _bound(0)
    assert sock is not None, "the system gives a free port, or the machine is out of them"
    return sock


def _signal(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
