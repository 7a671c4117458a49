"""A file system of a few megabytes, in memory, that a test fills to its last byte; and how that is done."""

from __future__ import annotations

import contextlib
import os
import subprocess
from typing import TYPE_CHECKING

from tests.backends.programs import Missing

if TYPE_CHECKING:
    from pathlib import Path

_STEPS = (1 << 22, 1 << 16, 1 << 12)


class SmallDisk:
    """A file system with little room.

    Args:
        path: Where it is mounted; a folder is made there.
        size: How large it is, in bytes.

    Raises:
        Missing: If this process may not mount anything.
    """

    def __init__(self, path: Path, size: int) -> None:
        if os.getuid() != 0:
            raise Missing("nothing can be mounted here: that takes root")
        self.path = path
        self._size = size
        self._ballast = path / "ballast"

    def start(self) -> None:
        """Mount it."""
        self.path.mkdir()
        options = f"size={self._size},mode=0700"
        words = ["mount", "-t", "tmpfs", "-o", options, "none", str(self.path)]
        subprocess.run(words, check=True, capture_output=True)

    def fill(self) -> None:
        """Leave no room."""
        take_all_room(self._ballast)

    def make_room(self) -> None:
        self._ballast.unlink()

    def close(self) -> None:
        subprocess.run(["umount", "--lazy", self.path], check=False, capture_output=True)


def take_all_room(ballast: Path) -> None:
    """Make a file that takes all room of its file system, without writing it, down to the last block."""
    with ballast.open("wb") as file:
        size = 0
        for step in _STEPS:
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), size, step)
                    size += step
