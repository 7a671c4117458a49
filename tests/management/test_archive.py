"""Archives: what is packed comes out again, and nothing that is damaged, foreign or too new."""

from __future__ import annotations

import io
import zipfile

import msgspec
import pytest

from brookline.errors import InvalidInput
from brookline.management.archive import Line, Manifest, chosen, pack, unpack

LINES = [
    Line("location", "location00", {"name": "localhost"}),
    Line("entity", "application", {"name": "shop \n\r", "config": {"a": [1, {"b": None}]}}),
]
RECORDS = {line.kind: {line.id: line.value} for line in LINES}
MANIFEST = Manifest(
    format="brookline-archive", version=1, plane_id="p", sequence=7, epoch=2, hash="h", node="n",
    product="1", created_utc=5,
)  # fmt: skip


def rezipped(change) -> bytes:
    """Return an archive whose parts were changed, by name."""
    with zipfile.ZipFile(io.BytesIO(pack(MANIFEST, RECORDS))) as file:
        parts = {name: file.read(name) for name in file.namelist()}
    change(parts)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in parts.items():
            file.writestr(name, data)
    return packed.getvalue()


def manifested(parts, **fields) -> None:
    said = msgspec.json.decode(parts["manifest.json"])
    parts["manifest.json"] = msgspec.json.encode(said | fields)


def test_what_is_packed_comes_out_again():
    manifest, lines = unpack(pack(MANIFEST, RECORDS))

    assert lines == LINES
    assert (manifest.plane_id, manifest.sequence, manifest.records) == (
        "p", 7, {"location": 1, "entity": 1},
    )  # fmt: skip


def test_hashes_of_passwords_are_left_out():
    kinds = {"user": {"ann": {"password": "hash"}}, "entity": {"one": {"name": "x"}}}

    assert list(chosen(kinds)) == ["entity"]


def flipped(data: bytes) -> bytes:
    """Return an archive with one bit of its packed records changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        at = file.getinfo("records.jsonl").header_offset + 60
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"PK nothing", "not a zip that can be read", id="no zip"),
        pytest.param(pack(MANIFEST, RECORDS)[:-30], "not a zip that can be read", id="cut off"),
        pytest.param(flipped(pack(MANIFEST, RECORDS)), "not a zip that can be read", id="flipped"),
        pytest.param(rezipped(lambda p: p.pop("manifest.json")), "no export", id="no manifest"),
        pytest.param(
            rezipped(lambda p: (p.clear(), p.update({"entities/abc": b"<x/>"}))),
            "AMP or a Brooklyn",
            id="a Brooklyn's",
        ),
        pytest.param(
            rezipped(lambda p: manifested(p, format="other")), "says format 'other'", id="other"
        ),
        pytest.param(rezipped(lambda p: manifested(p, version=2)), "has version 2", id="too new"),
        pytest.param(
            rezipped(lambda p: p.update({"manifest.json": b"{"})), "cannot be read", id="bad json"
        ),
        pytest.param(
            rezipped(lambda p: p.update({"records.jsonl": p["records.jsonl"] + b"\n"})),
            "checksum",
            id="other records",
        ),
        pytest.param(
            rezipped(lambda p: manifested(p, records={"entity": 2})), "other records", id="count"
        ),
    ],
)
def test_what_is_no_whole_archive_of_ours_is_refused(data, said):
    with pytest.raises(InvalidInput) as refused:
        unpack(data)

    assert said in refused.value.message


def test_records_that_are_nested_too_deeply_are_refused():
    value: dict = {}
    for _ in range(150):
        value = {"a": value}

    with pytest.raises(InvalidInput, match="nested more than 100 deep"):
        unpack(pack(MANIFEST, {"entity": {"application": value}}))


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_can_only_be_unpacked_as_a_whole_is_refused(packing):
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(pack(MANIFEST, RECORDS))) as file,
        zipfile.ZipFile(packed, "w", packing) as other,
    ):
        for name in file.namelist():
            other.writestr(name, file.read(name))

    with pytest.raises(InvalidInput, match="packed in a way that is not known"):
        unpack(packed.getvalue())


def test_a_small_zip_with_endless_records_is_refused():
    packed = pack(MANIFEST, {"entity": {"application": {"zeros": "0" * 1000}}})

    with pytest.raises(InvalidInput, match="larger than 100 bytes"):
        unpack(packed, most_bytes=100)
