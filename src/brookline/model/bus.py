"""The in-process bus: says what changed in the live model, after it did."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.model.entity import Entity


class Happening(enum.Enum):
    """What an event tells."""

    ENTITY_ADDED = "entity-added"
    ENTITY_CHANGED = "entity-changed"
    ENTITY_REMOVED = "entity-removed"
    SENSOR_CHANGED = "sensor-changed"


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one entity.

    Attributes:
        happening: What changed.
        entity: The entity as it is now.
        sensor: Name of the sensor whose value changed, or empty.
    """

    happening: Happening
    entity: Entity
    sensor: str = ""


class Bus:
    """Tells listeners of changes, in the order of the changes; a listener must not block or raise."""

    def __init__(self) -> None:
        self._listeners: dict[int, Callable[[Event], None]] = {}
        self._of_entity: dict[str, dict[int, Callable[[Event], None]]] = {}
        self._count = 0

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._listeners or self._of_entity)

    def listen(self, listener: Callable[[Event], None], entity_id: str = "") -> Callable[[], None]:
        """Tell a listener of all changes, or of those of one entity; returns how to end that."""
        self._count += 1
        number = self._count
        if not entity_id:
            self._listeners[number] = listener
            return lambda: self._listeners.pop(number, None) and None
        self._of_entity.setdefault(entity_id, {})[number] = listener

        def end() -> None:
            of_entity = self._of_entity.get(entity_id, {})
            of_entity.pop(number, None)
            if not of_entity:
                self._of_entity.pop(entity_id, None)

        return end

    def say(self, event: Event) -> None:
        """Tell all who listen."""
        for listener in tuple(self._listeners.values()):
            listener(event)
        for listener in tuple(self._of_entity.get(event.entity.id, {}).values()):
            listener(event)
