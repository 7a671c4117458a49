"""The functions of the ``$brooklyn:`` language."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class On(enum.Enum):
    """Where a function may stand."""

    ENTITY = "entity"
    """First, then meaning the entity on which the value is written; or after an entity."""

    NOTHING = "nothing"
    """Only first."""


@dataclass(frozen=True, slots=True)
class Function:
    """What is known of a function before it is called.

    Attributes:
        least: Number of arguments that it needs.
        most: Number of arguments that it takes.
        on: Where it may stand.
        supported: False if AMP knows it and we do not yet.
    """

    least: int
    most: int
    on: On = On.ENTITY
    supported: bool = True


_MANY = 1000

FUNCTIONS = {
    "ancestor": Function(1, 1),
    "application": Function(1, 1),
    "attributeWhenReady": Function(1, 2),
    "attributeWhenReadyAllowingOnFire": Function(1, 2),
    "chain": Function(1, _MANY, On.NOTHING, supported=False),
    "child": Function(1, 1),
    "component": Function(1, 2),
    "config": Function(1, 1),
    "descendant": Function(1, 1),
    "entity": Function(1, 2),
    "entityId": Function(0, 0),
    "entitySpec": Function(1, 1, On.NOTHING, supported=False),
    "external": Function(2, 2, On.NOTHING, supported=False),
    "formatString": Function(1, _MANY, On.NOTHING),
    "function.regexReplacement": Function(2, 2, On.NOTHING, supported=False),
    "literal": Function(1, 1, On.NOTHING),
    "location": Function(0, 1),
    "member": Function(1, 1, supported=False),
    "object": Function(1, 1, On.NOTHING, supported=False),
    "parent": Function(0, 0),
    "regexReplacement": Function(3, 3, On.NOTHING),
    "root": Function(0, 0),
    "scopeRoot": Function(0, 0),
    "self": Function(0, 0),
    "sensor": Function(1, 2),
    "sibling": Function(1, 1),
    "template": Function(1, 2, supported=False),
    "urlEncode": Function(1, 1, On.NOTHING),
}

SCOPES = (
    "ancestor",
    "applications",
    "child",
    "descendant",
    "global",
    "parent",
    "root",
    "scopeRoot",
    "sibling",
    "this",
)
"""First argument of ``component("scope", "id")``."""
