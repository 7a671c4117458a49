"""The directory store: keys as files in a folder that the nodes share, as over NFS."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from brookline.errors import StoreError
from brookline.stores.admission import enter
from brookline.stores.files import Files, words
from brookline.stores.folder import Folder
from brookline.stores.names import check_key, check_prefix
from brookline.stores.store import CreateOutcome, Undecided
from brookline.stores.sweep import sweep
from brookline.stores.threads import Closed, Threads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

THREADS = 8
"""Calls of one store that may block at the same time; a node's heartbeat has a store of its own."""

T = TypeVar("T")


class DirectoryStore:
    """The five calls on a folder; a call is one hop to a thread and back.

    Get one by `open`. Only its owner can read what it writes (0600, folders 0700). Two of them on
    one folder share nothing, not even a thread: one that hangs does not hold up the other.
    """

    def __init__(self, path: str, files: Files, *, threads: Threads) -> None:
        self._path = path
        self._folder = Folder(files)
        self._threads = threads

    @classmethod
    async def open(cls, path: Path, open_files: Callable[[str], Files] = Files) -> DirectoryStore:
        """Open the store in a folder, which is made if it is missing (its parent must be there).

        Args:
            path: The folder.
            open_files: Makes the system calls; tests pass ones that fail.

        Raises:
            StoreUnfit: If it cannot hold a plane, or holds something else; nothing was touched.
            StoreError: If the file system gave no answer.
        """
        threads = Threads(f"store-{path.name}", THREADS)
        try:
            files = await threads.run(partial(enter, path, open_files))
        except BaseException:
            threads.close()
            raise
        threads.post(partial(_sweep, files))
        return cls(str(path), files, threads=threads)

    @property
    def broken(self) -> str:
        """Why nothing more is created or settled here, after a failed fsync; else empty."""
        return self._folder.broken

    async def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; durable once it says `Created`.

        A full disk is `Undecided` with nothing written; any other failed fsync is `FsyncFailed`,
        and one of something visible makes it the answer to all that follows (`broken`).
        """
        check_key(key)
        try:
            return await self._threads.run(partial(self._folder.create, key, data))
        except Closed:
            return Undecided("the store is closed; nothing was sent")

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        check_key(key)
        return await self._ask("read", key, partial(self._folder.get, key))

    async def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer; atomic for readers, not durable (`Folder.put`)."""
        check_key(key)
        await self._ask("write", key, partial(self._folder.put, key, data))

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        check_prefix(prefix)
        return await self._ask("list", prefix, partial(self._folder.keys, prefix, after))

    async def delete(self, key: str) -> None:
        """Remove a key; one that is absent already is no error."""
        check_key(key)
        await self._ask("delete", key, partial(self._folder.delete, key))

    async def settle(self, key: str) -> None:
        """Make durable what `get(key)` answers, by fsync of the file and the folders above it."""
        check_key(key)
        await self._ask("settle", key, partial(self._folder.settle, key))

    async def close(self) -> None:
        """Let the threads go; one that hangs is not waited for."""
        self._threads.close()

    async def _ask(self, operation: str, key: str, call: Callable[[], T]) -> T:
        try:
            return await self._threads.run(call)
        except OSError as problem:
            raise StoreError(
                f"cannot {operation} {key or 'the store'} in {self._path}: {words(problem)}"
            ) from problem
        except Closed as closed:
            raise StoreError(f"the store in {self._path} is closed") from closed


def _sweep(files: Files) -> None:
    sweep(files)
