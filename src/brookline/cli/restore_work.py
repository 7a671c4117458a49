"""brookline backup restore: which point, whether it may be, the work, and what is told of it."""

from __future__ import annotations

import contextlib
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from brookline.cli.backup_work import CLOCK
from brookline.cli.stores import absolute, opened, opened_plane, require_there
from brookline.cli.times import stamp
from brookline.errors import BrooklineError, Conflict, NotFound
from brookline.journal import points, restoring, scan
from brookline.journal.backups import Backup
from brookline.journal.entry import open_entry
from brookline.journal.keys import entry_key
from brookline.management.restoring import aftermath, applications, difference
from brookline.plane.living import living
from brookline.server.lock import proved_dead
from brookline.stores.registry import scheme_of
from brookline.stores.urls import shown
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from brookline.cli.blocks import Block
    from brookline.journal.replica import Replica
    from brookline.journal.scan import Retained, Source
    from brookline.management.restoring import Aftermath, Difference


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    at_ms: int | None = None
    seq: int | None = None
    beside: bool = False
    dry_run: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Wish(_Choice):
    """What was asked for.

    Attributes:
        source: A file, or the URL of a store.
        into: URL of the store to begin in, or empty for a dry run without one.
    """

    source: str
    into: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What was, or would be, restored.

    Attributes:
        of_plane: The plane that it is from.
        plane: Id of the new one, empty if it was a dry run.
        sequence: The point.
        wall_ms: When that entry was written, 0 if it is not known.
        newest: The newest point of the source.
        epoch: Of the new plane's first entries.
        applications: By id: name, number of entities, state.
        interrupted: Names of the operations that ran.
        differs: How the newest state of the source differs.
    """

    of_plane: str
    plane: str
    sequence: int
    wall_ms: int
    newest: int
    epoch: int
    applications: dict[str, dict[str, Any]]
    interrupted: tuple[str, ...]
    differs: Difference

    def to_value(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**dataclasses.asdict(self), "differs": self.differs._asdict()}


async def restored(wish: Wish, tell: Callable[[str], None]) -> Restored:
    """Restore, or find out what that would do.

    Raises:
        NotFound: If there is no such source, or point.
        Conflict: If the target is not empty, or the plane of the source lives.
        Damaged: If the source is, on the way to that point.
    """
    async with _source(wish.source) as (source, origin):
        kept = await scan.retained(source)
        seq = await _chosen(source, kept, wish)
        point = await points.rebuild(source, kept, seq, CLOCK)
        newest = points.spans(kept)[-1].last
        latest = await points.rebuild(source, kept, newest, CLOCK) if newest != seq else point
        now = CLOCK.wall_ms()
        text = f"plane {point.plane}, entry {seq}"
        after = aftermath(point.records, text, now, beside=wish.beside)
        epoch = restoring.next_epoch(latest.epoch, now)
        if not wish.beside:
            await _require_dead(origin, tell, dry_run=wish.dry_run)
        found = Restored(
            of_plane=point.plane,
            plane="",
            sequence=seq,
            wall_ms=await _written(source, seq),
            newest=newest,
            epoch=epoch,
            applications=applications(point.records),
            interrupted=after.interrupted,
            differs=difference(point.records, latest.records),
        )
        plane = await _plant(wish, point, after, epoch=epoch)
        return dataclasses.replace(found, plane=plane)


def screen(wish: Wish, found: Restored) -> Iterator[Block]:
    """Yield what is told to people."""
    would = "would be " if wish.dry_run else ""
    at = f", {stamp(found.wall_ms)}" if found.wall_ms else ""
    yield f"plane {found.of_plane} as of entry {found.sequence}{at} (the newest is {found.newest})"
    into = f" in {shown(wish.into)}" if wish.into else ""
    yield f"{would}restored as plane {found.plane or '(a new id)'}{into}, epoch {found.epoch}"
    for one in found.applications.values():
        many = "1 entity" if one["entities"] == 1 else f"{one['entities']} entities"
        yield f"  application {one['name']}: {many}, {one['state'] or 'no state'}"
    if not found.applications:
        yield "  no applications"
    for name in found.interrupted:
        yield f"  interrupted, for it ran then: {name}"
    yield from _differences(found)
    if not wish.dry_run:
        yield f"Next: brookline server --home DIR --persistence-dir {shown(wish.into)}"


def _differences(found: Restored) -> Iterator[str]:
    if found.sequence == found.newest:
        return
    added, removed, changed = found.differs
    yield f"what came after it, up to entry {found.newest}, is not in it:"
    yield from (f"  application {name} was deployed" for name in added)
    yield from (f"  application {name} was removed" for name in removed)
    for name, many in changed.items():
        yield f"  application {name}: {many} of its entities changed"
    if not (added or removed or changed):
        yield "  nothing about applications"


@contextlib.asynccontextmanager
async def _source(text: str) -> AsyncIterator[tuple[Source, str]]:
    """Open what is restored from; also say where its plane's store is, or was."""
    if scheme_of(text) == "directory" and Path(text).is_file():
        with contextlib.closing(Backup.open(Path(text))) as backup:
            yield backup, backup.manifest.source
        return
    if scheme_of(text) == "directory" and not Path(text).exists():
        raise NotFound(f"there is no file and no folder {text}")
    async with opened_plane(text) as store:
        yield store, text


async def _chosen(source: Source, kept: Retained, wish: Wish) -> int:
    covered = points.spans(kept)
    if not covered:
        raise NotFound(f"{shown(wish.source)} holds no entry and no snapshot")
    if wish.seq is not None:
        return wish.seq
    if wish.at_ms is None:
        return covered[-1].last
    return (await points.point_at(source, kept, wish.at_ms, CLOCK)).seq


async def _written(source: Source, seq: int) -> int:
    data = await source.get(entry_key(seq))
    return open_entry(data, entry_key(seq)).header.wall_ms if data is not None else 0


async def _require_dead(origin: str, tell: Callable[[str], None], *, dry_run: bool) -> None:
    """Refuse to take the place of a plane that lives.

    Raises:
        Conflict: If it does.
    """
    if not origin:
        return
    try:
        require_there(origin)
        async with opened(origin) as store:
            alive = await living(store, CLOCK, is_dead=proved_dead)
    except BrooklineError as error:
        tell(f"note: it could not be seen whether the old plane lives: {error.message}")
        return
    if not alive:
        return
    why = (
        f"the plane in {shown(origin)} lives: node {alive[0].name} beats. Stop its nodes first, or"
        " give --beside if both shall go on"
    )
    if not dry_run:
        raise Conflict(why)
    tell(f"note: this would be refused: {why}")


async def _plant(wish: Wish, point: Replica, after: Aftermath, *, epoch: int) -> str:
    """Write the new plane, unless it is a dry run; return its id."""
    if not wish.into:
        return ""
    if wish.dry_run:
        with contextlib.suppress(NotFound):
            require_there(wish.into)
            async with opened(wish.into) as store:
                await _require_free(store, wish.into)
        return ""
    async with opened(wish.into) as store:
        await _require_free(store, wish.into)
        origin = (
            f"plane {point.plane} as of entry {point.seq}, restored from {absolute(wish.source)}"
        )
        plan = restoring.Plan(new_id(), epoch, origin, after.items, after.interrupted)
        await restoring.plant(store, point, plan, CLOCK)
        return plan.plane


async def _require_free(store: Any, url: str) -> None:
    """Refuse a store with anything of a plane; of one that lives, say so.

    Raises:
        Conflict: If it is not empty.
    """
    try:
        await restoring.require_empty(store, shown(url))
    except Conflict as refusal:
        alive = await living(store, CLOCK, is_dead=proved_dead)
        if not alive:
            raise
        raise Conflict(
            f"{shown(url)} holds a plane that lives: node {alive[0].name} beats; name an empty store"
        ) from refusal
