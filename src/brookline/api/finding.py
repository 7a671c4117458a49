"""Finds what a path names, among what is managed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api.asking import Asked
from brookline.api.plane_view import check_shown
from brookline.errors import NotFound, PreconditionFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.api.answers import Answer
    from brookline.api.asking import Follows
    from brookline.api.calls import Call
    from brookline.model.effectors import Effector
    from brookline.model.entity import Entity
    from brookline.operations.task import Task


def application(call: Call) -> Entity:
    """Return the application that the path names by id or name.

    Raises:
        NotFound: If there is none.
    """
    return call.ports.management.live.application_named(call.path["app"])


def entity(call: Call) -> Entity:
    """Return the entity that the path names by id or name.

    Raises:
        NotFound: If there is none, or no such application.
        PreconditionFailed: If it belongs to another application.
    """
    app = application(call)
    found = call.ports.management.live.entity_named(app, call.path["e"])
    if found.application_id != app.id:
        raise PreconditionFailed(
            f"Application '{app.name}' does not contain entity '{call.path['e']}'"
        )
    return found


def effector(call: Call) -> tuple[Entity, Effector]:
    """Return the entity and its effector that the path names.

    Raises:
        NotFound: If there is none of them.
        PreconditionFailed: If the entity belongs to another application.
    """
    owner = entity(call)
    found = owner.EFFECTORS.get(call.path["effector"])
    if found is None:
        raise NotFound(f"entity '{owner.name}' has no effector '{call.path['effector']}'")
    return owner, found


def task(call: Call) -> Task:
    """Return the task that the path names.

    Raises:
        NotFound: If there is none.
        Unavailable: If this node shows none at all.
    """
    check_shown(call.ports.node)
    return call.ports.management.tasks.get(call.path["task"])


def asked(call: Call, reply: Answer | Callable[[Any], Answer | Follows]) -> Asked:
    """Return on whose behalf a handler changes something, and how it will be answered.

    Args:
        call: The write.
        reply: The answer, or what makes one of what management decides.
    """
    return Asked(call, reply)
