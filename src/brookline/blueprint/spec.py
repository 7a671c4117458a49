"""Specs: what a blueprint asks for, before anything of it exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from brookline.errors import Fault
    from brookline.model.entity import Entity

WRAPPER = "brooklyn.wrapper_app"
"""Config key of an application that was made around the services of a plan."""

PLAN_ID = "camp.plan.id"
"""Config key under which AMP shows the id that a blueprint gives an entity."""


@dataclass(frozen=True, slots=True)
class LocationSpec:
    """A location that a blueprint asks for.

    Attributes:
        spec: Such as ``localhost``.
        config: What was given with it.
        at: Its place in the text.
        record: Value of the record of such a location; empty if there is none such.
    """

    spec: str
    config: Mapping[str, Any]
    at: int
    record: Mapping[str, Any]


class KnownLocations(Protocol):
    """What a blueprint needs to know of locations; `brookline.locations.kinds.Locations` is one."""

    def resolve(self, given: Any) -> Mapping[str, Any]:
        """Return the value of the record that a spec, text or map, stands for.

        Raises:
            InvalidInput: If there is no such location.
        """
        ...


@dataclass(slots=True)
class EntitySpec:
    """An entity that a blueprint asks for.

    Attributes:
        cls: Its type.
        at: Its place in the text.
        name: Display name, or empty for the default.
        plan_id: Its ``id`` in the blueprint, or empty.
        config: By the names of keys, coerced where the type declares them.
        flags: Internal flags.
        tags: Any JSON.
        locations: Its own ones.
        no_locations: Whether it was given an empty list, which keeps inherited ones away.
        children: In order.
        adjuncts: Whether policies, enrichers or initializers are attached.
    """

    cls: type[Entity]
    at: int
    name: str = ""
    plan_id: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    flags: dict[str, Any] = field(default_factory=dict)
    tags: list[Any] = field(default_factory=list)
    locations: Sequence[LocationSpec] = ()
    no_locations: bool = False
    children: list[EntitySpec] = field(default_factory=list)
    adjuncts: bool = False

    def walk(self) -> Iterator[EntitySpec]:
        """Return this spec and all below, each before its children."""
        waiting = [self]
        while waiting:
            spec = waiting.pop()
            yield spec
            waiting.extend(reversed(spec.children))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a text asks for.

    Attributes:
        roots: One application, or the children to add to an entity.
        warnings: What in the text has no effect.
    """

    roots: Sequence[EntitySpec]
    warnings: Sequence[Fault]
