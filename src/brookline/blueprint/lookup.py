"""Finding the entity that an expression means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.blueprint.functions import SCOPES
from brookline.errors import InvalidInput, NotFound
from brookline.model.types import did_you_mean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.model.entity import Entity


def component(entity: Entity, wanted: str, scope: str = "global") -> Entity:
    """Return the entity that a plan id, or else an entity's own id, means as seen from another.

    Of several the nearest wins, by the nearest common ancestor, else the first.

    Raises:
        NotFound: If there is none in the scope.
        InvalidInput: If the scope is none of AMP's.
    """
    if scope in ("global", "applications"):
        found = _nearest(entity, wanted)
    else:
        found = _first(_within(entity, scope), wanted)
    if found is None:
        raise NotFound(f"No entity with id '{wanted}' in scope '{scope}' of {entity.name}")
    return found


def application(entity: Entity, wanted: str) -> Entity:
    """Return an application by its id or plan id.

    Raises:
        NotFound: If there is none.
    """
    found = _first(entity.live.applications(), wanted)
    if found is None:
        raise NotFound(f"No application with id '{wanted}'")
    return found


def _nearest(entity: Entity, wanted: str) -> Entity | None:
    same = entity.live.with_plan_id(entity.application_id, wanted)
    if not same:
        return entity.live.entity(wanted)
    if len(same) == 1:
        return same[0]
    above = {one.id: number for number, one in enumerate((entity, *entity.ancestors()))}
    return min(same, key=lambda one: _distance(one, above))


def _distance(candidate: Entity, above: dict[str, int]) -> tuple[int, int]:
    """Return steps up to the nearest common ancestor, and down from there."""
    for down, one in enumerate((candidate, *candidate.ancestors())):
        if one.id in above:
            return above[one.id], down
    return len(above), 0


def _within(entity: Entity, scope: str) -> Iterable[Entity]:
    match scope:
        case "child":
            return entity.children
        case "sibling":
            return (
                []
                if entity.parent is None
                else [c for c in entity.parent.children if c is not entity]
            )
        case "descendant":
            return entity.descendants()
        case "ancestor":
            return entity.ancestors()
        case "parent":
            return [] if entity.parent is None else [entity.parent]
        case "root" | "scopeRoot":
            return [entity.application]
        case "this":
            return [entity]
        case _:
            raise InvalidInput(f"unknown scope '{scope}'{did_you_mean(scope, SCOPES)}")


def _first(entities: Iterable[Entity], wanted: str) -> Entity | None:
    by_id = None
    for one in entities:
        if one.plan_id == wanted:
            return one
        if one.id == wanted:
            by_id = one
    return by_id
