"""The keeper: brings service states in line when something else changed what they follow from.

A sensor may be set by a request, a problem cleared by hand, a child may go down or away. The
keeper hears of it on the bus and has what follows decided on the records, in one commit at a time.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from brookline.entities.health import Report, Service, recorded, reported
from brookline.errors import Fenced, NotMaster, Unavailable
from brookline.journal.queue import Decision
from brookline.model import service
from brookline.model.bus import Event, Happening

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.journal.records import View
    from brookline.model.entity import Entity
    from brookline.model.live import Live
    from brookline.operations.recorder import Recorder
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.entities")

_CAUSES = frozenset({service.EXPECTED, service.PROBLEMS, service.NOT_UP})
_RESULTS = frozenset({service.IS_UP, service.STATE})
_RETRY_S = 1.0


class Keeper:
    """Keeps `service.isUp` and `service.state` of all entities true."""

    def __init__(self, live: Live, recorder: Recorder, clock: Clock) -> None:
        self._live = live
        self._recorder = recorder
        self._clock = clock
        self._dirty: dict[str, None] = {}
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Listen and decide until cancelled, or until this node does not lead any more."""
        end: Callable[[], None] = self._live.bus.listen(self._heard)
        try:
            self._look_at_all()
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._decide()
        except (NotMaster, Fenced):
            log.debug("keeper stops: this node does not lead any more")
        finally:
            end()

    def _heard(self, event: Event) -> None:
        entity = event.entity
        if event.happening is Happening.SENSOR_CHANGED:
            if event.sensor in _CAUSES:
                self._mark(entity)
            if event.sensor in _RESULTS:
                self._mark(entity)
                self._mark_parent(entity)
        elif event.happening is not Happening.ENTITY_CHANGED:
            self._mark_parent(entity)

    def _look_at_all(self) -> None:
        for entity in self._live.entities():
            if not _CAUSES.isdisjoint(entity.sensors):
                self._mark(entity)

    def _mark_parent(self, entity: Entity) -> None:
        parent = entity.parent
        if isinstance(parent, Service) and parent.ROLLS_UP:
            self._mark(parent)

    def _mark(self, entity: Entity) -> None:
        self._dirty[entity.id] = None
        self._wake.set()

    async def _decide(self) -> None:
        """Decide on what is dirty; most of it was in line already, and then nothing is written."""
        dirty, self._dirty = self._dirty, {}
        entities = [found for one in dirty if (found := self._live.entity(one)) is not None]
        if not any(_out_of_line(entity) for entity in entities):
            return

        def decide(view: View) -> Decision:
            nothing_new = Report()
            return Decision([c for e in entities for c in reported(recorded(view), e, nothing_new)])

        try:
            await self._recorder.commit(decide)
        except (NotMaster, Fenced):
            raise
        except Unavailable:
            await self._clock.sleep(_RETRY_S)
            self._dirty = {**dirty, **self._dirty}
            self._wake.set()


def _out_of_line(entity: Entity) -> bool:
    def shown(entity_id: str) -> Mapping[str, Any] | None:
        found = entity.live.entity(entity_id)
        return None if found is None else found.sensors

    return bool(reported(shown, entity, Report()))
