"""Forgetting the past: etcd keeps every version of every key until somebody tells it not to.

A heartbeat a second would fill its default quota in weeks. As Kubernetes does, we have it forget
what is older than some minutes; an operator who has etcd do that by itself says ``?compact=no``.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.stores.etcd.gateway import FAILURES, Refused, said

if TYPE_CHECKING:
    from brookline.stores.etcd.gateway import Gateway
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.stores")

PERIOD_S = 600.0
_ALLOWED_S = 2.0

MISSED = 2
"""So many failures one after the other are no hiccup any more, of an election for instance."""

_DONE = "has been compacted"
"""In etcd's words for a revision that somebody had it forget before us: another node, as a rule."""


class Compaction:
    """Has etcd forget, each period, what was older than the revision of a period ago.

    Args:
        gateway: To etcd.
        clock: Counts the periods.
    """

    def __init__(self, gateway: Gateway, clock: Clock) -> None:
        self._gateway = gateway
        self._clock = clock
        self._noted = 0
        self._noted_at = clock.monotonic()
        self._failures = 0

    async def consider(self, revision: int) -> None:
        """Take note of the present revision; compact if it is time to."""
        now = self._clock.monotonic()
        if self._noted and now - self._noted_at < PERIOD_S:
            return
        before, self._noted, self._noted_at = self._noted, revision, now
        if not before:
            return
        try:
            await self._gateway.ask(
                "/v3/kv/compaction", {"revision": str(before)}, allowed_s=_ALLOWED_S
            )
        except Refused as problem:
            if _DONE in str(problem):
                self._worked()
            else:
                self._failed(problem)
        except FAILURES as problem:
            self._failed(problem)
        else:
            self._worked()

    def _failed(self, problem: BaseException) -> None:
        """Say once that it goes on failing: nothing else shows it until the quota is used up."""
        self._failures += 1
        fields = {"why": said(problem), "minutes": self._failures * PERIOD_S / 60}
        if self._failures == MISSED:
            log.warning(
                "etcd does not forget the past when asked, and will be full one day",
                extra={"fields": fields},
            )
        else:
            log.debug("not compacted", extra={"fields": fields})

    def _worked(self) -> None:
        if self._failures >= MISSED:
            log.info("etcd forgets the past again")
        self._failures = 0
