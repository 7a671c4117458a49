"""What others say of damage: the master looks for itself, says the same, and makes it harmless.

A master does not read what it wrote. A standby does, and halts at an entry that is damaged. Then all
that the master writes afterwards could be read by nobody once it has ended, though it has it in
memory. So it looks at what an alarm names, raises the alarm itself, and takes a snapshot, which contains
that entry: readers load it instead, as they do when entries were collected.
"""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

from brookline.journal.keys import JOURNAL, entry_seq, is_entry_key
from brookline.journal.planekey import find_plane

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.plane.core import Core
    from brookline.plane.watch import Sighting

log = logging.getLogger("brookline.plane")

_KEY = re.compile(rf"{re.escape(JOURNAL)}\d+/\d+")


class Hearsay:
    """Looks into the alarms of other nodes while this one leads.

    Args:
        core: The node's.
        is_fresh: Tells whether a node was seen to beat of late.
    """

    def __init__(self, core: Core, is_fresh: Callable[[Sighting], bool]) -> None:
        self._core = core
        self._is_fresh = is_fresh
        self._epoch = 0
        self._heard: set[tuple[str, str]] = set()
        self._found: dict[str, str] = {}

    @property
    def stands(self) -> bool:
        """Whether this node leads, and says that an entry is damaged which no snapshot contains."""
        return self._core.leadership is not None and bool(self._found)

    async def mind(self) -> None:
        """Look once at what each alarm names, and at what was found until it is harmless.

        Raises:
            StoreError: If the store does not answer.
            Damaged: If the store's own key is.
        """
        core = self._core
        if core.led() != self._epoch:
            self._epoch = core.led()
            self._heard.clear()
            self._found.clear()
        if core.leadership is None or not core.serving or not core.holds_lease():
            return
        for sighting in core.watch:
            await self._hear(sighting)
        await self._review()

    async def _hear(self, sighting: Sighting) -> None:
        told, core = sighting.heartbeat, self._core
        news = (told.instance, told.alarm)
        if told.instance == core.me or not told.alarm or news in self._heard:
            return
        if not self._is_fresh(sighting):
            return
        # In another plane's store, as after a restore, nothing of this one may be written.
        if await find_plane(core.parts.store) == core.parts.replica.plane:
            for key in self._named(told.alarm):
                await self._examine(key, told.name)
        self._heard.add(news)

    def _named(self, alarm: str) -> Iterator[str]:
        """Yield the entries in an alarm which this node has, and no announced snapshot contains."""
        last = self._core.parts.replica.seq
        for key in dict.fromkeys(_KEY.findall(alarm)):
            if is_entry_key(key) and self._contained() < entry_seq(key) <= last:
                yield key

    def _contained(self) -> int:
        taken = self._core.parts.replica.standing.snapshots
        return taken[-1].seq if taken else 0

    async def _examine(self, key: str, name: str) -> None:
        why = await self._core.parts.reader.examine(key)
        if not why:
            log.warning("entry is whole here", extra={"fields": {"key": key, "alarm of": name}})
            return
        if key not in self._found:
            log.critical("alarm", extra={"fields": {"why": why, "seen by": name}})
        self._found[key] = why
        self._core.alarm = "; ".join(self._found.values())
        if self._core.leadership is not None:
            self._core.leadership.want_snapshot(entry_seq(key))

    async def _review(self) -> None:
        """Forget what a snapshot contains by now, and what was repaired."""
        for key in list(self._found):
            if self._contained() >= entry_seq(key):
                log.warning("a snapshot contains it", extra={"fields": {"key": key}})
            elif await self._core.parts.reader.examine(key):
                continue
            del self._found[key]
        if self._found:
            self._core.alarm = "; ".join(self._found.values())
