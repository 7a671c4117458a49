"""The home folder of a node: its identity, and the files by which others find it.

``pid.txt`` and ``address`` tell of the running process, ``lock`` of it and of the one before,
``admin-password`` is there where this node made the first user, ``etc/`` holds what the operator
writes, ``data/`` what the node keeps.
"""

from __future__ import annotations

import contextlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict, InvalidInput
from brookline.security.files import read_private, write_private
from brookline.server.lock import Holder, HomeLock, boot_id
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.values.pace import Pace

log = logging.getLogger("brookline.server")


class Mark(msgspec.Struct, frozen=True):
    """Which folder a home is, so that a copy of it is noticed.

    Attributes:
        device: Number of its file system.
        inode: Its number there.
        path: Its absolute path.
    """

    device: int
    inode: int
    path: str


class HomeNote(msgspec.Struct, frozen=True):
    """What a home remembers of itself, in ``data/node.json``.

    Attributes:
        id: Made at the first start.
        mark: The folder, as of the last start.
        store: Where the plane's store was, as of the last start.
        plane: Id of the plane that the node took part in.
    """

    id: str
    mark: Mark
    store: str = ""
    plane: str = ""


class Home:
    """A home that this process has locked."""

    def __init__(self, path: Path, lock: HomeLock, note: HomeNote, former: str) -> None:
        self.path = path
        self.id = note.id
        self.former = former
        """The instance that ran on this very folder before, or empty."""
        self.last_store, self.last_plane = note.store, note.plane
        """Where it took part before."""
        self._lock = lock
        self._note = note
        self._holder = Holder()

    @classmethod
    def open(cls, path: Path, pace: Pace) -> Home:
        """Make a folder a home if it is none, and lock it.

        Raises:
            InvalidInput: If it cannot be made or written.
            HomeInUse: If another process runs on it.
            Conflict: If it is a copy of another home.
        """
        try:
            (path / "data" / "log").mkdir(parents=True, exist_ok=True)
            real = path.resolve()
            lock = HomeLock.acquire(real, pace)
        except OSError as error:
            raise InvalidInput(f"the home {path} cannot be used: {_why(error)}") from error
        try:
            return cls(real, lock, *_identified(real, lock.former))
        except BaseException:
            lock.release()
            raise

    @property
    def data(self) -> Path:
        """Folder of what the node keeps."""
        return self.path / "data"

    @property
    def log_file(self) -> Path:
        """The log."""
        return self.data / "log" / "brookline.log"

    @property
    def password_file(self) -> Path:
        """Password of the first user, if this node made it."""
        return self.path / "admin-password"

    def claim(self, *, instance: str, name: str, started_ms: int) -> None:
        """Say who runs here from now on: in the lock, and in ``pid.txt``.

        The address of the process before goes first: who reads this one's id never finds it.

        Raises:
            InvalidInput: If the home cannot be written.
        """
        with _written(self.path):
            _remove(self.path / "address")
        self._holder = Holder(
            instance=instance,
            name=name,
            pid=os.getpid(),
            started_ms=started_ms,
            boot=boot_id(),
            home=self.id,
        )
        self._tell(self._holder, "pid.txt", str(os.getpid()))

    def publish(self, url: str) -> None:
        """Say where the server listens: in the lock, and in ``address``.

        Raises:
            InvalidInput: If the home cannot be written.
        """
        self._tell(msgspec.structs.replace(self._holder, url=url), "address", url)

    def remember(self, *, store: str, plane: str) -> None:
        """Keep which plane the node takes part in."""
        note = msgspec.structs.replace(self._note, store=store, plane=plane)
        if note != self._note:
            _write_note(self.path, note)
            self._note = note

    def leave(self) -> None:
        """Take back what tells of the running process, as far as it can be, and the lock at last."""
        for name in ("address", "pid.txt"):
            with contextlib.suppress(OSError):
                _remove(self.path / name)
        self._lock.release()

    def _tell(self, holder: Holder, name: str, line: str) -> None:
        """Write the lock, and a file of one line, which nobody reads half written."""
        fresh = self.path / f".{name}"
        with _written(self.path):
            self._lock.write(holder)
            fresh.write_text(f"{line}\n")
            fresh.replace(self.path / name)


def _identified(home: Path, former: Holder) -> tuple[HomeNote, str]:
    """Return what a home remembers, its mark made new, and the instance that ran on it before.

    Of a folder that was moved or restored it is not known whether its lock file came along from
    one that still runs elsewhere, so it has no former instance.

    Raises:
        Conflict: If it is a copy.
        InvalidInput: If it cannot be read or written.
    """
    try:
        found = home.stat()
        mark = Mark(found.st_dev, found.st_ino, str(home))
        note = _read_note(home)
        if note is not None and note.mark == mark:
            return note, former.instance if former.home == note.id else ""
        if note is not None:
            _refuse_copy(home, note, mark)
        note = (
            HomeNote(new_id(), mark) if note is None else msgspec.structs.replace(note, mark=mark)
        )
        _write_note(home, note)
    except OSError as error:
        raise InvalidInput(f"the home {home} cannot be used: {error}") from error
    return note, ""


def _refuse_copy(home: Path, note: HomeNote, mark: Mark) -> None:
    """Refuse a home whose original is still where it was.

    A folder that was moved is itself: it has the same number, or its old place is empty.

    Raises:
        Conflict: If it is a copy.
    """
    if note.mark.path == mark.path or note.mark.inode == mark.inode:
        return
    original = Path(note.mark.path)
    with contextlib.suppress(OSError, InvalidInput):
        there = _read_note(original)
        if there is not None and there.id == note.id:
            raise Conflict(copy_message(home, str(original)))


def copy_message(home: Path, original: str) -> str:
    """Return the refusal of a home that is a copy."""
    return (
        f"this home is a copy of {original}: {home / 'data' / 'node.json'} holds the identity of"
        " that node; remove that file to make this home a node of its own"
    )


def _read_note(home: Path) -> HomeNote | None:
    path = home / "data" / "node.json"
    data = read_private(path)
    if data is None:
        return None
    try:
        return msgspec.json.decode(data, type=HomeNote)
    except msgspec.DecodeError as error:
        raise InvalidInput(
            f"{path} is damaged ({error}); remove it, and this home becomes a new node"
        ) from error


def _write_note(home: Path, note: HomeNote) -> None:
    write_private(home / "data" / "node.json", msgspec.json.format(msgspec.json.encode(note)))


@contextlib.contextmanager
def _written(home: Path) -> Iterator[None]:
    """Refuse a home that turns out not to be writable.

    Raises:
        InvalidInput: If what is done within fails to write.
    """
    try:
        yield
    except OSError as error:
        raise InvalidInput(
            f"the home {home} cannot be written: {error}; let the user of the server (uid"
            f" {os.geteuid()}) write this folder and what is in it, or name another with --home"
        ) from error


def _remove(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        path.unlink()


def _why(error: OSError) -> str:
    if isinstance(error, FileExistsError | NotADirectoryError):
        return "it, or something above it, is not a directory"
    return error.strerror or str(error)
