"""Making bytes, names and folders last: what an fsync is worth, and what a failed one means."""

from __future__ import annotations

import contextlib
import errno
import itertools
import logging
import secrets
from typing import TYPE_CHECKING

from brookline.stores.files import Displaced, words

if TYPE_CHECKING:
    from brookline.stores.files import Files

log = logging.getLogger("brookline.stores")

TEMP = ".tmp-"
"""How the names of temp files begin; they lie in the folders of their keys."""

_LOG = "journal"
"""The folder of the log. It and its shards are never removed, not even empty ones."""

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class SyncFailed(OSError):
    """An fsync failed: what was written before it can no longer be called durable."""


class Durable:
    """Temp files, folders and fsync beneath one root. All calls raise OSError.

    Attributes:
        broken: Why nothing here can be called durable any more; empty as long as all is well. Once
            the fsync of something visible has failed, later ones may lie: the kernel drops the
            pages that it could not write, and then has nothing left to complain about.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._mark = f"{TEMP}{secrets.token_hex(6)}-"
        self._numbers = itertools.count(1)
        self._lasting: set[str] = set()  # folders that are durable, with all those above them
        self._of_log: set[str] = set()  # folders of the log that were there once
        self.broken = ""

    def write_temp(self, folder: str, data: bytes, *, durable: bool) -> str:
        """Write a new temp file and return its path; if that fails, nothing of it is left."""
        temp = inside(folder, f"{self._mark}{next(self._numbers)}")
        fd = self._files.create(temp)
        try:
            try:
                self._write_all(fd, data)
                if durable:
                    self._sync_hidden(fd)
            finally:
                self._files.close(fd)
        except OSError:
            self.discard(temp)
            raise
        return temp

    def discard(self, temp: str) -> None:
        """Remove a temp file, or leave it to the sweep."""
        with contextlib.suppress(OSError):
            self._files.unlink(temp)

    def read(self, path: str) -> bytes:
        """Return the bytes of a file."""
        fd = self._files.open(path)
        try:
            data = chunk = self._files.read(fd)
            if chunk:
                rest = list(iter(lambda: self._files.read(fd), b""))
                data = b"".join((chunk, *rest)) if rest else chunk
        finally:
            self._files.close(fd)
        return data

    def sync_visible(self, path: str) -> None:
        """Make a file, or the names in a folder, durable after others may have seen them.

        Raises:
            SyncFailed: If that failed; `broken` says so from then on.
        """
        fd = self._files.open(path)
        try:
            self._files.fsync(fd)
        except OSError as problem:
            if problem.errno == errno.ESTALE:
                raise  # it is gone, not broken
            self.broken = f"fsync of {path or 'the root'} failed: {words(problem)}"
            log.exception(
                "fsync failed", extra={"fields": {"path": path, "reason": words(problem)}}
            )
            raise SyncFailed(self.broken) from problem
        finally:
            self._files.close(fd)

    def ensure_lasting(self, folder: str) -> None:
        """Make a folder and those above it, durably.

        Another node may have made it without having lived to fsync its parent; so the first use of
        each folder pays for that, also of one that is there already.

        Raises:
            Displaced: If a folder of the log was there before, and is gone.
        """
        if folder in self._lasting:
            return
        if folder:
            above = folder.rpartition("/")[0]
            self.ensure_lasting(above)
            self._make_or_miss(folder)
            self.sync_visible(above)
        self._lasting.add(folder)
        self.saw(folder)

    def ensure(self, folder: str) -> None:
        """Make a folder and those above it, for what need not outlive a power cut."""
        if folder and folder not in self._lasting:
            self.ensure(folder.rpartition("/")[0])
            self._mkdir(folder)

    def forget_folders(self) -> None:
        """Take no folder for durable any more, because one has gone."""
        self._lasting.clear()

    def saw(self, folder: str) -> None:
        """Remember that a folder of the log is there: it is not to be made a second time."""
        if folder not in self._of_log and folder.partition("/")[0] == _LOG:
            self._of_log |= {folder, _LOG}

    def _make_or_miss(self, folder: str) -> None:
        """Make a folder, but for one of the log that has been moved away with what it holds.

        What is written into a new one is lost when somebody puts the old one back over it.
        """
        if folder not in self._of_log:
            self._mkdir(folder)
            return
        try:
            self._files.close(self._files.open(folder))
        except FileNotFoundError as problem:
            raise Displaced(f"the folder {folder} of the store is gone; put it back") from problem

    def _mkdir(self, folder: str) -> None:
        with contextlib.suppress(FileExistsError):
            self._files.mkdir(folder)

    def _write_all(self, fd: int, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[self._files.write(fd, rest) :]

    def _sync_hidden(self, fd: int) -> None:
        """Make a temp file's bytes durable, before anybody can see them.

        NFS, and file systems that allocate late, say only here that the disk is full. That is no
        reason to distrust it: this file is thrown away, and the next try writes another.
        """
        try:
            self._files.fsync(fd)
        except OSError as problem:
            if problem.errno in _FULL or problem.errno == errno.ESTALE:
                raise
            log.exception("fsync failed", extra={"fields": {"reason": words(problem)}})
            raise SyncFailed(f"fsync of a new file failed: {words(problem)}") from problem


def inside(folder: str, name: str) -> str:
    """Return the path of a name in a folder; the empty folder is the root."""
    return f"{folder}/{name}" if folder else name
