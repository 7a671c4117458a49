"""The outlet: where changes go. The node is plugged in once it is made, for it needs us first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.errors import NotMaster

if TYPE_CHECKING:
    from brookline.journal.queue import Committed
    from brookline.operations.recorder import Decide, Recorder
    from brookline.wire.changes import Change


class Outlet:
    """A recorder that passes everything on to the node."""

    def __init__(self) -> None:
        self._node: Recorder | None = None

    def plug(self, node: Recorder) -> None:
        """Pass everything on to this node from now on."""
        self._node = node

    async def commit(self, decide: Decide, *, request: str = "", user: str = "") -> Committed:
        """Record a decision; see `Recorder`.

        Raises:
            NotMaster: If there is no node yet, or it does not lead.
        """
        if self._node is None:
            raise NotMaster
        return await self._node.commit(decide, request=request, user=user)

    def note(self, change: Change) -> None:
        """Record a reading soon; see `Recorder`."""
        if self._node is not None:
            self._node.note(change)

    def may_act(self, *, guarded: bool = False) -> bool:
        """Tell whether the lease allows to begin something new with an effect outside."""
        return self._node is not None and self._node.may_act(guarded=guarded)
