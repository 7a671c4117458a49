"""Outputs: what commands of tasks wrote and read, from where it is kept.

It is kept on the node that ran them, and for an hour or more on the machine too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError
from brookline.management.leftovers import machines_of
from brookline.operations.streams import LIMIT_BYTES, Piece
from brookline.operations.task import command_id

if TYPE_CHECKING:
    from brookline.entities.platform import Platform
    from brookline.locations.machine import Machine
    from brookline.operations.streams import Streams
    from brookline.operations.task import Task

_OF_MACHINES = ("stdout", "stderr")
_MOST_COMMANDS = 20
"""Of a step, of which the output is looked for."""

_PATIENCE_S = 5.0


class Outputs:
    """The streams of tasks.

    Args:
        streams: What is kept on this node.
        platform: Where machines are found.
    """

    def __init__(self, streams: Streams, platform: Platform) -> None:
        self._streams = streams
        self._platform = platform

    async def names(self, task_id: str) -> list[str]:
        """Return the names of a task's streams that are here."""
        return await asyncio.to_thread(self._streams.names, task_id)

    async def here(self, task_id: str, name: str, start: int = 0) -> Piece:
        """Return what this node has of a stream, from a place on."""
        return await asyncio.to_thread(self._streams.piece, task_id, name, start)

    async def on_machine(self, task: Task, name: str, start: int = 0) -> Piece:
        """Return what the machine has of a stream, from a place on; nothing if that is not known."""
        if name not in _OF_MACHINES:
            return Piece(b"", 0)
        try:
            async with asyncio.timeout(_PATIENCE_S):
                for machine in machines_of(self._platform, task.entity_id):
                    content = await _written(machine, task, name)
                    if content:
                        return Piece(content[start:], len(content), ((0, len(content)),))
        except (BrooklineError, TimeoutError):
            pass
        return Piece(b"", 0)


async def _written(machine: Machine, task: Task, name: str) -> bytes:
    """Return what the commands of a step wrote, one after the other; not more than is kept here.

    Raises:
        RemoteError: If the machine does not answer.
    """
    content, wanted = bytearray(), task.streams.get(name, 0)
    for number in range(1, _MOST_COMMANDS + 1):
        before = len(content)
        async for chunk in machine.fetch_output(command_id(task.id, number, task.again), name):
            content += chunk
            if len(content) > LIMIT_BYTES:
                return b""  # a node that ran it keeps its beginning and its end
        if len(content) == before or (task.status.ended and len(content) >= wanted):
            break
    return bytes(content)
