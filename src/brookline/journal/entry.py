"""An entry's bytes: a line of header, a line of payload, a line with the SHA-256 of both.

    {"format":1,"plane":"…","seq":42,"epoch":3,"node":"…","nonce":"…",…,"prev":"…"}
    {"kind":"batch","items":[…]}
    6d1f…

The digest is the entry's *hash*; the next entry's `prev` repeats it, so that a gap, a fork, a
foreign plane or tampering shows. People can read an entry with `cat`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from brookline.errors import Damaged
from brookline.values.garbage import uncollected
from brookline.wire.changes import Item
from brookline.wire.entries import FORMAT, Active, Batch, Fence, Header, Import, Payload

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.wire.changes import Change

NO_HASH = ""
"""`prev` of the first entry."""

_MUCH_BYTES = 1 << 16

_header = msgspec.json.Decoder(Header)
_payload = msgspec.json.Decoder(Payload)
_item = msgspec.json.Decoder(Item)
_encoder = msgspec.json.Encoder()


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """A decoded entry.

    Attributes:
        header: Who wrote it, and where it stands.
        payload: What it says.
        hash: Its SHA-256 in hex.
        size: Bytes that it takes in the store, with its blob.
    """

    header: Header
    payload: Payload
    hash: str
    size: int

    @property
    def seq(self) -> int:
        """Number of the entry."""
        return self.header.seq

    @property
    def epoch(self) -> int:
        """Mastership that wrote it."""
        return self.header.epoch

    @property
    def is_fence(self) -> bool:
        """Whether it starts an epoch."""
        return isinstance(self.payload, Fence)

    def items(self) -> tuple[Item, ...]:
        """Return what it changes, by request."""
        match self.payload:
            case Batch(items=items) | Active(items=items) | Import(items=items):
                return items
            case _:
                return ()

    def changes(self) -> Iterator[Change]:
        """Yield what it changes, in order."""
        for item in self.items():
            yield from item.changes


def encode_payload(payload: Payload) -> bytes:
    """Return the bytes of a payload."""
    return _encoder.encode(payload)


def encode_batch(items: list[bytes]) -> bytes:
    """Return the bytes of a batch whose items are encoded already."""
    return b'{"kind":"batch","items":[' + b",".join(items) + b"]}"


def encode_item(item: Item) -> bytes:
    """Return the bytes of an item of a batch."""
    return _encoder.encode(item)


def decode_item(data: bytes) -> Item:
    """Return the item of these bytes, as every reader of the entry will see it."""
    with _spared(data):
        return _item.decode(data)


def seal(header: Header, payload: bytes) -> tuple[bytes, str]:
    """Return an entry's bytes and its hash."""
    body = b"%b\n%b\n" % (_encoder.encode(header), payload)
    digest = hashlib.sha256(body).hexdigest()
    return b"%b%b\n" % (body, digest.encode()), digest


class Opened(NamedTuple):
    """An entry whose checksum is verified, before its payload is decoded.

    Attributes:
        header: Who wrote it, and where it stands.
        payload: Its bytes, unless they lie in a blob.
        hash: Its SHA-256 in hex.
        size: Bytes that it takes without its blob.
    """

    header: Header
    payload: bytes
    hash: str
    size: int


def open_entry(data: bytes, where: str) -> Opened:
    """Verify an entry's checksum and decode its header.

    Args:
        data: As they lie in the store.
        where: Their key, for the message.

    Raises:
        Damaged: If the bytes are not those of a whole entry.
    """
    body, _, rest = data[:-1].rpartition(b"\n")
    body += b"\n"
    digest = hashlib.sha256(body).hexdigest()
    if not data.endswith(b"\n") or rest.decode("ascii", "replace") != digest:
        raise Damaged(f"entry {where} is damaged: its checksum does not fit its {len(data)} bytes")
    first, _, payload = body.partition(b"\n")
    try:
        header = _header.decode(first)
    except msgspec.DecodeError as error:
        raise Damaged(f"entry {where}: the header cannot be read ({error})") from error
    if header.format > FORMAT:
        raise Damaged(
            f"entry {where} has format {header.format}; this version reads up to {FORMAT}"
        )
    return Opened(header, payload[:-1], digest, len(data))


def decode(opened: Opened, where: str, blob: bytes | None = None) -> Entry:
    """Return the entry; `blob` is its payload if the header says that it lies in one.

    Raises:
        Damaged: If the payload is not what was written.
    """
    payload, size = opened.payload, opened.size
    if opened.header.blob:
        payload = _checked_blob(opened.header, blob, where)
        size += len(payload)
    try:
        with _spared(payload):
            return Entry(opened.header, _payload.decode(payload), opened.hash, size)
    except msgspec.DecodeError as error:
        raise Damaged(f"entry {where}: the payload cannot be read ({error})") from error


def _spared(data: bytes) -> contextlib.AbstractContextManager[None]:
    """Keep the garbage collector away while much is decoded; it would double the time."""
    return uncollected() if len(data) > _MUCH_BYTES else contextlib.nullcontext()


def _checked_blob(header: Header, blob: bytes | None, where: str) -> bytes:
    if blob is None:
        raise Damaged(f"entry {where} refers to {header.blob}, which is missing")
    if hashlib.sha256(blob).hexdigest() != header.digest:
        raise Damaged(f"blob {header.blob} of entry {where} is damaged: its checksum does not fit")
    return blob
