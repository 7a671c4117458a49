"""The lock on a home: one living process a home, and a proof of death for everybody else.

The lock is an `flock` on ``<home>/lock``, which the kernel gives back when the process ends in
whatever way. The file is never removed, and what the holder wrote into it stays: so the next start
knows which instance ran here before.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Outcome, Unavailable

if TYPE_CHECKING:
    from brookline.values.pace import Pace
    from brookline.wire.heartbeats import Heartbeat

LOCK = "lock"

_TRIES, _PAUSE_S = 20, 0.05
"""Others may hold the lock for a moment, to find out whether we are dead."""


class Holder(msgspec.Struct, frozen=True):
    """Who holds a lock, or held it last.

    Attributes:
        instance: Of this start.
        name: Of the node.
        pid: Of its process.
        url: Where it listens; empty until it does.
        started_ms: Wall clock at its start.
        boot: Id of the machine's boot.
        home: Id of the home; a lock file that was copied along names another one.
    """

    instance: str = ""
    name: str = ""
    pid: int = 0
    url: str = ""
    started_ms: int = 0
    boot: str = ""
    home: str = ""


class HomeInUse(Unavailable):
    """Another process runs on this home.

    Attributes:
        holder: Who it is.
    """

    code = "home-in-use"

    def __init__(self, home: Path, holder: Holder) -> None:
        where = f" at {holder.url}" if holder.url else ""
        who = (
            f"node {holder.name} runs there as process {holder.pid}{where}"
            if holder.pid
            else "another process has just locked it"
        )
        super().__init__(
            f"the home {home} is in use: {who}; name another --home to start a second node",
            Outcome.NOT_DONE,
        )
        self.holder = holder


class HomeLock:
    """The lock of this process on its home; held until `release`, or the end of the process."""

    def __init__(self, descriptor: int, former: Holder) -> None:
        self._descriptor = descriptor
        self.former = former
        """Who ran on this home before."""

    @classmethod
    def acquire(cls, home: Path, pace: Pace) -> HomeLock:
        """Lock a home.

        Raises:
            HomeInUse: If another process has it.
            OSError: If the home cannot be written.
        """
        descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        for _ in range(_TRIES):
            if _lock(descriptor, fcntl.LOCK_EX):
                return cls(descriptor, _holder(descriptor))
            pace.sleep(_PAUSE_S)
        holder = _holder(descriptor)
        os.close(descriptor)
        raise HomeInUse(home, holder)

    def write(self, holder: Holder) -> None:
        """Say who holds the lock; readers see it whole or, for a moment, nothing."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, msgspec.json.encode(holder) + b"\n", 0)
        os.fsync(self._descriptor)

    def release(self) -> None:
        """Give the lock back."""
        os.close(self._descriptor)


def boot_id() -> str:
    """Return the id of the machine's boot, or nothing where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def holder_of(home: Path) -> Holder | None:
    """Return who runs on a home of this machine now, or None if nobody does, or it is no home."""
    try:
        descriptor = os.open(home / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        holder = _holder(descriptor)
        runs = not _lock(descriptor, fcntl.LOCK_SH)
        return holder if runs and holder.pid and holder.boot == boot_id() else None
    finally:
        os.close(descriptor)


def proved_dead(heartbeat: Heartbeat) -> bool:
    """Tell whether an instance is proved dead.

    It is if it ran under this very boot of this machine, the lock file of its home names it, and
    nobody holds that lock. Anything else proves nothing.
    """
    if not heartbeat.boot or heartbeat.boot != boot_id() or not heartbeat.home_path:
        return False
    try:
        descriptor = os.open(Path(heartbeat.home_path) / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        if not _lock(descriptor, fcntl.LOCK_SH):
            return False
        # Read under the lock: what a newer holder would write is not there yet.
        holder = _holder(descriptor)
        return (holder.instance, holder.home) == (heartbeat.instance, heartbeat.home)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(descriptor: int) -> Holder:
    try:
        return msgspec.json.decode(os.pread(descriptor, 65536, 0), type=Holder)
    except msgspec.DecodeError:
        return Holder()
