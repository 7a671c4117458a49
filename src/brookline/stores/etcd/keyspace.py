"""Where a store's keys lie in etcd, and what a value looks like there.

Etcd takes requests of 1.5 MiB at most. A larger value lies in parts, put before the key that makes
them count, each upload in a folder of its own; the key then holds which upload that is.
"""

from __future__ import annotations

import base64
from typing import Any, NamedTuple

import msgspec

PART_BYTES = 1 << 19
"""Of a value in one piece; as text in JSON it is a third more."""

_INLINE, _IN_PARTS = b"=", b"+"
_PARTS = ".parts/"
_LAST = "~"  # after all that a key is made of


class Upload(msgspec.Struct, frozen=True):
    """Where the parts of a value are.

    Attributes:
        id: Of the upload.
        parts: How many.
    """

    id: str
    parts: int


class Range(NamedTuple):
    """Keys from one on to before another, as etcd reads them."""

    key: str
    range_end: str

    def body(self, **more: Any) -> dict[str, Any]:
        """Return a request about them."""
        return {**self._asdict(), **more}


class Keyspace:
    """The names of one store's keys.

    Args:
        prefix: Before all of them.
    """

    def __init__(self, prefix: str) -> None:
        self._root = f"{prefix}/"

    def name(self, key: str) -> str:
        """Return a key's name, as etcd reads it."""
        return _coded(f"{self._root}{key}")

    def listed(self, prefix: str, after: str) -> Range:
        """Return the names of keys that begin with `prefix` and are greater than `after`."""
        start = f"{after}\0" if after >= prefix else prefix
        return Range(_coded(f"{self._root}{start}"), self.name(f"{prefix}{_LAST}"))

    def key(self, name: str) -> str:
        """Return the key of a name, which may be that of a part (`is_part`)."""
        return base64.b64decode(name).decode()[len(self._root) :]

    def part(self, key: str, upload: str, number: int) -> str:
        """Return the name of a part."""
        return self.name(f"{_PARTS}{key}/{upload}/{number:04d}")

    def parts(self, key: str, upload: str = "") -> Range:
        """Return the names of a key's parts, of one upload or of all."""
        folder = f"{_PARTS}{key}/{upload and upload + '/'}"
        return Range(self.name(folder), self.name(f"{folder}{_LAST}"))

    def other_parts(self, key: str, upload: str) -> tuple[Range, Range]:
        """Return the names of a key's parts of all uploads but one."""
        every, mine = self.parts(key), self.parts(key, upload)
        return Range(every.key, mine.key), Range(mine.range_end, every.range_end)


def is_part(key: str) -> bool:
    """Tell whether this is no key of the store, but the name of a part."""
    return key.startswith(_PARTS)


def value_of(data: bytes) -> str:
    """Return the value for bytes that fit into one."""
    return base64.b64encode(_INLINE + data).decode()


def value_in_parts(upload: Upload) -> str:
    """Return the value for bytes that were uploaded."""
    return base64.b64encode(_IN_PARTS + msgspec.json.encode(upload)).decode()


def read_value(value: str) -> bytes | Upload:
    """Return what a value holds, or where it is.

    Raises:
        ValueError: If it is not one of ours.
    """
    data = base64.b64decode(value)
    if data[:1] == _INLINE:
        return data[1:]
    if data[:1] == _IN_PARTS:
        return msgspec.json.decode(data[1:], type=Upload)
    raise ValueError("it holds a value that Brookline did not write")


def read_part(value: str) -> bytes:
    """Return the bytes of a part."""
    return base64.b64decode(value)


def pieces(data: bytes) -> list[str]:
    """Return the values of the parts of some bytes."""
    return [
        base64.b64encode(data[at : at + PART_BYTES]).decode()
        for at in range(0, len(data), PART_BYTES)
    ]


def _coded(name: str) -> str:
    return base64.b64encode(name.encode()).decode()
