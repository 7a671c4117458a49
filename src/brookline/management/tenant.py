"""The tenant of the plane: shows the records on hot nodes, and acts on them on the master."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from brookline.management.opening import opening

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.entities.platform import Platform
    from brookline.journal.records import Records, View
    from brookline.management.stage import Stage
    from brookline.operations.supervisor import Supervisor
    from brookline.plane.tenant import Opening
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change

log = logging.getLogger("brookline.management")


class ManagementTenant:
    """Implements `brookline.plane.tenant.Tenant`.

    Args:
        stage: Who shows the records.
        supervisor: Who runs tasks.
        platform: What entities stand on: watches processes, keeps service states true.
        clock: Time.
    """

    def __init__(
        self,
        stage: Stage,
        supervisor: Supervisor,
        platform: Platform,
        clock: Clock,
    ) -> None:
        self._stage = stage
        self._supervisor = supervisor
        self._platform = platform
        self._clock = clock
        self._acts = False

    async def prepare(self, changes: Sequence[Change]) -> Any:
        """Build what a large entry needs, in slices, while nothing of it is visible yet."""
        return await self._stage.prepare(changes)

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        """Show what was just applied."""
        self._stage.publish(changes, prepared, seq)

    async def reset(self, records: Records, seq: int) -> None:
        """Show these records instead of all that was shown before."""
        await self._stage.reset(records, seq)

    def forget(self) -> None:
        """Show nothing any more: the node is a cold standby now."""
        self._stage.forget()

    def opening(self, view: View) -> Opening:
        """Return what a new epoch begins with: what its predecessor left unfinished."""
        return opening(view, self._clock.wall_ms())

    async def activate(self, epoch: int) -> None:
        """Begin to act."""
        if self._acts:
            return
        self._acts = True
        log.info("activate", extra={"fields": {"epoch": epoch}})
        self._supervisor.activate()
        self._platform.activate()

    async def deactivate(self) -> None:
        """Cease to act; returns once nothing of it runs here any more."""
        if not self._acts:
            return
        self._acts = False
        log.info("deactivate")
        await self._supervisor.deactivate()
        await self._platform.deactivate()
