"""Leftovers: commands of an interrupted operation that may still run on machines, and their end."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from brookline.errors import RemoteError
from brookline.operations.operation import current
from brookline.operations.patience import patiently
from brookline.operations.remains import Leftover, leftovers_of
from brookline.operations.safety import repeatable
from brookline.operations.task import command_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from brookline.entities.platform import Platform
    from brookline.locations.machine import Machine
    from brookline.model.live import Live
    from brookline.operations.operation import Operation
    from brookline.operations.resolving import Interrupted
    from brookline.operations.running import Body
    from brookline.wire.changes import Value

_MOST = 1000


def leftovers(found: Interrupted, platform: Platform) -> list[Leftover]:
    """Return the steps whose commands may still run: those that had begun and have no outcome.

    Where it is not recorded on which machines they run, those of the entity count: what a step did in
    its last moments may be on no record.
    """
    return [left for one in found.left for left in _left_of(one, found.parts[one], platform)]


def _left_of(task_id: str, step: Value, platform: Platform) -> list[Leftover]:
    recorded = leftovers_of(task_id, step)
    if recorded or not any(True for _ in machines_of(platform, step.get("entity", ""))):
        return recorded
    return [Leftover(task_id, step["name"], step["entity"], step.get("again", 0))]


def ending(platform: Platform, commands: Iterable[Value], *, then: Body | None = None) -> Body:
    """Return the work that ends commands on their machines, and then does something else.

    Args:
        platform: Where machines are found.
        commands: What `Leftover.to_value` returned.
        then: What else.
    """

    async def body(op: Operation) -> Any:
        ended = 0
        for command in commands:
            left = Leftover(**command)
            ended += await op.step(f"end {left.name}", _ended, platform, left, op.epoch)
        return ended if then is None else await then(op)

    return body


@repeatable
async def _ended(platform: Platform, left: Leftover, epoch: int) -> int:
    """End all commands of a step on its machines; return how many had begun.

    A machine that is out of reach is waited for.

    Raises:
        RemoteError: If a machine refuses.
    """
    ended = 0
    for machine in _machines(platform, left):
        for number in range(1, _MOST):
            step = command_id(left.task, number, left.again)
            begun = await patiently(current(), functools.partial(machine.kill, step, epoch))
            if not begun and number >= left.count:
                break
            ended += begun
    return ended


def _machines(platform: Platform, left: Leftover) -> list[Machine]:
    """Return the machines on which a command may run; none if it was given back meanwhile.

    Raises:
        RemoteError: If this server has no such machines.
    """
    if not left.machine:
        return list(machines_of(platform, left.entity))
    location = platform.live.location(left.machine)
    return [] if location is None else [platform.locations.machine(location)]


def machines_of(platform: Platform, entity_id: str) -> Iterator[Machine]:
    """Yield the machines of an entity that this server knows how to reach."""
    live: Live = platform.live
    entity = live.entity(entity_id)
    for location_id in () if entity is None else entity.effective_locations():
        location = live.location(location_id)
        if location is not None and platform.locations.is_machine(location):
            try:
                yield platform.locations.machine(location)
            except RemoteError:
                continue
