"""Backups that a node makes by itself: when it has begun to lead, and when it has ceased to.

They are made beside the course of things, from the records that the node has anyway: nothing waits for them, and the
store is not asked. Each is a snapshot of one entry. Source: Brooklyn, which makes them so.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.journal import snapshot
from brookline.journal.backups import FORMAT, VERSION, BackupWriter, Manifest
from brookline.journal.keys import PLANE
from brookline.journal.planekey import PlaneKey
from brookline.management.backup_files import (
    AUTOMATIC,
    DEMOTION,
    PROMOTION,
    abandoned,
    listed,
    name_of,
    superfluous,
)
from brookline.values.crew import Crew
from brookline.version import VERSION as PRODUCT
from brookline.wire.entries import FORMAT as LAYOUT

if TYPE_CHECKING:
    from pathlib import Path

    from brookline.plane.node import PlaneNode
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.management")

_QUIET_S = 3.0
"""After a change of mastership there is much to do; a backup can wait."""

_LAST_S = 8.0
"""How long the last one may hold up the end of the process."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BackupSettings:
    """Where backups go, and how many may be there.

    Attributes:
        folder: Made if it is missing.
        kept: How many of a plane's automatic ones stay.
        most_bytes: How large they may be together.
        source: URL of the store, as it is written into them.
    """

    folder: Path
    kept: int
    most_bytes: int
    source: str


class Backups:
    """Watches one node, and makes its backups.

    Args:
        node: The plane's.
        clock: For pauses and dates.
        settings: Where and how many; None to make none.
    """

    def __init__(self, node: PlaneNode, clock: Clock, settings: BackupSettings | None) -> None:
        self._node = node
        self._clock = clock
        self._settings = settings
        self._led = 0
        self._lock = asyncio.Lock()
        self._crew = Crew("backups")

    def begin(self) -> None:
        """Make a backup after each beginning and each end of a mastership, from now on."""
        if self._settings is not None:
            self._crew.spawn(self._watch(), "watch")

    async def finish(self) -> None:
        """Make what is due before the process ends, if there is time; whatever fails is logged."""
        if self._settings is not None and (self._led or self._leads()):
            ended = asyncio.Event()
            self._crew.spawn(self._last(ended), "last")
            try:
                async with asyncio.timeout(_LAST_S), self._node.exit_time.spent():
                    await ended.wait()
            except TimeoutError:
                log.warning("no backup was made at the end: it took too long")
        await self._crew.disband()

    async def _last(self, ended: asyncio.Event) -> None:
        try:
            await self._make(DEMOTION)
        finally:
            ended.set()

    async def _watch(self) -> None:
        while True:
            await self._clock.sleep(self._node.settings.poll_s / 2)
            if self._leads() != self._led:
                await self._clock.sleep(_QUIET_S)
                await self._changed()

    async def _changed(self) -> None:
        """Note who leads now, and back up what that asks for."""
        epoch, before = self._leads(), self._led
        self._led = epoch
        if before and epoch != before:
            await self._make(DEMOTION)
        if epoch and epoch != before:
            await self._make(PROMOTION)

    def _leads(self) -> int:
        """Return the epoch in which this node leads by the log, or 0."""
        at = self._node.replica.at
        mine = at.standing.owner == self._node.identity.instance
        return at.epoch if mine and at.standing.active and not at.standing.resigned else 0

    async def _make(self, why: str) -> None:
        settings, replica = self._settings, self._node.replica
        if settings is None or not replica.seq:
            return
        async with self._lock:
            at = replica.at
            key, data = await snapshot.encode(replica, self._clock)
            manifest = Manifest(
                format=FORMAT,
                version=VERSION,
                plane_id=replica.plane,
                sequence=at.seq,
                epoch=at.epoch,
                created_utc=self._clock.wall_ms(),
                why=why,
                node=self._node.identity.name,
                source=settings.source,
                product=PRODUCT,
            )
            path = settings.folder / name_of(
                manifest.created_utc, self._node.identity.instance, why
            )
            try:
                await asyncio.to_thread(_write, path, manifest, {key: data})
                gone = await asyncio.to_thread(_prune, settings, manifest.plane_id, path)
            except OSError as error:
                fields = {"file": str(path), "why": str(error)}
                log.warning("no backup was made", extra={"fields": fields})
                return
        made = {"file": str(path), "seq": at.seq, "deleted": gone}
        log.info("backup made", extra={"fields": made})


def _write(path: Path, manifest: Manifest, keys: dict[str, bytes]) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)  # never a home that was moved away
    writer = BackupWriter(path)
    try:
        writer.add(PLANE, msgspec.json.encode(PlaneKey(LAYOUT, manifest.plane_id)))
        for key, data in keys.items():
            writer.add(key, data)
        writer.seal(manifest)
        writer.publish()
    finally:
        writer.discard()


def _prune(settings: BackupSettings, plane: str, written: Path) -> int:
    """Delete automatic backups of this plane beyond what may be kept; return how many went.

    Parts of such as were never finished go, too.
    """
    files = [
        one.path
        for one in listed([settings.folder])
        if one.manifest and one.manifest.plane_id == plane and one.manifest.why in AUTOMATIC
    ]
    over = superfluous(files, keep=settings.kept, most_bytes=settings.most_bytes)
    for path in (*over, *abandoned(written)):
        path.unlink(missing_ok=True)
    return len(over)
