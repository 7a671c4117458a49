"""The registry of entity types, by AMP's full names, aliases, and old package names."""

from __future__ import annotations

import difflib
import logging
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.model.entity import Entity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.model.live import Live
    from brookline.wire.changes import Value

log = logging.getLogger("brookline.model")

GROUP = "brookline.entities"
"""Entry points of this group name an entity class, or a module whose entity classes all count."""

_OLD_PACKAGES = ("brooklyn.entity.", "brooklyn.policy.", "brooklyn.enricher.")
_PREFIXES = ("java:", "catalog:", "brooklyn:")


class UnknownEntity(Entity):
    """An entity whose type this node does not have; it is shown, kept, and can be removed."""

    __slots__ = ()

    TYPE = "brookline.unknown"


class Types:
    """Entity types by name. Types of entry points are loaded when one is first asked for."""

    def __init__(self, classes: Iterable[type[Entity]] = (), group: str = "") -> None:
        self._group = group
        self._loaded = not group
        self._by_name: dict[str, type[Entity]] = {}
        self._by_alias: dict[str, type[Entity]] = {}
        for cls in classes:
            self.register(cls)

    def register(self, cls: type[Entity]) -> None:
        """Add a type; a later one of the same name replaces an earlier one."""
        self._by_name[cls.TYPE] = cls
        self._by_alias.setdefault(cls.TYPE.rpartition(".")[2], cls)
        for alias in cls.ALIASES:
            self._by_alias[alias] = cls

    def find(self, name: str) -> type[Entity] | None:
        """Return a type by full name, alias, simple name or old package name, or None."""
        self._load()
        for prefix in _PREFIXES:
            name = name.removeprefix(prefix)
        found = self._by_name.get(name) or self._by_alias.get(name)
        if found is None and name.startswith(_OLD_PACKAGES):
            found = self._by_alias.get(name.rpartition(".")[2])
        return found

    def get(self, name: str) -> type[Entity]:
        """Return a type.

        Raises:
            InvalidInput: If there is none; the message names the most similar one.
        """
        found = self.find(name)
        if found is None:
            raise InvalidInput(f"unknown type '{name}'{did_you_mean(name, self.names())}")
        return found

    def names(self) -> list[str]:
        """Return full names and aliases, sorted."""
        self._load()
        return sorted({*self._by_name, *self._by_alias})

    def classes(self) -> list[type[Entity]]:
        """Return the types in order of their full names."""
        self._load()
        return [self._by_name[name] for name in sorted(self._by_name)]

    def build(self, live: Live, entity_id: str, record: Value, sensors: Value) -> Entity:
        """Return the entity of these records; one of a type that is missing is quarantined."""
        cls = self.find(record["type"])
        if cls is None:
            live.quarantined[entity_id] = f"type '{record['type']}' is not installed on this node"
            cls = UnknownEntity
        return cls(live, entity_id, record, sensors)

    def _load(self) -> None:
        if self._loaded:
            return
        self._loaded = True
        for point in entry_points(group=self._group):
            try:
                for cls in _classes(point, point.load()):
                    self.register(cls)
            except Exception:
                # Whatever a stranger's module does, the others count; its entities are quarantined.
                fields = {"plugin": point.name, "value": point.value}
                log.exception("entity plugin cannot be loaded", extra={"fields": fields})


def installed_types() -> Types:
    """Return the registry of all types that are installed, ours among them."""
    return Types(group=GROUP)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the most similar known name, or nothing."""
    by_lower = {one.lower(): one for one in known}
    close = difflib.get_close_matches(name.lower(), by_lower, 1, 0.7)
    return f"; did you mean '{by_lower[close[0]]}'?" if close else ""


def _classes(point: EntryPoint, found: Any) -> list[type[Entity]]:
    if isinstance(found, type) and issubclass(found, Entity):
        return [found]
    inside = f"{getattr(found, '__name__', point.value)}."
    return [
        one
        for one in vars(found).values()
        if isinstance(one, type)
        and issubclass(one, Entity)
        and not one.ABSTRACT
        and f"{one.__module__}.".startswith(inside)
    ]
