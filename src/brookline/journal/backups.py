"""Backups: what a store holds of a journal, in one file that can be read as a store is.

    manifest.json       what it is, of which plane, and a digest of the names of all that is in it
    plane, journal/…    the very bytes of the store, under their keys

It is a zip. Each entry, snapshot and blob has its own checksum, so the file can be verified as a
store can; the digest shows that nothing was taken out.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Damaged, InvalidInput, NotFound
from brookline.journal import scan
from brookline.journal.keys import BLOB, JOURNAL, PLANE, SNAPSHOT
from brookline.stores.names import LARGE
from brookline.values.zips import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from brookline.journal.scan import Retained, Source

FORMAT = "brookline-backup"
VERSION = 1
"""Of the layout; one that is higher is refused."""

SUFFIX = ".zip"

PART = ".part"
"""Of the name of one that is being written, after a dot and the name that it will have."""

MANIFEST = "manifest.json"
"""Name of the file in it that says what it is."""

_MANIFEST_MOST_BYTES = 1 << 20
_MOST_BYTES = 4 << 20
"""Of an entry, or the key ``plane``; payloads of more than 1 MiB lie in blobs."""

_LARGE_MOST_BYTES = 128 << 20
_MOST_RATIO = 100
"""What may be large may be larger than that, if the file itself is that much, too: records are text,
and get some ten times smaller; a megabyte that becomes a gigabyte is none of ours."""

_OURS = (JOURNAL, SNAPSHOT, BLOB)
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, ValueError,
    OverflowError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What reading a zip raises: damaged, encrypted, or packed in a way that is not known here."""


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What a backup is.

    Attributes:
        format: Always `FORMAT`.
        version: Of the layout.
        plane_id: Whose journal it holds.
        sequence: The last entry, which is the newest point.
        epoch: Of that entry.
        created_utc: Wall time at which it was made.
        why: ``promotion``, ``demotion`` or ``custom``. Source: Brooklyn's words.
        node: Name of the node that made it, or empty.
        source: URL of the store, without a password.
        product: Version of the product that made it.
        keys: How many keys it holds.
        digest: SHA-256 of their names, in hex.
    """

    format: str
    version: int
    plane_id: str
    sequence: int
    epoch: int
    created_utc: int
    why: str
    node: str = ""
    source: str = ""
    product: str = ""
    keys: int = 0
    digest: str = ""


class _Kind(msgspec.Struct, frozen=True):
    """The part of a manifest that every version has."""

    format: str = ""
    version: int = 0


class BackupWriter:
    """Writes a backup to a file that has its name only once it is whole; only its owner reads it.

    Args:
        path: Where it shall be.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.part = path.with_name(f".{path.name}{PART}")
        self._names: list[str] = []
        descriptor = os.open(self.part, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._zip = zipfile.ZipFile(self._file, "w", zipfile.ZIP_DEFLATED, compresslevel=6)

    def add(self, key: str, data: bytes) -> None:
        """Put in the bytes of a key."""
        self._zip.writestr(key, data)
        self._names.append(key)

    def seal(self, manifest: Manifest) -> None:
        """Add the manifest, whose counts are made here, and make all of it durable."""
        whole = msgspec.structs.replace(
            manifest, keys=len(self._names), digest=_digest(self._names)
        )
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(whole)))
        self._zip.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def publish(self) -> None:
        """Give it its name, for good: also a power cut leaves it there.

        Raises:
            FileExistsError: If there is a file of that name already; it stays as it is.
        """
        os.link(self.part, self.path)
        self.discard()
        folder = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def discard(self) -> None:
        """Leave nothing behind but a backup that has its name."""
        with contextlib.suppress(OSError, ValueError):  # of a file that goes now anyway
            self._zip.close()
        with contextlib.suppress(OSError):
            self._file.close()
        self.part.unlink(missing_ok=True)


class Backup:
    """A backup, read as a store is; get one by `open`.

    Attributes:
        path: Where it is.
        manifest: What it is.
    """

    def __init__(self, path: Path, file: zipfile.ZipFile, manifest: Manifest) -> None:
        self.path = path
        self.manifest = manifest
        self._zip = file
        self._keys = sorted(name for name in file.namelist() if name != MANIFEST)
        self._known = frozenset(self._keys)

    @classmethod
    def open(cls, path: Path, *, in_part: bool = False) -> Backup:
        """Open a backup.

        Args:
            path: Where it is.
            in_part: Whether one will do of which something was taken out; see `lacks`.

        Raises:
            NotFound: If there is no such file.
            InvalidInput: If it is no backup, or one of a later version.
            Damaged: If it was cut short, or something was taken out of it or put in.
        """
        try:
            file = zipfile.ZipFile(path)
        except FileNotFoundError as error:
            raise NotFound(f"there is no file {path}") from error
        except (OSError, *_BROKEN) as error:
            if _begins_as_zip(path):
                raise Damaged(f"{path} is damaged, or was cut short: {error}") from error
            raise InvalidInput(f"{path} is no backup that can be read: {error}") from error
        try:
            backup = cls(path, file, _manifest(path, file))
            if not in_part:
                backup.check_names()
        except BaseException:
            file.close()
            raise
        return backup

    def check_names(self) -> None:
        """Refuse a backup from which something was taken out.

        Raises:
            Damaged: If it is one.
        """
        if self.lacks:
            raise Damaged(self.lacks)

    @property
    def lacks(self) -> str:
        """That something was taken out of it, or put in; empty if it holds what was written."""
        if len(self._keys) == self.manifest.keys and _digest(self._keys) == self.manifest.digest:
            return ""
        return (
            f"{self.path} does not hold what its manifest says: {self.manifest.keys} keys were"
            f" put in, {len(self._keys)} are there"
        )

    async def get(self, key: str) -> bytes | None:
        """Return the bytes of a key, or None if it is absent.

        Raises:
            Damaged: If the file is, there.
        """
        return await asyncio.to_thread(self._get, key) if key in self._known else None

    async def list(self, prefix: str, after: str = "") -> list[str]:
        """Return the keys that begin with `prefix` and are greater than `after`, in bytewise order."""
        return [key for key in self._keys if key.startswith(prefix) and key > after]

    def close(self) -> None:
        """Close the file."""
        self._zip.close()

    def _get(self, key: str) -> bytes:
        try:
            return unpacked(self._zip, key, self._most_bytes(key))
        except (OSError, *_BROKEN) as error:
            raise Damaged(f"{key} in {self.path} cannot be read: {error}") from error

    def _most_bytes(self, key: str) -> int:
        if not key.startswith(LARGE):
            return _MOST_BYTES
        packed = min(self._zip.getinfo(key).compress_size, self.path.stat().st_size)
        return max(_LARGE_MOST_BYTES, packed * _MOST_RATIO)


async def copy_into(writer: BackupWriter, source: Source, kept: Retained) -> None:
    """Put all of a journal into a backup; what is collected meanwhile is left out.

    Raises:
        StoreError: If the store does not answer.
    """
    for start in range(0, len(kept.all) + 1, scan.AHEAD):
        some = ([PLANE, *kept.all])[start : start + scan.AHEAD]
        found = await asyncio.gather(*(source.get(key) for key in some))
        await asyncio.to_thread(_add, writer, zip(some, found, strict=True))


def _add(writer: BackupWriter, pairs: Iterable[tuple[str, bytes | None]]) -> None:
    for key, data in pairs:
        if data is not None:
            writer.add(key, data)


def _begins_as_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"PK"
    except OSError:
        return False


def _manifest(path: Path, file: zipfile.ZipFile) -> Manifest:
    if MANIFEST not in file.namelist():
        raise InvalidInput(f"{path} is no backup of this product: it has no {MANIFEST}")
    try:
        text = unpacked(file, MANIFEST, _MANIFEST_MOST_BYTES)
        kind = msgspec.json.decode(text, type=_Kind)
        if kind.format != FORMAT:
            raise InvalidInput(_not_ours(path, kind.format))
        if kind.version > VERSION:
            raise InvalidInput(
                f"{path} has version {kind.version}, and this program reads up to {VERSION}: a"
                " later version of the product made it"
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{MANIFEST} of {path} cannot be read: {error}") from error
    except (OSError, *_BROKEN) as error:
        raise Damaged(f"{MANIFEST} of {path} cannot be read: {error}") from error


def _not_ours(path: Path, found: str) -> str:
    if found == "brookline-archive":
        return (
            f"{path} is an export, not a backup: POST /v1/server/ha/persist/import takes its"
            " applications into a running plane"
        )
    return f"{path} is no backup: its {MANIFEST} says format {found[:40]!r}"


def _digest(names: Sequence[str]) -> str:
    ours = sorted(name for name in names if name == PLANE or name.startswith(_OURS))
    return hashlib.sha256("\n".join(ours).encode()).hexdigest()
