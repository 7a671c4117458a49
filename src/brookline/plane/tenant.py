"""What lives on the plane: in the product the management of applications, in a simulator a toy."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from brookline.journal.replica import Audience

if TYPE_CHECKING:
    from brookline.journal.records import View
    from brookline.wire.changes import Item


class Opening(NamedTuple):
    """What the `active` entry of a new epoch carries.

    Attributes:
        items: Changes that belong to its start.
        interrupted: Names of what the change of mastership cut off, for the history.
    """

    items: tuple[Item, ...] = ()
    interrupted: tuple[str, ...] = ()


class Tenant(Audience, Protocol):
    """Shows the records on hot nodes, and acts on them on the master."""

    def opening(self, view: View) -> Opening:
        """Return what a new epoch begins with; pure."""
        ...

    async def activate(self, epoch: int) -> None:
        """Begin to act: start checks and policies, go on with operations."""
        ...

    async def deactivate(self) -> None:
        """Cease to act, and wait for the end of what runs here; nothing is reported failed.

        Called when the mastership ends, and when the lease does. Does nothing if it does not act.
        """
        ...

    def forget(self) -> None:
        """Show nothing any more: the node is a cold standby now."""
        ...
