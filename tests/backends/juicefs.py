"""A network file system of our own that two machines mount: JuiceFS, its two mounts on this one.

It stands in for NFS, whose client is a part of the kernel and so not to be had everywhere. Each mount is a process
with caches of its own, and may remember names and attributes for a while, as an NFS client does with ``actimeo``.
"""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.backends.programs import Missing, Program, find


class Mount:
    """One machine's view of the file system.

    Attributes:
        path: Where it is seen.
    """

    def __init__(self, juicefs: str, folder: Path, name: str, *, remembers_s: float) -> None:
        self.path = folder / name
        self.path.mkdir()
        caches = [
            word
            for what in ("attr", "entry", "dir-entry")
            for word in (f"--{what}-cache", f"{remembers_s}s")
        ]
        self._command = [
            juicefs, "mount", f"sqlite3://{folder}/meta.db", str(self.path), "--no-usage-report",
            "--no-syslog", "--no-bgjob", "--cache-dir", f"{folder}/cache-{name}",
            "--cache-size", "64", *caches,
        ]  # fmt: skip
        self._program = Program(folder, name, start_new_session=True)

    def start(self) -> None:
        """Mount it."""
        self._program.start(self._command, self.path.is_mount)

    def kill(self) -> None:
        """End it as a crash does: calls fail from then on, and go on failing."""
        os.killpg(self._program.pid, signal.SIGKILL)  # a process and the one that watches over it
        self._program.end()

    def restart(self) -> None:
        """Mount it anew after a crash."""
        self._unmount()
        self.start()

    def close(self) -> None:
        self._unmount()
        self.kill()  # it waits long for its caches, which nobody needs

    def _unmount(self) -> None:
        subprocess.run(["umount", "--lazy", self.path], check=False, capture_output=True)


class Juicefs:
    """A file system with two mounts; its files are removed at its end.

    Args:
        remembers_s: For how long a mount does not ask again for names and attributes.
    """

    def __init__(self, remembers_s: float = 0.0) -> None:
        juicefs = find("juicefs")
        if os.getuid() != 0 or not Path("/dev/fuse").exists():
            raise Missing("nothing can be mounted here: that takes root and /dev/fuse")
        self.folder = Path(tempfile.mkdtemp(prefix="brookline-juicefs-"))
        self._format = [
            juicefs, "format", f"sqlite3://{self.folder}/meta.db", "shared", "--storage", "file",
            "--bucket", f"{self.folder}/data/", "--trash-days", "0",
        ]  # fmt: skip
        self.mounts = [
            Mount(juicefs, self.folder, name, remembers_s=remembers_s) for name in ("a", "b")
        ]
        self._numbers = itertools.count(1)

    def start(self) -> None:
        """Make the file system, and mount it twice."""
        done = subprocess.run(self._format, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for mount in self.mounts:
            mount.start()

    def close(self) -> None:
        for mount in self.mounts:
            mount.close()
        shutil.rmtree(self.folder)

    def places(self) -> list[Path]:
        """Return the folder of a store that nobody has used, as each mount shows it."""
        name = f"plane{next(self._numbers)}"
        return [mount.path / name for mount in self.mounts]
