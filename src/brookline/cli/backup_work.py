"""What the commands about backups do: read stores and files, and write files."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from brookline.cli.stores import absolute, opened_plane
from brookline.errors import Conflict, Damaged, InvalidInput
from brookline.journal import scan
from brookline.journal.backups import (
    FORMAT,
    MANIFEST,
    SUFFIX,
    VERSION,
    Backup,
    BackupWriter,
    Manifest,
    copy_into,
)
from brookline.journal.entry import open_entry
from brookline.journal.keys import entry_seq
from brookline.journal.planekey import find_plane
from brookline.journal.points import rebuild, spans
from brookline.journal.verifying import Fault, verify
from brookline.management.backup_files import CUSTOM, File, abandoned, name_of
from brookline.stores.urls import shown
from brookline.values.clock import SystemClock
from brookline.version import VERSION as PRODUCT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from brookline.journal.scan import Retained, Source
    from brookline.journal.verifying import Verdict

CLOCK = SystemClock()


async def make(url: str, to: Path) -> File:
    """Write a backup of a store, and verify it.

    Raises:
        NotFound: If there is no plane.
        Conflict: If there is a file of that name.
        InvalidInput: If it cannot be written there.
        Damaged: If the store is; there is no backup then.
    """
    async with opened_plane(url) as store:
        kept = await scan.retained(store)
        manifest = await _manifest(store, kept, url)
        path = _path(to, manifest)
        try:
            writer = BackupWriter(path)
        except OSError as error:
            raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error
        try:
            await copy_into(writer, store, kept)
            await asyncio.to_thread(writer.seal, manifest)
            await _require_sound(writer.part, url)
            await asyncio.to_thread(_publish, writer)
        except FileExistsError as error:
            raise Conflict(f"{path} is there already; name another file") from error
        except OSError as error:
            raise InvalidInput(f"{path} cannot be written: {error.strerror}") from error
        finally:
            writer.discard()
    with contextlib.closing(Backup.open(path)) as backup:
        return File(path, path.stat().st_size, backup.manifest)


def _path(to: Path, manifest: Manifest) -> Path:
    """Return which file to write, where a folder may be named.

    Raises:
        InvalidInput: If it is not there, and its name is no backup's: as a file nobody would list it.
    """
    if to.is_dir():
        return to / name_of(manifest.created_utc, manifest.plane_id, CUSTOM)
    if not to.suffix and not to.exists():
        raise InvalidInput(
            f"there is no folder {to}: make it, or name a file that ends in {SUFFIX}"
        )
    return to


def _publish(writer: BackupWriter) -> None:
    writer.publish()
    for part in abandoned(writer.path):
        part.unlink(missing_ok=True)


async def verified(path: Path) -> Verdict:
    """Verify a backup.

    Raises:
        NotFound: If there is no such file.
        InvalidInput: If it is no backup.
        Damaged: If something was taken out of it, or cannot be read.
    """
    with contextlib.closing(Backup.open(path)) as backup:
        kept = await scan.retained(backup)
        verdict = await verify(backup, CLOCK, may_lack=begins(kept))
        verdict.faults += _contradictions(backup.manifest, verdict, kept.last_seq)
        return verdict


def _contradictions(manifest: Manifest, verdict: Verdict, last_seq: int) -> Iterator[Fault]:
    """Yield what a manifest says other than the log, as far as that can be read."""
    pairs: list[tuple[str, object, object]] = [
        ("plane", manifest.plane_id, verdict.plane or manifest.plane_id),
        ("entry", manifest.sequence, last_seq),
    ]
    if not verdict.faults:
        pairs.append(("epoch", manifest.epoch, verdict.epoch))
    for name, said, found in pairs:
        if said != found:
            what = f"{MANIFEST} says {name} {said}, and the log {name} {found}"
            yield Fault(MANIFEST, what, "somebody changed it: take another backup")


def begins(kept: Retained) -> int:
    """Return up to which entry a backup may lack others: one that a node made has a snapshot only.

    Another holds the log as it was, which may lack only what it announced for collection itself.
    """
    return 0 if kept.entries else kept.last_seq


async def _require_sound(part: Path, url: str) -> None:
    verdict = await verified(part)
    if verdict.faults:
        raise Damaged(
            f"{verdict.faults[0].what}; no backup was made. Look with"
            f" brookline journal verify --persistence-dir {shown(url)}"
        )


async def _manifest(store: Source, kept: Retained, url: str) -> Manifest:
    plane = await find_plane(store)
    if not kept.entries and not kept.snapshots:
        raise InvalidInput(f"{shown(url)} holds a plane that has not begun: there is nothing yet")
    return Manifest(
        format=FORMAT,
        version=VERSION,
        plane_id=plane or "",
        sequence=kept.last_seq,
        epoch=await _last_epoch(store, kept),
        created_utc=CLOCK.wall_ms(),
        why=CUSTOM,
        source=absolute(url),
        product=PRODUCT,
    )


async def _last_epoch(store: Source, kept: Retained) -> int:
    if kept.entries and entry_seq(kept.entries[-1]) == kept.last_seq:
        data = await store.get(kept.entries[-1])
        if data is not None:
            return open_entry(data, kept.entries[-1]).header.epoch
    return (await rebuild(store, kept, spans(kept)[-1].last, CLOCK)).epoch
