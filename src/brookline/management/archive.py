"""Archives: the records of a plane as of one entry, in a zip that another plane can take in.

    manifest.json    what it is, of which plane, as of which entry; length and SHA-256 of the rest
    records.jsonl    one record a line, as ["kind", "id", {value}]; parents before their children

Hashes of passwords are left out, for an archive is passed around more readily than the store itself;
and so is what was answered to clients.
"""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from brookline.errors import InvalidInput
from brookline.plane.requests import KIND as REQUEST
from brookline.security.session_keys import ENDED as SESSION_END
from brookline.security.session_keys import KEY as SESSION_KEY
from brookline.security.users import USER
from brookline.values.depth import DEEPEST, is_shallow
from brookline.values.zips import TooLarge, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FORMAT = "brookline-archive"
VERSION = 1
"""Of the layout; one that is higher is refused."""

LEFT_OUT = frozenset({USER, REQUEST, SESSION_KEY, SESSION_END})
"""Kinds of records that are not put in."""

MOST_BYTES = 256 << 20
"""Of records, unpacked; a small zip may hold endless zeros."""

_MANIFEST, _RECORDS = "manifest.json", "records.jsonl"
_MANIFEST_MOST_BYTES = 1 << 20
_BROOKLYNS = ("entities/", "locations/", "nodes/", "planeId", "catalog/")
_BROKEN = (
    zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, EOFError, ValueError,
    OverflowError, NotImplementedError, RuntimeError, KeyError,
)  # fmt: skip
"""What reading a zip raises: damaged, encrypted, or packed in a way that is not known here."""


class Line(NamedTuple):
    """One record."""

    kind: str
    id: str
    value: dict[str, Any]


class Manifest(msgspec.Struct, frozen=True, rename="camel"):
    """What an archive is.

    Attributes:
        format: Always `FORMAT`.
        version: Of the layout.
        plane_id: Whose records it has.
        sequence: The last entry that they contain.
        epoch: Of that entry.
        hash: Of that entry.
        node: Instance that made it.
        product: Version of the product that made it.
        created_utc: Wall time.
        records: How many lines there are, by kind.
        size: Length of the records in bytes.
        sha256: Of the records, in hex.
    """

    format: str
    version: int
    plane_id: str
    sequence: int
    epoch: int
    hash: str
    node: str
    product: str
    created_utc: int
    records: dict[str, int] = {}
    size: int = 0
    sha256: str = ""


class _Kind(msgspec.Struct, frozen=True):
    """The part of a manifest that every version has."""

    format: str
    version: int


_encoder = msgspec.json.Encoder()
_line = msgspec.json.Decoder(tuple[str, str, dict[str, Any]])


Chosen = dict[str, dict[str, dict[str, Any]]]
"""Records by kind and id."""


def chosen(kinds: Mapping[str, Mapping[str, dict[str, Any]]]) -> Chosen:
    """Return the records that go into an archive; quick, for values are not copied."""
    return {
        kind: dict(records) for kind, records in kinds.items() if records and kind not in LEFT_OUT
    }


def pack(manifest: Manifest, records: Chosen) -> bytes:
    """Return an archive; the manifest's counts, size and checksum are made here.

    Slow: call it in a thread.
    """
    lines = b"".join(
        _encoder.encode(Line(kind, record_id, value)) + b"\n"
        for kind, values in records.items()
        for record_id, value in values.items()
    )
    manifest = msgspec.structs.replace(
        manifest,
        records={kind: len(values) for kind, values in records.items()},
        size=len(lines),
        sha256=hashlib.sha256(lines).hexdigest(),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as file:
        file.writestr(_MANIFEST, msgspec.json.format(_encoder.encode(manifest)))
        file.writestr(_RECORDS, lines)
    return packed.getvalue()


def unpack(data: bytes, *, most_bytes: int = MOST_BYTES) -> tuple[Manifest, list[Line]]:
    """Return what is in an archive, checked as a whole. Slow: call it in a thread.

    Args:
        data: The zip.
        most_bytes: How large the records may be.

    Raises:
        InvalidInput: If it is no zip, no archive of ours, damaged, of a later version or too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            manifest = _manifest(file)
            records = unpacked(file, _RECORDS, most_bytes)
    except TooLarge as error:
        raise InvalidInput(str(error)) from error
    except _BROKEN as error:
        raise InvalidInput(f"the body is not a zip that can be read: {error}") from error
    if len(records) != manifest.size or hashlib.sha256(records).hexdigest() != manifest.sha256:
        raise InvalidInput(f"{_RECORDS} is damaged: length or checksum is not the manifest's")
    lines = [_decoded(line, number) for number, line in enumerate(records.splitlines(), 1)]
    if counts(lines) != manifest.records:
        raise InvalidInput(f"{_RECORDS} has other records than the manifest says")
    return manifest, lines


def counts(lines: Iterable[Line]) -> dict[str, int]:
    """Return how many records there are of each kind."""
    found: dict[str, int] = {}
    for line in lines:
        found[line.kind] = found.get(line.kind, 0) + 1
    return found


def _manifest(file: zipfile.ZipFile) -> Manifest:
    names = file.namelist()
    if _MANIFEST not in names or _RECORDS not in names:
        raise InvalidInput(_not_ours(names))
    text = unpacked(file, _MANIFEST, _MANIFEST_MOST_BYTES)
    try:
        kind = msgspec.json.decode(text, type=_Kind)
        if kind.format != FORMAT:
            raise InvalidInput(f"{_MANIFEST} says format {kind.format!r}, not {FORMAT!r}")
        if kind.version > VERSION:
            raise InvalidInput(
                f"the archive has version {kind.version}, and this server reads up to {VERSION}:"
                " a later version of the product made it"
            )
        return msgspec.json.decode(text, type=Manifest)
    except msgspec.DecodeError as error:
        raise InvalidInput(f"{_MANIFEST} cannot be read: {error}") from error


def _not_ours(names: list[str]) -> str:
    if any(name.startswith(_BROOKLYNS) for name in names):
        return (
            "this is the persisted state of an AMP or a Brooklyn; only what 'persist/export' of"
            " this product gave can be imported"
        )
    return f"the zip is no export of this product: it has no {_MANIFEST} and {_RECORDS}"


def _decoded(line: bytes, number: int) -> Line:
    try:
        record = Line(*_line.decode(line))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(f"line {number} of {_RECORDS} is no record: {error}") from error
    if line.count(b"[") + line.count(b"{") > DEEPEST and not is_shallow(record.value):
        raise InvalidInput(f"line {number} of {_RECORDS} is nested more than {DEEPEST} deep")
    return record
