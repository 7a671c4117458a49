"""brookline backup restore: which point, whether it may be, the work, and what is told of it."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.cli.backup_work import CLOCK
from brookline.cli.old_plane import require_dead
from brookline.cli.restore_points import chosen, find_latest, opened_source, written_ms
from brookline.cli.stores import absolute, opened, require_there
from brookline.cli.times import stamp
from brookline.errors import Conflict, NotFound
from brookline.journal import restoring, scan
from brookline.management.restoring import aftermath, applications, difference
from brookline.plane.living import living
from brookline.server.lock import proved_dead
from brookline.stores.urls import shown
from brookline.values.ids import new_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.cli.blocks import Block
    from brookline.journal.replica import Replica
    from brookline.management.restoring import Aftermath, Difference


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class _Choice:
    at_ms: int | None = None
    seq: int | None = None
    beside: bool = False
    although_unseen: bool = False
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
        wall_ms: When that entry was written, at the latest; 0 if it is not known.
        newest: The newest point of the source.
        epoch: Of the new plane's first entries.
        applications: By id: name, number of entities, state.
        interrupted: Names of the operations that ran.
        differs: How the newest state of the source differs that can be read.
        unread: Why what came after some point of the source cannot be read; empty if all can.
        sound: The last entry before that.
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
    unread: str = ""
    sound: int = 0

    def to_value(self) -> dict[str, Any]:
        """Return it for programs."""
        return {**dataclasses.asdict(self), "differs": self.differs._asdict()}


async def restored(wish: Wish, tell: Callable[[str], None]) -> Restored:
    """Restore, or find out what that would do.

    Raises:
        NotFound: If there is no such source, or point.
        Conflict: If the target is not empty, or the plane of the source lives, or may live.
        Damaged: If the source is, on the way to that point.
    """
    async with opened_source(wish.source) as origin:
        kept = await scan.retained(origin.source)
        point = await chosen(origin, kept, wish, tell)
        latest = await find_latest(origin, kept, point)
        now = CLOCK.wall_ms()
        text = f"plane {point.plane}, entry {point.seq}"
        after = aftermath(point.records, text, now, beside=wish.beside)
        if not wish.beside:
            await require_dead(point.plane, origin, wish, tell)
        found = Restored(
            of_plane=point.plane,
            plane="",
            sequence=point.seq,
            wall_ms=await written_ms(origin, point.seq, latest.newest),
            newest=latest.newest,
            epoch=restoring.next_epoch(latest.epoch, now),
            applications=applications(point.records),
            interrupted=after.interrupted,
            differs=difference(point.records, latest.replica.records),
            unread=latest.unread,
            sound=latest.replica.seq,
        )
        plane = await _plant(wish, point, after, epoch=found.epoch)
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
    if found.unread:
        yield f"! what came after entry {found.sound} could not be read: {found.unread}"
    if found.sound == found.sequence:
        return
    added, removed, changed = found.differs
    yield f"what came after it, up to entry {found.sound}, is not in it:"
    yield from (f"  application {name} was deployed" for name in added)
    yield from (f"  application {name} was removed" for name in removed)
    for name, many in changed.items():
        yield f"  application {name}: {many} of its entities changed"
    if not (added or removed or changed):
        yield "  nothing about applications"


async def _plant(wish: Wish, point: Replica, after: Aftermath, *, epoch: int) -> str:
    """Write the new plane, unless it is a dry run; return its id."""
    if not wish.into:
        return ""
    if wish.dry_run:
        with contextlib.suppress(NotFound):
            await require_there(wish.into)
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
