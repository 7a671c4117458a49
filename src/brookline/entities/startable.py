"""Entities that can be started and stopped, with their children."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from brookline.entities import places
from brookline.entities.health import Report, Service
from brookline.entities.platform import platform_of
from brookline.errors import Conflict
from brookline.model.declarations import config
from brookline.model.deferred import has_deferred
from brookline.model.effectors import Parameter, effector
from brookline.model.service import STATE, Lifecycle, lifecycle
from brookline.operations.effectors import check_installed
from brookline.operations.interruption import StepInterrupted
from brookline.operations.task import Status

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from brookline.model.entity import Entity
    from brookline.operations.operation import Operation

OWN = "service.state"
"""The key that an entity's own lifecycle has in the map of reasons for not being up."""

_LOCATIONS = Parameter("locations", Any, description="The locations in which to start")
_POLL_S = 1.0


class ChildFailed(Exception):
    """A child could not be started: the state of its parent is then what the roll-up makes of it.

    So the parent runs as soon as the failed child was stopped or started again.

    Attributes:
        error: Why.

    Source: observed on a running Brooklyn 1.1.0.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


class Startable(Service, abstract=True):
    """Starts its children when it is started, and stops them when it is stopped."""

    __slots__ = ()

    ROLLS_UP = True

    start_latch = config(
        "latch.start",
        object,
        deprecated=("start.latch",),
        description="Must become true before it starts",
    )

    @effector(parameters=(_LOCATIONS,))
    async def start(self, op: Operation, locations: Any = None) -> None:
        """Start the process or service represented by an entity."""
        async with op.exclusive(self):
            if self.live.entity(self.id) is None:
                raise Conflict(f"{self.name} was removed meanwhile")
            async with self.burning(op, "start"):
                await self.expect(op, Lifecycle.STARTING, not_up={OWN: f"{self.kind} starting"})
                if locations:
                    await places.adopt(op, self, locations)
                await self.await_latch(op, "latch.start")
                await self.do_start(op)
                await self.expect(op, Lifecycle.RUNNING, not_up={OWN: None})

    @effector
    async def stop(self, op: Operation) -> None:
        """Stop the process or service represented by an entity."""
        async with op.exclusive(self, ends=("start", "restart")), self.burning(op, "stop"):
            await self.expect(op, Lifecycle.STOPPING, not_up={OWN: f"{self.kind} stopping"})
            await self.do_stop(op)
            await self.expect(op, Lifecycle.STOPPED, not_up={OWN: f"{self.kind} stopped"})
            await self.after_stop(op)

    @effector
    async def restart(self, op: Operation) -> None:
        """Restart the process or service represented by an entity."""
        async with op.exclusive(self), self.burning(op, "restart"):
            await self.expect(op, Lifecycle.STARTING, not_up={OWN: f"{self.kind} restarting"})
            await self._call_children(op, "restart")
            await self.expect(op, Lifecycle.RUNNING, not_up={OWN: None})

    @property
    def kind(self) -> str:
        """What it is called in reasons for not being up."""
        return "Application" if self.parent is None else "Service"

    async def do_start(self, op: Operation) -> None:
        """Start what this entity stands for; by default its children, all at once."""
        await self._call_children(op, "start")

    async def do_stop(self, op: Operation) -> None:
        """Stop what this entity stands for; by default its children, all at once."""
        await op.join_all([op.begin_call(child, "stop") for child in self.startables()])

    async def _call_children(self, op: Operation, name: str) -> None:
        """Call an effector of all children at once.

        Raises:
            ChildFailed: If one fails, and its state says so.
        """
        parts = [op.begin_call(child, name) for child in self.startables()]
        endings = [await part.ended() for part in parts]
        failed = next((one for one in endings if one.error is not None), None)
        if failed is None or failed.error is None:
            return
        rolls_up = self.ROLLS_UP and failed.status is Status.FAILED
        if rolls_up and await op.remember("a child is on fire", self._burns_below):
            raise ChildFailed(failed.error)
        raise failed.error

    def _burns_below(self) -> bool:
        states = (lifecycle(child.sensors.get(STATE)) for child in self.children)
        return Lifecycle.ON_FIRE in states

    async def after_stop(self, op: Operation) -> None:
        """Do what is left once it is stopped; nobody can start it meanwhile."""

    def startables(self) -> Sequence[Entity]:
        """Return the children that can be started.

        Raises:
            StepInterrupted: If the type of one is not installed: that cannot be told of it.
        """
        check_installed(self.children)
        return [child for child in self.children if "start" in child.EFFECTORS]

    async def expect(
        self, op: Operation, state: Lifecycle, *, not_up: dict[str, str | None]
    ) -> None:
        """Commit the state that it is meant to be in from now on.

        What earlier starts and stops complained of is forgotten.
        """
        cleared = {"start": None, "stop": None, "restart": None, "interrupted": None}
        report = Report(expected=state, problems=cleared, not_up=not_up)
        await platform_of(op).report(op, self, report)

    @contextlib.asynccontextmanager
    async def burning(self, op: Operation, what: str) -> AsyncIterator[None]:
        """If the block fails, commit that it is on fire from now on, with the reason as a problem.

        Work that is handed over commits nothing: the next master says what became of it. Nor does
        work that does not go on by itself: that is said with its interruption.
        """
        try:
            yield
        except StepInterrupted:
            raise
        except ChildFailed as failed:
            await self.expect(op, Lifecycle.RUNNING, not_up={OWN: None})
            raise failed.error from None
        except BaseException as error:
            cancelled = isinstance(error, asyncio.CancelledError)
            text = f"{what} was cancelled" if cancelled else str(error) or type(error).__name__
            report = Report(expected=Lifecycle.ON_FIRE, problems={what: text})
            await platform_of(op).report(op, self, report)
            raise

    async def await_latch(self, op: Operation, name: str) -> None:
        """Wait until a latch is true; one that is not set holds nobody up.

        One that has opened is open to the operation, whatever becomes of what it names.

        Raises:
            Conflict: If its value is written down as false, so that it never becomes true.
        """
        await platform_of(op).read(op, self, name, lambda: self._opened(op, name))

    async def _opened(self, op: Operation, name: str) -> Any:
        """Return the value by which a latch is open; None if it is not set."""
        platform, found, value = platform_of(op), self.find_config(name), None
        while found is not None and not _truthy(value := await platform.look(op, self, name)):
            if not has_deferred(found.value):
                raise Conflict(f"{name} is {found.value!r} and will not become true")
            with op.waiting(f"for {name} of {self.name}"):
                await platform.clock.sleep(_POLL_S)
        return value


def _truthy(value: Any) -> bool:
    return value.lower() not in ("", "false", "no") if isinstance(value, str) else bool(value)
