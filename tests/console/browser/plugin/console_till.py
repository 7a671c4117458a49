"""In the servers under test: an entity type that pays, which must not be done twice, and a hold.

Files in a folder of the test say what is to happen: ``paid`` lets a till pay, ``hold`` keeps who takes
over from leading.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.entities.stock import BasicStartable
from brookline.model.effectors import effector
from brookline.operations.operation import Operation  # noqa: TC001 - effectors are declared by it
from brookline.plane.leadership import Leadership
from brookline.wire.entries import Active

if TYPE_CHECKING:
    from brookline.journal.queue import Committed
    from brookline.wire.entries import Payload

SIGNS = Path(os.environ["CONSOLE_SIGNS"])
LOOK_S = 0.02


async def append(leadership: Leadership, payload: Payload) -> Committed:
    """Append an entry, the one that ends a taking over not before it may."""
    while isinstance(payload, Active) and (SIGNS / "hold").exists():  # noqa: ASYNC110
        await asyncio.sleep(LOOK_S)
    return await _append(leadership, payload)


_append, Leadership.append = Leadership.append, append  # type: ignore[method-assign]


class Till(BasicStartable):
    """A till that pays when it is told to, and once it may."""

    __slots__ = ()

    TYPE = "console_till.Till"

    @effector
    async def pay(self, op: Operation, amount: int = 0) -> int:
        """Pay an amount."""
        return int(await op.step("hand-over", self._hand_over, amount))

    async def _hand_over(self, amount: int) -> int:
        while not (SIGNS / "paid").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(LOOK_S)
        return amount
