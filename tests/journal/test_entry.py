from __future__ import annotations

import msgspec
import pytest

from brookline.errors import Damaged
from brookline.journal.entry import (
    NO_HASH,
    Entry,
    decode,
    encode_batch,
    encode_item,
    encode_payload,
    open_entry,
    seal,
)
from brookline.wire.changes import Drop, Item, Merge, Put
from brookline.wire.entries import (
    FORMAT,
    Active,
    Batch,
    Collect,
    Fence,
    Header,
    Import,
    Resign,
    SnapshotTaken,
)

ITEM = Item(
    (Put("a", "1", {"x": [1, "ü\n", None]}), Merge("a", "1", {"y": 2}, ("x",)), Drop("b", "2"))
)
PAYLOADS = [
    Fence("n1", "first start", "n0", evidence="seen", detect_ms=1, elect_ms=2, guess=True),
    Active(3, (ITEM,), ("Tomcat: start",)),
    Batch((ITEM, Item((Drop("c", "3"),), "r1", "ann"))),
    SnapshotTaken("snapshot/1-ab", 1, 99),
    Collect(7, ("blob/1-ab",), ("snapshot/1-ab",)),
    Resign("n2", "switchover", failed=True),
    Import("elsewhere", (ITEM,)),
]


def header(payload: bytes, **more: object) -> Header:
    fields = {
        "format": FORMAT, "plane": "p", "seq": 1, "epoch": 1, "node": "n1", "nonce": "abc",
        "wall_ms": 1, "prev": NO_HASH, "size": len(payload), **more,
    }  # fmt: skip
    return msgspec.convert(fields, Header)


def read_back(data: bytes, blob: bytes | None = None) -> Entry:
    return decode(open_entry(data, "key"), "key", blob)


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda p: type(p).__name__)
def test_what_is_written_is_read(payload: Batch) -> None:
    body = encode_payload(payload)
    data, digest = seal(header(body), body)
    entry = read_back(data)
    assert (entry.payload, entry.hash, entry.size) == (payload, digest, len(data))
    assert entry.is_fence == isinstance(payload, Fence)


def test_items_encoded_one_by_one_are_a_batch() -> None:
    items = (ITEM, Item((Drop("c", "3"),), "r1", "ann"))
    assert encode_batch([encode_item(item) for item in items]) == encode_payload(Batch(items))


def test_every_changed_byte_is_noticed() -> None:
    body = encode_payload(Batch((ITEM,)))
    data, _ = seal(header(body), body)
    for place in range(len(data)):
        for flip in (1, 0x20, 0x80):
            broken = bytearray(data)
            broken[place] ^= flip
            with pytest.raises(Damaged):
                read_back(bytes(broken))


def test_every_missing_end_is_noticed() -> None:
    body = encode_payload(Batch((ITEM,)))
    data, _ = seal(header(body), body)
    for length in range(len(data)):
        with pytest.raises(Damaged, match="checksum"):
            read_back(data[:length])
    with pytest.raises(Damaged, match="checksum"):
        read_back(data + b"\n")


def test_a_newer_format_is_refused_by_its_number() -> None:
    data, _ = seal(header(b"{}", format=FORMAT + 1), b"{}")
    with pytest.raises(Damaged, match=f"format {FORMAT + 1}"):
        read_back(data)


@pytest.mark.parametrize("payload", [b"{}", b'{"kind":"party"}', b"null", b"[", b""])
def test_a_payload_of_no_known_kind_is_damage(payload: bytes) -> None:
    data, _ = seal(header(payload), payload)
    with pytest.raises(Damaged, match="payload"):
        read_back(data)


def test_a_large_payload_lies_in_its_blob() -> None:
    import hashlib

    body = encode_payload(Batch((ITEM,)))
    digest = hashlib.sha256(body).hexdigest()
    data, _ = seal(header(body, blob="blob/1-x", digest=digest), b"null")
    entry = read_back(data, body)
    assert (entry.payload, entry.size) == (Batch((ITEM,)), len(data) + len(body))
    with pytest.raises(Damaged, match="missing"):
        read_back(data, None)
    with pytest.raises(Damaged, match="damaged"):
        read_back(data, body + b" ")


def test_changes_come_in_order() -> None:
    body = encode_payload(Batch((ITEM, Item((Drop("c", "3"),)))))
    data, _ = seal(header(body), body)
    assert [change.id for change in read_back(data).changes()] == ["1", "1", "2", "3"]
