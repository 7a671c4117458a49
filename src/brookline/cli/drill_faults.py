"""How a drill ends the master's mastership: by an orderly hand-over, by killing or by pausing its process."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.client import calls
from brookline.errors import Conflict
from brookline.server.lock import holder_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        folder = folder or Path.cwd()
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
    process.send(signal.SIGKILL if how == KILL else signal.SIGSTOP)
    try:
        yield
    finally:
        if how == PAUSE:
            with contextlib.suppress(Conflict, ProcessLookupError):
                process.send(signal.SIGCONT)
