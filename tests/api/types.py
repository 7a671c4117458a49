"""Entity types for tests of the API."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.entities.startable import Startable
from brookline.entities.stock import BasicApplication, BasicEntity, BasicStartable
from brookline.model.declarations import config, sensor
from brookline.model.effectors import effector
from brookline.model.types import Types
from brookline.operations.interruption import Cause, StepInterrupted
from brookline.values.durations import Duration

if TYPE_CHECKING:
    from brookline.operations.operation import Operation


class Widget(Startable):
    TYPE = "org.example.Widget"
    ALIASES = ("widget",)

    size = config("widget.size", int, default=3, description="How large")
    colour = config("widget.colour", str)
    every = config("widget.every", Duration, default="90s")
    password = config("widget.password", str)
    count = sensor("widget.count", int, description="How many")

    @effector
    async def echo(self, op: Operation, text: str = "nothing") -> str:
        """Return what it is given."""
        op.write("stdout", text.encode())
        return text

    @effector
    async def add(self, op: Operation, left: int, right: int = 1) -> int:
        """Add two numbers."""
        return left + right

    @effector
    async def fail(self, op: Operation) -> None:
        """Fail."""
        raise ValueError("the widget is broken")

    @effector
    async def nap(self, op: Operation, seconds: float = 0.1) -> str:
        """Rest for a while, on whichever master."""
        await op.sleep(seconds)
        return "rested"

    @effector
    async def dwell(self, op: Operation) -> None:
        """Run until somebody cancels it."""
        await op.step("wait", asyncio.Event().wait)

    @effector
    async def balk(self, op: Operation) -> None:
        """Come to where somebody has to decide."""
        raise StepInterrupted(Cause.ONCE, "nobody knows whether it was done")


TYPES = Types([BasicApplication, BasicEntity, BasicStartable, Widget])
