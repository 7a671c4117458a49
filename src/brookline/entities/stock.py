"""The stock entities: applications and entities without software of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.entities.platform import platform_of
from brookline.entities.startable import Startable
from brookline.entities.unmanage import FORGET, unmanaged
from brookline.errors import InvalidInput
from brookline.journal.queue import Decision
from brookline.model.declarations import config
from brookline.model.entity import Entity
from brookline.model.inheritance import Inheritance
from brookline.model.quorum import Quorum

if TYPE_CHECKING:
    from brookline.journal.records import View
    from brookline.operations.operation import Operation


class BasicEntity(Entity):
    """An entity without any life of its own: only config, sensors and children."""

    __slots__ = ()

    TYPE = "org.apache.brooklyn.entity.stock.BasicEntity"
    ALIASES = ("basic-entity",)


class BasicStartable(Startable):
    """An entity that starts and stops its children."""

    __slots__ = ()

    TYPE = "org.apache.brooklyn.entity.stock.BasicStartable"

    locations_filter = config(
        "brooklyn.locationsFilter", Any, description="Which locations its children are started in"
    )


class BasicApplication(Startable):
    """An application: starts its children all at once, and goes away when it is stopped."""

    __slots__ = ()

    TYPE = "org.apache.brooklyn.entity.stock.BasicApplication"
    APPLICATION = True

    up_quorum = config(
        "quorum.up",
        Any,
        default="all",
        flags=("upQuorumCheck",),
        description="How many children must be up for the application to be up",
        inheritance=Inheritance.NOT_REINHERITED,
    )
    running_quorum = config(
        "quorum.running",
        Any,
        default="all",
        flags=("runningQuorumCheck",),
        description="How many children must not be on fire for the application to be running",
        inheritance=Inheritance.NOT_REINHERITED,
    )
    destroys = config(
        "application.stop.shouldDestroy",
        bool,
        default=True,
        description="Whether the application goes away when it is stopped",
    )

    async def after_stop(self, op: Operation) -> None:
        """Forget the application with all that is in it, unless it is meant to stay."""
        if self.parent is None and await platform_of(op).config(op, self, type(self).destroys):

            def decide(view: View) -> Decision:
                return Decision(unmanaged(view, self.id))

            await op.record(decide, name=FORGET)

    def quorums(self) -> tuple[Quorum, Quorum]:
        """Return how many children must be up, and how many not on fire."""
        return _quorum(self.up_quorum), _quorum(self.running_quorum)


def _quorum(value: Any) -> Quorum:
    """Return a quorum; all, if it cannot be read or is an expression."""
    try:
        return Quorum.of(value)
    except InvalidInput:
        return Quorum.of("all")
