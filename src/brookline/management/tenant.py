"""The tenant of the plane: shows the records on hot nodes, and acts on them on the master."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from brookline.errors import Fenced, NotMaster, Unavailable
from brookline.journal.queue import Decision
from brookline.management.opening import opening
from brookline.management.troubles import interrupted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.entities.platform import Platform
    from brookline.journal.records import Records, View
    from brookline.management.herald import Herald
    from brookline.management.stage import Stage
    from brookline.operations.recorder import Recorder
    from brookline.operations.supervisor import Supervisor
    from brookline.plane.tenant import Opening
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change

log = logging.getLogger("brookline.management")

_RETRY_S = 0.5


class ManagementTenant:
    """Implements `brookline.plane.tenant.Tenant`.

    Args:
        stage: Who shows the records.
        supervisor: Who runs tasks.
        platform: What entities stand on: watches processes, keeps service states true.
        recorder: Where changes go.
        clock: Time.
        herald: Who tells others of it.
        noticed_s: How long the end of a master may go unnoticed, in seconds.
    """

    def __init__(
        self,
        stage: Stage,
        supervisor: Supervisor,
        platform: Platform,
        *,
        recorder: Recorder,
        clock: Clock,
        herald: Herald,
        noticed_s: float = 0.0,
    ) -> None:
        self._stage = stage
        self._herald = herald
        self._supervisor = supervisor
        self._platform = platform
        self._recorder = recorder
        self._clock = clock
        self._noticed_s = noticed_s
        supervisor.ledger.consequences = interrupted
        self._acts = False
        self._opened = 0

    async def prepare(self, changes: Sequence[Change]) -> Any:
        """Build what a large entry needs, in slices, while nothing of it is visible yet."""
        return await self._stage.prepare(changes)

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        """Show what was just applied, and have it told."""
        facts = self._herald.facts(changes)
        self._stage.publish(changes, prepared, seq)
        self._herald.tell(facts, seq)

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records instead of all that was shown before."""
        await self._stage.reset(records, seq)
        self._herald.reset(records, seq)

    def forget(self) -> None:
        """Show nothing any more: the node is a cold standby now."""
        self._stage.forget()
        self._herald.forget()

    def opening(self, view: View) -> Opening:
        """Return what a new epoch begins with: what its predecessor left unfinished."""
        return opening(view, self._clock.wall_ms(), self._noticed_s)

    async def activate(self, epoch: int) -> None:
        """Begin to act, for the first time in an epoch or again after the lease had lapsed.

        In the second case nobody has said yet what was cut off when it lapsed.
        """
        if self._acts:
            return
        if epoch == self._opened and not await self._open_again():
            return
        self._acts, self._opened = True, epoch
        log.info("activate", extra={"fields": {"epoch": epoch}})
        self._platform.locations.begin()
        try:
            await self._supervisor.activate(epoch)
        except (NotMaster, Fenced):
            return  # it has ended already, and so will this
        self._platform.activate()

    async def deactivate(self) -> None:
        """Cease to act; returns once nothing of it runs here any more."""
        if not self._acts:
            return
        self._acts = False
        log.info("deactivate")
        await self._supervisor.deactivate()
        await self._platform.deactivate()

    def let_go(self) -> None:
        """Leave all that runs to the next master, at once; for a process that cannot go on.

        What the end of its event loop breaks off would else be taken for cancelled, and ended on
        machines.
        """
        self._supervisor.let_go()

    async def _open_again(self) -> bool:
        """Commit an opening in the middle of an epoch; tell whether this node still leads.

        It waits in the queue before anything that is asked from now on.
        """
        while True:
            try:
                await self._recorder.commit(self._decide)
            except (NotMaster, Fenced):
                return False
            except Unavailable:
                await self._clock.sleep(_RETRY_S)
            else:
                return True

    def _decide(self, view: View) -> Decision:
        return Decision([c for item in self.opening(view).items for c in item.changes])
