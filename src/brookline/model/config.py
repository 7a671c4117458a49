"""Config of an entity: what is written on it, what reaches it from above, in which scope.

Precedence: the entity, its type's definition (already in its record), its ancestors, the key's
default. A value is evaluated relative to the entity on which it was written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from brookline.model.inheritance import Inheritance, deep_merged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from brookline.model.declarations import ConfigKey
    from brookline.model.entity import Entity


@dataclass(frozen=True, slots=True)
class Part:
    """A value as it was written on one entity."""

    owner: Entity
    value: Any


@dataclass(frozen=True, slots=True)
class Found:
    """What an entity has for a key, without defaults.

    Attributes:
        parts: The nearest first; more than one only if the key merges, and then all are maps
            or expressions.
    """

    parts: tuple[Part, ...]

    @property
    def value(self) -> Any:
        """The value with its expressions as they were written."""
        merged = self.parts[-1].value
        for part in reversed(self.parts[:-1]):
            merged = deep_merged(part.value, merged)
        return merged

    @property
    def owner(self) -> Entity:
        """The entity nearest to the reader that has a value."""
        return self.parts[0].owner


def find_config(entity: Entity, name: str) -> Found | None:
    """Return what an entity has for a key, own or inherited, or None."""
    key = entity.KEYS.get(name)
    inheritance = key.inheritance if key else Inheritance.OVERWRITE
    parts: list[Part] = []
    for at in _reaching(entity, name, inheritance):
        for spelling in (name, *key.deprecated) if key else (name,):
            if spelling in at.config:
                parts.append(Part(at, at.config[spelling]))
                break
        if parts and (not inheritance.merges or parts[-1].value is None):
            break
    return Found(tuple(parts)) if parts else None


def config_names(entity: Entity) -> list[str]:
    """Return the names of all keys for which an entity has a value, own or inherited."""
    names: dict[str, None] = {}
    for at in (entity, *entity.ancestors()):
        names.update(dict.fromkeys(at.config))
    return [name for name in names if find_config(entity, name) is not None]


def _reaching(entity: Entity, name: str, inheritance: Inheritance) -> Iterator[Entity]:
    """Return the entities whose values of a key reach this one, the nearest first."""
    yield entity
    if inheritance is Inheritance.NEVER or name in NEVER_INHERITED:
        return
    for ancestor in entity.ancestors():
        declared: ConfigKey[Any] | None = ancestor.KEYS.get(name)
        if declared is not None and declared.inheritance.consumed:
            return
        yield ancestor


NEVER_INHERITED = frozenset({"camp.plan.id", "camp.template.id", "defaultDisplayName"})
"""Undeclared keys that stay on their entity. Source: features of Brooklyn's BrooklynCampReservedKeys."""
