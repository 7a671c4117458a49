"""Faults that a test plans: the next request of some kind meets this fate."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.stores.faults import Fate, RandomFaults

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.stores.faults import Odds
    from brookline.values.ids import Randomness


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What happens to which request.

    Attributes:
        handle: Name of the store handle that sends it.
        operation: ``create``, ``get``, ``put``, ``list`` or ``delete``.
        prefix: With which its key begins.
        fate: What becomes of it.
        met: Called when it was sent.
    """

    handle: str
    operation: str
    prefix: str
    fate: Fate
    met: Callable[[], None] = lambda: None


class PlannedFaults(RandomFaults):
    """Random faults, but for requests for which there is a plan; each plan is for one request.

    Attributes:
        plans: Those that wait for their request.
    """

    def __init__(self, randomness: Randomness, odds: Odds | None = None) -> None:
        super().__init__(randomness, odds)
        self.plans: list[Plan] = []

    def plan(self, plan: Plan) -> None:
        """Let the next request of this kind meet its fate."""
        self.plans.append(plan)

    def mend(self) -> None:
        """End all faults, those that are planned too."""
        super().mend()
        self.plans.clear()

    def fate(self, handle: str, operation: str, key: str) -> Fate:
        """Return what becomes of a request."""
        for plan in list(self.plans):
            if (plan.handle, plan.operation) == (handle, operation) and key.startswith(plan.prefix):
                self.plans.remove(plan)
                plan.met()
                return plan.fate
        return super().fate(handle, operation, key)
