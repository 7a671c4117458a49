"""Persistence: the plane's records given out as an archive, and an archive taken in."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from brookline.blueprint.assembly import ENTITY, LOCATION
from brookline.errors import Outcome, Unavailable
from brookline.journal import scan
from brookline.journal.keys import JOURNAL, entry_key, entry_seq, is_entry_key
from brookline.management import archive
from brookline.management.archive import Manifest
from brookline.management.context import Repeated
from brookline.management.importing import fitting, merged
from brookline.management.telling import Teller
from brookline.plane.requests import Known
from brookline.version import VERSION
from brookline.wire.rest_journal import JournalPage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.management.context import Asking
    from brookline.plane.node import PlaneNode
    from brookline.values.clock import Clock
    from brookline.wire.rest_journal import JournalLine

log = logging.getLogger("brookline.management")


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken into the plane.

    Attributes:
        applications: Names by id.
        entities: How many, the applications among them.
        locations: How many.
        passed_over: How many records of kinds that are not taken.
        plane_id: Of the plane that the archive was made of.
        sequence: The last entry of that plane which it contains.
    """

    applications: Mapping[str, str]
    entities: int
    locations: int
    passed_over: Mapping[str, int]
    plane_id: str
    sequence: int


class Persistence:
    """Gives out and takes in the records of one plane.

    Args:
        node: The plane's.
        clock: For wall times.
    """

    def __init__(self, node: PlaneNode, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    async def export(self, *, read_on: bool) -> bytes:
        """Return an archive of the records as of one entry.

        Args:
            read_on: Whether to read the log to its end before, as the store shows it.

        Raises:
            Unavailable: If this node has not read any of it yet.
            StoreError: If the store does not answer.
            Damaged: If the log is.
        """
        node = self._node
        if read_on:
            await node.catch_up()
        at, plane = node.replica.at, node.plane_id
        if not plane or not at.seq:
            raise Unavailable("this node has not read the plane's log yet", Outcome.NOT_DONE)
        records = archive.chosen(node.replica.records.kinds())
        manifest = Manifest(
            format=archive.FORMAT,
            version=archive.VERSION,
            plane_id=plane,
            sequence=at.seq,
            epoch=at.epoch,
            hash=at.hash,
            node=node.identity.instance,
            product=VERSION,
            created_utc=self._clock.wall_ms(),
        )
        return await asyncio.to_thread(archive.pack, manifest, records)

    async def journal(self, first: int | None, last: int | None, limit: int) -> JournalPage:
        """Return what entries of the log say, as this node's store shows it.

        Args:
            first: Where to begin; None for so near the end that all of it fits.
            last: Where to end, or None.
            limit: How many entries at most.

        Raises:
            Unavailable: If this node has not read the log yet.
            StoreError: If the store does not answer.
            Damaged: If an entry is, or is missing and was not collected; it is named.
        """
        node, source = self._node, self._node.source
        tail = node.replica.seq
        if not tail:
            raise Unavailable("this node has not read the plane's log yet", Outcome.NOT_DONE)
        begin = max(1, tail - limit + 1) if first is None else max(1, first)
        end = tail if last is None else min(last, tail)
        listed = await source.list(JOURNAL, after=entry_key(begin - 1))
        keys = [key for key in listed if is_entry_key(key) and entry_seq(key) <= end]
        more = keys[limit : limit + 1]
        through = entry_seq(more[0]) if more else end
        gone = node.replica.standing.collected
        await scan.require_unbroken(source, keys[: limit + 1], begin, through, collected=gone)
        teller = Teller(node.replica.records)
        lines: list[JournalLine] = []
        async for key, data in scan.fetched(source, keys[:limit]):
            if data is not None:
                lines += teller.tell(await scan.opened(source, key, data))
        return JournalPage(lines, tail, entry_seq(more[0]) if more else None)

    async def merge(self, data: bytes, ctx: Asking) -> None:
        """Take the applications of an archive into the plane, all or none.

        What is decided is an `Imported`.

        Raises:
            InvalidInput: If it is no archive, or does not hold together.
            Conflict: If something in it is on the plane already; it names all of that.
            Repeated: If the request was made before; nothing is done.
            Unavailable: If it could not be committed.
        """
        manifest, lines = await asyncio.to_thread(archive.unpack, data)
        fit = await asyncio.to_thread(fitting, lines)
        imported = Imported(
            applications=dict(fit.applications()),
            entities=len(fit.records.all(ENTITY)),
            locations=len(fit.records.all(LOCATION)),
            passed_over=fit.passed_over,
            plane_id=manifest.plane_id,
            sequence=manifest.sequence,
        )
        decide = await asyncio.to_thread(merged, fit, self._clock.wall_ms(), imported)
        done = await self._node.commit(ctx.once(decide), request=ctx.request, user=ctx.user)
        if isinstance(done.answer, Known):
            raise Repeated(done.answer.record)
        fields = {
            "entities": imported.entities,
            "of_plane": imported.plane_id,
            "as_of": imported.sequence,
            "user": ctx.user,
        }
        log.info("imported", extra={"fields": fields})
