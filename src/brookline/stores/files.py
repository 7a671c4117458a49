"""The system calls of a directory store, as an object, so that a test can fail or die at each."""

from __future__ import annotations

import os
import weakref
from pathlib import Path

from brookline.values.folders import absolute

_NEW_FILE = 0o600
_NEW_FOLDER = 0o700
_CHUNK = 1 << 18


class Displaced(OSError):
    """The folder that is held open is not, or no longer, what others find by its path."""


class Files:
    """What a directory store asks of the operating system. Calls raise OSError.

    All paths are relative to the root, which is held open: should somebody unmount it, or put
    another folder in its place, nothing is written into that one. The held one can still be written
    then, though nobody else finds it any more: who writes asks `check_place`.

    Args:
        root: The folder in which all happens; it must exist.
    """

    def __init__(self, root: str) -> None:
        self._path = str(absolute(Path(root)))  # as a text, for links may change
        self._root = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        # Closed with the last reference, that is, after the last call that hangs has returned:
        # the number could mean another folder by then.
        weakref.finalize(self, os.close, self._root).atexit = False

    def check_place(self) -> None:
        """Make sure that who follows the path of the root finds the folder that is held.

        Raises:
            Displaced: If it was moved away, or another one lies in its place.
        """
        try:
            found = os.stat(self._path)  # noqa: PTH116  # a text, as above
        except (FileNotFoundError, NotADirectoryError) as problem:
            raise Displaced(f"the folder {self._path} is gone") from problem
        if not os.path.samestat(found, os.fstat(self._root)):
            raise Displaced(
                f"another folder lies at {self._path} than the one that this node holds;"
                " start the node anew"
            )

    def create(self, path: str) -> int:
        """Make a file that must not exist yet, for its owner only; return it open for writing."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        return os.open(path, flags, _NEW_FILE, dir_fd=self._root)

    def open(self, path: str) -> int:
        """Open a file or a folder for reading; the empty path is the root."""
        return os.open(path or ".", os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._root)

    def write(self, fd: int, data: bytes | memoryview) -> int:
        """Write some of `data` and return how many bytes that was."""
        return os.write(fd, data)

    def read(self, fd: int) -> bytes:
        """Read some bytes; none at the end of the file."""
        return os.read(fd, _CHUNK)

    def fsync(self, fd: int) -> None:
        """Make a file's bytes, or a folder's names, durable."""
        os.fsync(fd)

    def close(self, fd: int) -> None:
        """Close what was opened."""
        os.close(fd)

    def link(self, old: str, new: str) -> None:
        """Give a file a second name, in one step that fails if the name is taken."""
        os.link(old, new, src_dir_fd=self._root, dst_dir_fd=self._root, follow_symlinks=False)

    def replace(self, old: str, new: str) -> None:
        """Give a file another name, in one step that takes it from whatever has it."""
        os.replace(old, new, src_dir_fd=self._root, dst_dir_fd=self._root)

    def unlink(self, path: str) -> None:
        """Remove a name of a file."""
        os.unlink(path, dir_fd=self._root)

    def mkdir(self, path: str) -> None:
        """Make a folder for its owner only."""
        os.mkdir(path, _NEW_FOLDER, dir_fd=self._root)

    def rmdir(self, path: str) -> None:
        """Remove a folder that is empty."""
        os.rmdir(path, dir_fd=self._root)

    def names(self, path: str) -> list[tuple[str, bool]]:
        """Return the names in a folder, in no order, each with whether it is a folder itself."""
        fd = self.open(path)
        try:
            with os.scandir(fd) as found:
                return [(entry.name, entry.is_dir()) for entry in found]
        finally:
            self.close(fd)

    def modified(self, path: str) -> float:
        """Return when a file was last written, in seconds of the file server's clock."""
        return os.stat(path, dir_fd=self._root).st_mtime

    def may_use(self) -> bool:
        """Tell whether this process may list, read and write in the root; nothing is touched."""
        may = os.R_OK | os.W_OK | os.X_OK
        return os.access(".", may, dir_fd=self._root, effective_ids=True)


def words(problem: OSError) -> str:
    """Say what the operating system said, as in ``No space left on device``."""
    return problem.strerror or str(problem)
