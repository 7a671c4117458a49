"""The master's duty about sessions: that there is a key, not too old, and no longer list than needed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError
from brookline.journal.queue import Decision
from brookline.security import session_keys

if TYPE_CHECKING:
    from brookline.api.ports import Ports
    from brookline.journal.records import View
    from brookline.wire.changes import Change

log = logging.getLogger("brookline.api")

_PERIOD_S = 10.0
_SOON_S = 0.1
"""Until there is the first key, without which nobody can have a session."""


class SessionDuty:
    """Looks after keys and ended sessions while this node leads.

    Args:
        ports: What the API asks.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def run(self) -> None:
        """Look now and then, until cancelled."""
        while True:
            if self._ports.node.leads():
                await self._look()
            ready = self._ports.sessions.ready
            await self._ports.clock.sleep(_PERIOD_S if ready else _SOON_S)

    async def _look(self) -> None:
        if not self._due(self._ports.node.replica.records):
            return
        try:
            await self._ports.node.commit(lambda view: Decision(self._due(view)))
        except BrooklineError as error:
            log.info("sessions not looked after", extra={"fields": {"why": error.message}})

    def _due(self, view: View) -> list[Change]:
        age_ms = round(self._ports.sessions.times.age_s * 1000)
        return session_keys.due(view, self._ports.clock.wall_ms(), age_ms)
