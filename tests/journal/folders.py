"""Journals in real folders, entry by entry, with the times that a test wants them to have."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from tests.journal.house import made

from brookline.journal import snapshot
from brookline.journal.keys import PLANE, blob_key, entry_key
from brookline.journal.planekey import PlaneKey
from brookline.journal.replica import Replica
from brookline.stores.directory import DirectoryStore
from brookline.values.clock import SystemClock
from brookline.wire.changes import Item
from brookline.wire.entries import FORMAT, Active, Batch, Collect, Fence, SnapshotTaken

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.wire.changes import Change
    from brookline.wire.entries import Payload

CLOCK = SystemClock()
MINUTE_MS = 60_000
NOON_MS = 1_750_000_000_000


class FolderLog:
    """A plane's journal in a folder; its entries are a minute apart."""

    def __init__(self, folder: Path, plane: str = "planeabcde") -> None:
        self.folder = folder
        self.replica = Replica(plane)
        self.run(self._create(PLANE, msgspec.json.encode(PlaneKey(FORMAT, plane))))

    def run(self, work):
        return asyncio.run(work)

    def wall_ms(self, seq: int) -> int:
        return NOON_MS + seq * MINUTE_MS

    def lead(self, node: str = "n1", name: str = "") -> None:
        """Append a fence and its `active`."""
        self.append(Fence(name=name or node, reason="first start"), node=node)
        self.append(Active(), node=node)

    def put(self, *changes: Change, user: str = "", request: str = "") -> int:
        """Append a batch of one request; return its number."""
        return self.append(Batch((Item(changes, request, user),)))

    def append(self, payload: Payload, node: str = "", **more) -> int:
        seq = self.replica.seq + 1
        node = node or self.replica.standing.owner or "n1"
        entry, data = made(self.replica, payload, node=node, wall_ms=self.wall_ms(seq), **more)
        self.run(self._create(entry_key(seq), data))
        self.run(self.replica.apply(entry))
        return seq

    def put_in_blob(self, *changes: Change) -> int:
        """Append a batch whose payload lies in a blob."""
        import hashlib

        from brookline.journal.entry import Entry, encode_payload, seal

        payload = Batch((Item(changes),))
        body = encode_payload(payload)
        digest = hashlib.sha256(body).hexdigest()
        key = blob_key(self.replica.epoch, digest)
        entry, _ = made(self.replica, payload, wall_ms=self.wall_ms(self.replica.seq + 1))
        header = msgspec.structs.replace(entry.header, blob=key, digest=digest, size=len(body))
        data, hashed = seal(header, b"null")
        self.run(self._create(key, body))
        self.run(self._create(entry_key(entry.seq), data))
        self.run(self.replica.apply(Entry(header, payload, hashed, len(data) + len(body))))
        return entry.seq

    def snapshot(self) -> str:
        """Take a snapshot, and announce it; return its key."""
        key, data = self.run(snapshot.encode(self.replica, CLOCK))
        self.run(self._create(key, data))
        self.append(SnapshotTaken(key, self.replica.seq, len(data)))
        return key

    def collect(self, through: int) -> None:
        """Announce a collection, and do it."""
        self.append(Collect(through))
        for seq in range(1, through + 1):
            path = self.folder / entry_key(seq)
            if path.exists() and b'"kind":"fence"' not in path.read_bytes():
                path.unlink()

    def file(self, seq: int) -> Path:
        return self.folder / entry_key(seq)

    async def _create(self, key: str, data: bytes) -> None:
        store = await DirectoryStore.open(self.folder)
        try:
            assert type(await store.create(key, data)).__name__ == "Created"
        finally:
            await store.close()

    def open(self):
        return DirectoryStore.open(self.folder)

    def with_store(self, work):
        """Return what a coroutine function makes of the store."""

        async def go():
            store = await self.open()
            try:
                return await work(store)
            finally:
                await store.close()

        return asyncio.run(go())
