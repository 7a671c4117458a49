"""How a drill ends the master's mastership: by an orderly hand-over, by killing or by pausing its process."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Never

from brookline.client import calls
from brookline.errors import Conflict
from brookline.server.lock import holder_of
from brookline.values.folders import here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from brookline.cli.tool import Tool
    from brookline.client.states import Member

KILL, PAUSE, GRACEFUL = "kill", "pause", "graceful"

_HAND_OVER_S = 30.0


class Process:
    """The master's process on this machine, by the lock of its home.

    Attributes:
        home: Its home.
        pid: Its id.
    """

    def __init__(self, home: Path, pid: int, instance: str) -> None:
        self.home = home
        self.pid = pid
        self._instance = instance

    @classmethod
    def find(cls, master: Member, home: str, folder: Path | None = None) -> Process:
        """Find the process of the master: its home is named, or in or below the current folder.

        Raises:
            Conflict: If its home is not here.
        """
        folder = folder or here()
        named = [Path(home)] if home else []
        for one in (*named, folder, *sorted(path.parent for path in folder.glob("*/lock"))):
            holder = holder_of(one)
            if holder is not None and holder.instance == master.instance:
                return cls(one, holder.pid, master.instance)
        raise Conflict(
            f"the home of {master.name} (host {master.host or '?'}), which leads, is not here: run this"
            " on its machine with --home DIR, or in the folder of its home; or give --graceful"
        )

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if it is still that very process.

        Raises:
            Conflict: If it is not.
        """
        holder = holder_of(self.home)
        if holder is None or (holder.instance, holder.pid) != (self._instance, self.pid):
            raise Conflict(f"process {self.pid} has ended meanwhile; nothing was done")
        os.kill(self.pid, number)


@contextlib.contextmanager
def ended(tool: Tool, how: str, process: Process | None) -> Iterator[None]:
    """End the mastership, until the end of the block: what was paused goes on then."""
    if how == GRACEFUL or process is None:
        tool.client.do(calls.switchover(), timeout_s=_HAND_OVER_S)
        yield
        return
    try:
        process.send(signal.SIGKILL if how == KILL else signal.SIGSTOP)
        yield
    finally:
        if how == PAUSE:
            with contextlib.suppress(Conflict, ProcessLookupError):
                process.send(signal.SIGCONT)


_ENDS = (signal.SIGTERM, signal.SIGHUP)


@contextlib.contextmanager
def tidied_up() -> Iterator[None]:
    """Let also SIGTERM and SIGHUP end the block in an orderly way, as Ctrl-C does.

    By default they end a process on the spot, and what it has paused or made stays so. The first one
    counts; those after it do not disturb the tidying. What is ignored stays so, as behind nohup.
    """
    former = {one: signal.getsignal(one) for one in _ENDS}
    heard = {one: each for one, each in former.items() if each is not signal.SIG_IGN}

    def interrupt(number: int, _frame: FrameType | None) -> Never:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)
        if number == signal.SIGHUP:
            _leave_terminal()
        raise KeyboardInterrupt

    for one in heard:
        signal.signal(one, interrupt)
    try:
        yield
    finally:
        for one, each in heard.items():
            signal.signal(one, each)


def _leave_terminal() -> None:
    """Write no more to a terminal that was closed: that fails, in the midst of the tidying."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):
            if stream.isatty():
                os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
