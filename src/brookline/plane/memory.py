"""The memory of requests: finds what was asked before, and forgets it in time."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError
from brookline.journal.queue import Decision
from brookline.plane import requests
from brookline.plane.requests import KIND, Ages
from brookline.wire.changes import Drop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.queue import Committed
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.plane.peers import Request
    from brookline.plane.requests import Aged, Decide, Tell
    from brookline.plane.settings import PlaneSettings
    from brookline.values.clock import Clock
    from brookline.wire.changes import Value

    Commit = Callable[[Decide], Awaitable[Committed]]

log = logging.getLogger("brookline.plane")

_PERIOD_S = 1.0
_MOST_AT_ONCE = 10_000
"""Dropped by one commit; so many are applied in some tens of milliseconds."""

_SLICE = 5_000
"""Noted before the loop may run something else."""

TASK = "task"
"""Kind of the records that hold tasks; one that has ended has the field `ended`."""


class Memory:
    """What one node knows of requests that were made before.

    Args:
        replica: Has the records.
        rules: Protective rules.
    """

    def __init__(self, replica: Replica, rules: Rules) -> None:
        self._replica = replica
        self._remembers = rules.requests_are_remembered

    def find(self, request: Request) -> Value | None:
        """Return what is committed of a request; None if it is new, or was forgotten.

        Raises:
            KeyReused: If its id is that of another request.
        """
        if not self._remembers:
            return None
        return requests.find(self._replica.records, request)

    def once(self, request: Request, decide: Decide, tell: Tell) -> Decide:
        """Return a decision that is made once; see `requests.once`."""
        return requests.once(request, decide, tell) if self._remembers else decide


class Forgetting:
    """The master's duty to forget requests whose time is over.

    Args:
        replica: Has the records.
        clock: Time.
        settings: How long they live, and how many are kept.
        commit: Records changes.
    """

    def __init__(
        self, replica: Replica, clock: Clock, *, settings: PlaneSettings, commit: Commit
    ) -> None:
        self._replica = replica
        self._clock = clock
        self._settings = settings
        self._commit = commit
        self._ages = Ages(settings.ids_per_user)
        self._last: Value | None = None
        self._over: set[str] = set()

    async def run(self) -> None:
        """Forget, once a second, until cancelled."""
        while True:
            await self._learn()
            await self._forget()
            await self._clock.sleep(_PERIOD_S)

    async def _learn(self) -> None:
        """Take note of the records that have come since the last time."""
        now, last = self._clock.boottime(), self._last
        new: list[str] = []
        for own, record in self._replica.records.newest(KIND):
            if record is last:
                break
            if not new:
                self._last = record
            new.append(own)
        new.reverse()
        for start in range(0, len(new), _SLICE):
            ids = new[start : start + _SLICE]
            given = [own for own in ids if requests.is_given(own)]
            made = [own for own in ids if not requests.is_given(own)] if given else ids
            self._ages.add(now + self._settings.id_life_s(given=True), *given)
            self._ages.add(now + self._settings.id_life_s(given=False), *made)
            await self._clock.sleep(0)

    async def _forget(self) -> None:
        now = self._clock.boottime()
        taken = [aged.id for aged in self._ages.take(now, _MOST_AT_ONCE) if self._is_due(aged, now)]
        if not taken:
            return
        drops = [Drop(KIND, own) for own in taken]
        try:
            await self._commit(lambda _: Decision(drops))
        except BrooklineError as error:
            # The next master learns of them; this one tries again if it goes on.
            log.info("requests are not forgotten yet", extra={"fields": {"why": error.message}})
            self._ages.add(now, *taken)

    def _is_due(self, aged: Aged, now: float) -> bool:
        """Tell whether it is to be dropped now; if it lives on, it is looked at again later.

        The last one does, behind which new ones are looked for, and each whose task was not found
        ended some minutes ago.
        """
        records = self._replica.records
        record = records.get(KIND, aged.id)
        if record is None:
            return False
        task_id = record.get("task", "")
        if record is not self._last and (aged.surplus or not task_id or aged.id in self._over):
            self._over.discard(aged.id)
            return True
        task = records.get(TASK, task_id)
        if task is None or "ended" in task:
            self._over.add(aged.id)
        self._ages.add(now + self._settings.id_life_s(given=False), aged.id)
        return False
