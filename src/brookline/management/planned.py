"""A hand-over that is planned: asked for now, carried out at its time by whoever leads then.

There is one plan at most, a record of its own:

    {"at": ms, "to": "n2" or "", "reason": "…", "by": "ann"}
    … "begun": epoch      the master of that epoch has begun to hand over
    … "failed": "…"       it was not done, and why; it stays until it is called off or replaced

Its time is that of the wall clock of whoever leads.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotFound
from brookline.journal.queue import Decision
from brookline.wire.changes import Drop, Merge, Put

if TYPE_CHECKING:
    from brookline.journal.records import View
    from brookline.operations.recorder import Decide
    from brookline.plane.node import PlaneNode
    from brookline.values.clock import Clock
    from brookline.wire.changes import Change, Value

log = logging.getLogger("brookline.management")

KIND = "planned"
SWITCHOVER = "switchover"
"""Kind and id of the record."""

LATE_MS = 600_000
"""So long after its time it is not done any more: nobody expects it then."""

_LOOK_S = 0.5


def found(view: View) -> Value | None:
    """Return the plan, or None."""
    return view.get(KIND, SWITCHOVER)


def planning(plan: Value) -> Decide:
    """Return how a plan is made; one that was made before is replaced."""
    return lambda _view: Decision([Put(KIND, SWITCHOVER, plan)], plan)


def calling_off(view: View) -> Decision:
    """Decide that there is no plan any more.

    Raises:
        NotFound: If there is none.
    """
    if found(view) is None:
        raise NotFound("no hand-over is planned")
    return Decision([Drop(KIND, SWITCHOVER)])


class PlannedHandOver:
    """Carries the plan out on the node that leads.

    Args:
        node: The plane's.
        clock: Time.
    """

    def __init__(self, node: PlaneNode, clock: Clock) -> None:
        self._node = node
        self._clock = clock

    async def run(self) -> None:
        """Do what is due, for as long as the node runs."""
        while True:
            await self._clock.sleep(_LOOK_S)
            plan = found(self._node.replica.records)
            if plan is None or "failed" in plan or not self._node.leads():
                continue
            try:
                await self._look(plan)
            except BrooklineError as error:
                log.info("planned hand-over put off", extra={"fields": {"why": error.message}})

    async def _look(self, plan: Value) -> None:
        """Do what is due of a plan.

        Raises:
            BrooklineError: If this node cannot record it now; it looks again.
        """
        epoch, late_ms = self._node.epoch, self._clock.wall_ms() - plan["at"]
        if "begun" in plan and plan["begun"] != epoch:
            await self._end(plan)
        elif late_ms > LATE_MS:
            await self._fail(plan, "nobody could do it at its time, nor in ten minutes after")
        elif late_ms >= 0:
            await self._carry_out(plan, epoch)

    async def _carry_out(self, plan: Value, epoch: int) -> None:
        if self._is_me(plan["to"]):
            log.info("planned hand-over", extra={"fields": {"why": "this node leads already"}})
            await self._record(plan, Drop(KIND, SWITCHOVER))
            return
        begun = {**plan, "begun": epoch}
        await self._record(plan, Put(KIND, SWITCHOVER, begun))
        reason = f"{plan['reason']} (planned)" if plan["reason"] else "planned"
        log.info("planned hand-over", extra={"fields": {"to": plan["to"] or "the next"}})
        try:
            await self._node.switchover(plan["to"], plan["by"], reason=reason)
        except BrooklineError as error:
            if self._node.epoch == epoch:
                await self._fail(begun, error.message)

    async def _end(self, plan: Value) -> None:
        """Conclude, as the next master, what the one before had begun."""
        if not plan["to"] or self._is_me(plan["to"]):
            await self._record(plan, Drop(KIND, SWITCHOVER))
        else:
            await self._fail(plan, f"{self._node.identity.name} leads instead")

    async def _fail(self, plan: Value, why: str) -> None:
        log.warning("planned hand-over was not done", extra={"fields": {"why": why}})
        await self._record(plan, Merge(KIND, SWITCHOVER, {"failed": why}))

    async def _record(self, plan: Value, change: Change) -> None:
        """Commit a change of the plan, if that is still the one."""

        def decide(view: View) -> Decision:
            return Decision([change] if found(view) == plan else [])

        await self._node.commit(decide, user=plan["by"])

    def _is_me(self, node: str) -> bool:
        return node in (self._node.identity.instance, self._node.identity.name)
