"""In the servers under test: an entity type with a step that must not be done twice.

A server of a test has this module on its path as a plugin, found by an entry point like any other.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.entities.stock import BasicStartable
from brookline.model.effectors import effector

if TYPE_CHECKING:
    from brookline.operations.operation import Operation

FOLDER = Path(os.environ["CUT_OFF"])
LOOK_S = 0.01


def trace(word: str) -> None:
    with (FOLDER / "trace").open("a") as file:
        file.write(f"{word}\n")


class Till(BasicStartable):
    """Takes money, which must not be done twice unless somebody says so."""

    TYPE = "cut_off.Till"

    __slots__ = ()

    @effector
    async def charge(self, op: Operation, amount: int) -> str:
        """Charge an amount, once the gate is open."""
        await op.step("look up", trace, "look up")
        await op.step("pay", _paid, amount)
        await op.step("ship", trace, "ship")
        return f"charged {amount}"


async def _paid(amount: int) -> None:
    trace(f"pay {amount}")
    while not (FOLDER / "gate").exists():  # noqa: ASYNC110 - the test tells nobody
        await asyncio.sleep(LOOK_S)
