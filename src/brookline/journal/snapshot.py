"""Snapshots: all records as of one entry, so that nobody has to replay the log from its start.

A snapshot is a pure function of a prefix of the log, made from committed records. Its key names
its last entry and the SHA-256 of its bytes; it is never changed, and there is no pointer to "the
latest" that a stale master could move back. Its header has the hash of its last entry, which the
`prev` of the next one must equal.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from brookline.errors import Damaged
from brookline.journal.keys import SNAPSHOT, is_snapshot_key, snapshot_key, snapshot_seq
from brookline.journal.replica import Prefix, Replica
from brookline.journal.standing import Standing
from brookline.values.garbage import uncollected
from brookline.wire.entries import FORMAT, SnapshotHeader

if TYPE_CHECKING:
    from brookline.journal.rules import Rules
    from brookline.journal.scan import Source
    from brookline.values.clock import Clock

_SLICE = 500
"""Records encoded or decoded before the loop may run something else: about a millisecond."""

_CHUNK_BYTES = 4 << 20
"""Bytes hashed before the loop may run something else: some ten milliseconds on a slow machine."""

POINTER = f"{SNAPSHOT}0-pointer"
"""Used only by simulations that switch the rule *immutable snapshots* off."""

_encoder = msgspec.json.Encoder()
_header = msgspec.json.Decoder(SnapshotHeader)
_line = msgspec.json.Decoder(tuple[str, str, dict[str, Any]])


async def encode(replica: Replica, clock: Clock) -> tuple[str, bytes]:
    """Return the key and the bytes of a snapshot of what `replica` is now.

    The replica may move on meanwhile: values are never changed in place, so that a copy of the
    references is enough.
    """
    with uncollected():
        lines = [
            (kind, i, v)
            for kind, records in replica.records.kinds().items()
            for i, v in records.items()
        ]
    header = SnapshotHeader(
        format=FORMAT,
        plane=replica.plane,
        seq=replica.seq,
        epoch=replica.epoch,
        hash=replica.hash,
        records=len(lines),
        state=msgspec.to_builtins(replica.standing),
    )
    parts = [_encoder.encode(header) + b"\n"]
    digest = hashlib.sha256(parts[0])
    for start in range(0, len(lines), _SLICE):
        parts.append(
            b"".join(_encoder.encode(line) + b"\n" for line in lines[start : start + _SLICE])
        )
        digest.update(parts[-1])
        await clock.sleep(0)
    return snapshot_key(header.seq, digest.hexdigest()), b"".join(parts)


async def decode(data: bytes, where: str, clock: Clock) -> Replica:
    """Return the replica that a snapshot's bytes describe.

    Raises:
        Damaged: If they are not a whole snapshot.
    """
    lines = data.splitlines()
    try:
        header = _header.decode(lines[0])
        if header.format > FORMAT or header.records != len(lines) - 1:
            raise Damaged(f"snapshot {where} has another format or length than its header says")
        standing = msgspec.convert(header.state, Standing)
        replica = Replica(header.plane, Prefix(header.seq, header.hash, header.epoch, standing))
        with uncollected():
            for start in range(1, len(lines), _SLICE):
                for line in lines[start : start + _SLICE]:
                    replica.records.put(*_line.decode(line))
                await clock.sleep(0)
    except (IndexError, msgspec.DecodeError, msgspec.ValidationError) as error:
        raise Damaged(f"snapshot {where} cannot be read ({error})") from error
    return replica


async def find_newest(store: Source, after_seq: int, rules: Rules) -> str | None:
    """Return the key of the newest snapshot of an entry above `after_seq`, announced or not."""
    if not rules.immutable_snapshots:
        return await _pointed(store, after_seq)
    # '~' sorts behind all hex digits: everything behind it has a higher number.
    keys = await store.list(SNAPSHOT, after=f"{SNAPSHOT}{after_seq:010d}-~")
    return next((key for key in reversed(keys) if is_snapshot_key(key)), None)


async def list_snapshots(store: Source) -> list[str]:
    """Return the keys of all snapshots, oldest first."""
    return [key for key in await store.list(SNAPSHOT) if is_snapshot_key(key)]


async def read(store: Source, key: str, clock: Clock) -> Replica | None:
    """Return what the snapshot under `key` says; None if it is gone, or damaged.

    A damaged snapshot is passed over, because an older one and the log say the same.
    """
    try:
        data = await store.get(key)
        if data is None or snapshot_key(snapshot_seq(key), await _digest(data, clock)) != key:
            return None
        return await decode(data, key, clock)
    except Damaged:
        return None


async def _digest(data: bytes, clock: Clock) -> str:
    digest = hashlib.sha256()
    for start in range(0, len(data), _CHUNK_BYTES):
        digest.update(memoryview(data)[start : start + _CHUNK_BYTES])
        await clock.sleep(0)
    return digest.hexdigest()


async def _pointed(store: Source, after_seq: int) -> str | None:
    pointer = await store.get(POINTER)
    key = pointer.decode() if pointer else ""
    return key if key and snapshot_seq(key) > after_seq else None
