"""Keys in a folder of a file system that several nodes may share: create-if-absent by `link`.

    create   temp file, write, fsync, link, fsync of the folder, unlink of the temp file

Before each write, and before a create is answered, the path of the root must still lead to the folder
that is held. So what is acknowledged was in the folder that all others find, at that moment; and who
holds another one can neither write nor renew a heartbeat, and stops leading.

`link` fails if the name is taken, in one step, on NFS too; and since the bytes are durable before
the name exists, no reader ever sees half an entry. Not `open(O_EXCL)` on the final name: it exists
before its content. Not `rename`: it replaces, and RENAME_NOREPLACE is unknown to NFS clients.

Everything here blocks; `directory.DirectoryStore` calls it in threads.
"""

from __future__ import annotations

import contextlib
import errno
from typing import TYPE_CHECKING, TypeVar

from brookline.stores.durable import Durable, SyncFailed
from brookline.stores.files import words
from brookline.stores.names import is_segment
from brookline.stores.store import CREATED, EXISTS, CreateOutcome, Exists, FsyncFailed, Undecided

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from brookline.stores.files import Files

_LOOKS = 8
_SHORT_LIVED = frozenset({"mail", "probe"})
_WRITTEN_ONCE = frozenset({"journal", "blob"})

_STALE = frozenset({errno.ESTALE})
"""NFS's word for a cached name that means no more."""

_REPLACED = _STALE | {errno.ENOENT, errno.EBADF}
"""What else is said of a file in whose place another machine puts a new one just then (JuiceFS)."""

T = TypeVar("T")


class Folder:
    """The five calls, blocking. All but `create` raise OSError.

    Args:
        files: The system calls, beneath the root of the store.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._disk = Durable(files)

    @property
    def broken(self) -> str:
        """Why nothing more is created or settled here, after a failed fsync; else empty."""
        return self._disk.broken

    def create(self, key: str, data: bytes) -> CreateOutcome:
        """Write a key if it is absent; see `Store.create`."""
        if self.broken:
            return FsyncFailed(self.broken)
        try:
            return self._write_again(lambda: self._create(key, data))
        except SyncFailed as problem:
            return FsyncFailed(words(problem))
        except OSError as problem:
            return Undecided(f"cannot create {key}: {words(problem)}")

    def _create(self, key: str, data: bytes) -> CreateOutcome:
        self._files.check_place()
        outcome = self._create_here(key, data)
        self._files.check_place()  # else it may lie where nobody looks
        return outcome

    def _create_here(self, key: str, data: bytes) -> CreateOutcome:
        folder = key.rpartition("/")[0]
        self._disk.ensure_lasting(folder)
        temp = self._disk.write_temp(folder, data, durable=True)
        try:
            try:
                self._files.link(temp, key)
            except FileExistsError:
                return self._taken(key, data, folder=folder)
            self._disk.sync_visible(folder)
        finally:
            self._disk.discard(temp)
        return CREATED

    def _taken(self, key: str, data: bytes, *, folder: str) -> Exists:
        """Answer for a name that is taken, perhaps by an earlier try of this very call.

        A lost reply of an NFS server, or a failure after `link`, leaves our own bytes there; the
        caller will take them for its success, so they must be durable before it hears of them.
        """
        try:
            if self._disk.read(key) == data:
                self._disk.sync_visible(key)
                self._disk.sync_visible(folder)
        except FileNotFoundError:
            pass  # it was taken when we asked; the caller looks again
        return EXISTS

    def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent."""
        once = key.partition("/")[0] in _WRITTEN_ONCE
        try:
            data = self._again(lambda: self._disk.read(key), _STALE if once else _REPLACED)
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None
        self._disk.saw(key.rpartition("/")[0])
        return data

    def put(self, key: str, data: bytes) -> None:
        """Write a key that has one writer: readers see the old bytes or the new, never a mixture.

        Without fsync: what is put is a sign of life, worth nothing after the machine went down, and
        a heartbeat must not wait for a slow disk. So after a power cut the key may be old or empty.
        """
        self._write_again(lambda: self._put(key, data))

    def _put(self, key: str, data: bytes) -> None:
        self._files.check_place()
        folder = key.rpartition("/")[0]
        self._disk.ensure(folder)
        temp = self._disk.write_temp(folder, data, durable=False)
        try:
            self._files.replace(temp, key)
        except OSError:
            self._disk.discard(temp)
            raise
        self._files.check_place()

    def delete(self, key: str) -> None:
        """Remove a key. Without fsync: a deletion that a power cut undoes is simply made again."""
        self._read_again(self._files.check_place)
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._read_again(lambda: self._files.unlink(key))
        if key.partition("/")[0] in _SHORT_LIVED:
            self._prune(key)

    def _prune(self, key: str) -> None:
        """Remove the folders of a short-lived key that have become empty.

        Never a shard of the journal: somebody may be about to link an entry into it, and would
        not know that the shard's own name had to be made durable again.
        """
        folder = key.rpartition("/")[0]
        while "/" in folder:
            try:
                self._files.rmdir(folder)
            except OSError:
                return  # not empty, or gone
            self._disk.forget_folders()
            folder = folder.rpartition("/")[0]

    def settle(self, key: str) -> None:
        """Make durable what `get(key)` answers: the file, its name, and the folders above."""
        if self.broken:
            raise SyncFailed(self.broken)
        self._read_again(lambda: self._settle(key))

    def _settle(self, key: str) -> None:
        folder = key.rpartition("/")[0]
        self._disk.sync_visible(key)
        self._disk.sync_visible(folder)
        self._disk.ensure_lasting(folder)

    def keys(self, prefix: str, after: str) -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order.

        A folder whose keys all lie at or below `after` is not read, so that the tail of a long
        journal costs two folders.
        """
        return [*self._walk(prefix[: prefix.rfind("/") + 1], prefix, after)]

    def _walk(self, base: str, prefix: str, after: str) -> Iterator[str]:
        """Yield the keys in a folder; a folder sorts by its name with the slash, as in its keys."""
        found = [
            f"{base}{name}/" if is_folder else f"{base}{name}"
            for name, is_folder in self._names(base.rstrip("/"))
        ]
        for key in sorted(path for path in found if _wanted(path, prefix, after)):
            if not is_segment(key[len(base) :].rstrip("/")):
                continue  # temp files, `.nfs…`, lost+found
            if key.endswith("/"):
                yield from self._walk(key, prefix, after)
            else:
                yield key

    def _names(self, folder: str) -> list[tuple[str, bool]]:
        try:
            found = self._read_again(lambda: self._files.names(folder))
        except (FileNotFoundError, NotADirectoryError):
            return []
        self._disk.saw(folder)
        return found

    def _read_again(self, look: Callable[[], T]) -> T:
        """Look again while a handle is stale."""
        return self._again(look, _STALE)

    def _write_again(self, write: Callable[[], T]) -> T:
        """Write again, a new temp file, also if the folder went away in the meantime."""
        # EEXIST here is that of a temp file: an NFS server that answered twice, or a forked twin.
        return self._again(write, _STALE | {errno.ENOENT, errno.EEXIST})

    def _again(self, call: Callable[[], T], passing: AbstractSet[int]) -> T:
        for _ in range(_LOOKS - 1):
            try:
                return call()
            except OSError as problem:
                if problem.errno not in passing:
                    raise
                self._disk.forget_folders()
        return call()


def _wanted(path: str, prefix: str, after: str) -> bool:
    """Tell whether a key is to be listed, or whether a folder may hold such keys."""
    if not path.endswith("/"):
        return path > after and path.startswith(prefix)
    if not (path.startswith(prefix) or prefix.startswith(path)):
        return False
    return path > after or after.startswith(path)
