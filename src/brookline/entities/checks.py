"""Checks: looking now and then whether the processes of entities run."""

from __future__ import annotations

import asyncio
import logging
import random
from typing import TYPE_CHECKING

from brookline.entities.health import Service
from brookline.errors import BrooklineError
from brookline.model.bus import Event, Happening
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.entities.platform import Platform

log = logging.getLogger("brookline.entities")

_AT_ONCE = 8


class Checks:
    """Follows all entities that are watched, on the master only.

    An entity is looked at while it is watched; whether it is, is asked whenever it changes.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._crew = Crew("checks")
        self._followed: set[str] = set()
        self._busy = 0
        self._few = asyncio.Semaphore(_AT_ONCE)
        self._end: Callable[[], None] = lambda: None

    def activate(self) -> None:
        """Begin to look at all that is watched."""
        live = self._platform.live
        self._end = live.bus.listen(self._heard)
        for entity in live.entities():
            self._follow(entity.id, soon=False)

    async def deactivate(self) -> None:
        """Look at nothing any more."""
        self._end()
        await self._crew.disband()
        self._followed.clear()

    def followed(self, entity_id: str) -> bool:
        """Tell whether an entity is looked at now and then."""
        return entity_id in self._followed

    def busy(self) -> bool:
        """Tell whether something is being looked at right now."""
        return self._busy > 0

    def _heard(self, event: Event) -> None:
        # What is added may be meant to run already: it was imported.
        if event.happening in (Happening.SENSOR_CHANGED, Happening.ENTITY_ADDED):
            self._follow(event.entity.id, soon=True)

    def _follow(self, entity_id: str, *, soon: bool) -> None:
        """Begin to look at an entity if it is watched and nobody does."""
        if entity_id not in self._followed and self._watched(entity_id) is not None:
            self._followed.add(entity_id)
            self._crew.spawn(self._look(entity_id, soon=soon), entity_id)

    def _watched(self, entity_id: str) -> Service | None:
        entity = self._platform.live.entity(entity_id)
        return entity if isinstance(entity, Service) and entity.is_watched() else None

    async def _look(self, entity_id: str, *, soon: bool) -> None:
        """Look again and again, as long as it is watched."""
        clock, recorder = self._platform.clock, self._platform.recorder
        try:
            # After a change of mastership all would be looked at in the same moment.
            spread = 1.0 if soon else random.random()  # noqa: S311 - not for secrets
            while (entity := self._watched(entity_id)) is not None:
                await clock.sleep(entity.check_period_s() * spread)
                spread = 1.0
                entity = self._watched(entity_id)
                if entity is not None and recorder.may_act():
                    async with self._few:
                        await self._check(entity)
        finally:
            self._followed.discard(entity_id)

    async def _check(self, entity: Service) -> None:
        self._busy += 1
        try:
            await entity.check(self._platform)
        except BrooklineError as error:
            fields = {"entity": entity.id, "error": error.message}
            log.warning("check failed", extra={"fields": fields})
        finally:
            self._busy -= 1
