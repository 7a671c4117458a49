"""What the config of an entity takes from other entities, as its expressions name them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from brookline.blueprint.dsl import Call, DslError, Expression, parse
from brookline.blueprint.evaluate import resolve_now
from brookline.model.deferred import is_deferred
from brookline.model.entity import Entity

if TYPE_CHECKING:
    from collections.abc import Iterator

_LEADING_ON = frozenset(
    (
        "ancestor",
        "application",
        "child",
        "component",
        "descendant",
        "entity",
        "parent",
        "root",
        "scopeRoot",
        "self",
        "sibling",
    )
)
"""Functions whose result is another entity."""


class Reference(NamedTuple):
    """One entity's config takes something from another entity.

    Attributes:
        key: The config key in which that is written.
        target: The other one.
        text: The expression that says what.
    """

    key: str
    target: Entity
    text: str


def references(entity: Entity) -> list[Reference]:
    """Return what the config that is written on an entity takes from other entities.

    An expression that cannot be read, or that names nobody, is passed over: it fails where it is used.
    """
    found: dict[Reference, None] = {}
    for key, value in entity.config.items():
        for expression in _expressions(value):
            target = _target(entity, expression)
            if target is not None and target is not entity:
                found[Reference(key, target, str(expression))] = None
    return list(found)


def _expressions(value: Any) -> Iterator[Expression]:
    """Yield all expressions in a value, those within others too."""
    if is_deferred(value):
        try:
            value = parse(value)
        except DslError:
            return
    match value:
        case Expression(steps):
            yield value
            for step in steps:
                if isinstance(step, Call):
                    yield from _expressions(list(step.args))
        case dict():
            yield from _expressions(list(value.values()))
        case list():
            for item in value:
                yield from _expressions(item)
        case _:
            pass


def _target(entity: Entity, expression: Expression) -> Entity | None:
    """Return the entity to which the first steps of an expression lead, if they lead to one."""
    steps = []
    for step in expression.steps:
        if not isinstance(step, Call) or step.name not in _LEADING_ON:
            break
        steps.append(step)
    if not steps:
        return None
    found = resolve_now(entity, Expression(tuple(steps)))
    return found if isinstance(found, Entity) else None
