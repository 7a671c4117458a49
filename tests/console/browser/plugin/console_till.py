"""An entity type of the servers under test: it pays, which must not be done twice."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from brookline.entities.stock import BasicStartable
from brookline.model.effectors import effector
from brookline.operations.operation import Operation  # noqa: TC001 - effectors are declared by it

PAID = Path(os.environ.get("TILL_PAID", "/nonexistent"))


class Till(BasicStartable):
    """A till that pays when it is told to, and once it may."""

    __slots__ = ()

    TYPE = "console_till.Till"

    @effector
    async def pay(self, op: Operation, amount: int = 0) -> int:
        """Pay an amount."""
        return int(await op.step("hand-over", self._hand_over, amount))

    async def _hand_over(self, amount: int) -> int:
        while not PAID.exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(0.02)
        return amount
