"""Calls of effectors: what an operation does that runs one, and what it needs for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.model.types import UnknownEntity
from brookline.operations.interruption import Cause, StepInterrupted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.model.entity import Entity
    from brookline.operations.running import Body


def effector_body(entity: Entity, effector: str, params: Mapping[str, Any]) -> Body:
    """Return the work of an effector.

    Raises:
        InvalidInput: If there is no such effector, or a parameter does not fit.
        StepInterrupted: If the type of the entity is not installed, so that nobody can tell.
    """
    check_installed([entity])
    declared = entity.EFFECTORS.get(effector)
    if declared is None:
        raise InvalidInput(f"{entity.name} has no effector '{effector}'")
    declared.arguments(params)
    return lambda operation: declared.call(entity, operation, params)


def check_installed(entities: Iterable[Entity]) -> None:
    """Make sure that the code of entities is there, before anything is done with them.

    Raises:
        StepInterrupted: If that of one is missing: what it can do, and what it would have to do to
            be stopped, is not known here.
    """
    for entity in entities:
        if isinstance(entity, UnknownEntity):
            raise StepInterrupted(Cause.GONE, not_installed(entity))


def not_installed(entity: Entity) -> str:
    """Say that the type of an entity is missing, and what can be done about that."""
    return (
        f"the type {entity.type} of {entity.name} ({entity.id}) is not installed on this node: "
        "install it, or have the entity forgotten as it is, without stopping anything "
        "(POST …/expunge?release=false)"
    )


def no_effector(entity: Entity, effector: str) -> str:
    """Say that an entity has no such effector, and why if that is known."""
    why = f": {not_installed(entity)}" if isinstance(entity, UnknownEntity) else ""
    return f"No effector '{effector}' on entity '{entity.name}' ({entity.id}){why}"
