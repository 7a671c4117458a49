"""Fires in the log: which entities burn, why, and when they burn no more."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.model import service
from brookline.model.bus import Event, Happening
from brookline.model.service import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.model.entity import Entity
    from brookline.model.live import Live

log = logging.getLogger("brookline.entities")


class Fires:
    """Logs, on the master only, each entity that goes on fire and each that recovers."""

    def __init__(self, live: Live) -> None:
        self._live = live
        self._burning: set[str] = set()
        self._end: Callable[[], None] = lambda: None

    def activate(self) -> None:
        """Begin; what burns already was logged by the master before."""
        self._burning = {entity.id for entity in self._live.entities() if _burns(entity)}
        self._end = self._live.bus.listen(self._heard)

    def deactivate(self) -> None:
        """End."""
        self._end()

    def _heard(self, event: Event) -> None:
        entity = event.entity
        if event.happening is Happening.ENTITY_REMOVED:
            self._burning.discard(entity.id)
        elif event.sensor == service.STATE:
            self._look(entity)

    def _look(self, entity: Entity) -> None:
        fields = {"entity": entity.id, "name": entity.name, "application": entity.application_id}
        if _burns(entity) and entity.id not in self._burning:
            self._burning.add(entity.id)
            log.warning("on fire", extra={"fields": fields | {"why": _why(entity)}})
        elif not _burns(entity) and entity.id in self._burning:
            self._burning.discard(entity.id)
            fields["state"] = str(entity.sensors.get(service.STATE))
            log.info("no longer on fire", extra={"fields": fields})


def _burns(entity: Entity) -> bool:
    return service.lifecycle(entity.sensors.get(service.STATE)) is Lifecycle.ON_FIRE


def _why(entity: Entity) -> str:
    """Return the problems, or else why it is not up, each by its first line."""
    for name in (service.PROBLEMS, service.NOT_UP):
        reasons = entity.sensors.get(name)
        if isinstance(reasons, dict) and reasons:
            return "; ".join(str(reason).partition("\n")[0] for reason in reasons.values())
    return ""
