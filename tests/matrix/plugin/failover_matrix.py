"""In the servers under test: entity types whose commands leave a trace, and holds at exact moments.

A server of a test has this module on its path as a plugin, found by an entry point like any other.
It wraps the two places between which a command is run and its outcome is journalled, so that a test
can hold one server there: by a file named after its process, which says what it is to wait for.
"""

from __future__ import annotations

import asyncio
import functools
import os
from pathlib import Path
from typing import Any

from brookline.blueprint.assembly import ENTITY
from brookline.entities import boxes
from brookline.entities.stock import BasicStartable
from brookline.entities.vanilla import VanillaSoftwareProcess
from brookline.journal.queue import Decision
from brookline.locations.command import Command
from brookline.locations.local import LocalMachine
from brookline.model.effectors import effector
from brookline.operations.ledger import Ledger
from brookline.operations.operation import Operation, current
from brookline.wire.changes import Put

FOLDER = Path(os.environ["FAILOVER_MATRIX"])
LOOK_S = 0.01


async def hold(moment: str, name: str, task_id: str) -> None:
    """Wait here, if a test wants that of this process, until it wants it no more."""
    sign = FOLDER / f"hold.{os.getpid()}"
    wanted = f"{moment} {name}"
    while sign.exists() and sign.read_text() == wanted:
        (FOLDER / f"held.{os.getpid()}.{task_id}").touch()
        await asyncio.sleep(LOOK_S)


def held_before(run: Any) -> Any:
    @functools.wraps(run)
    async def held(machine: LocalMachine, command: Command | str) -> Any:
        operation = current()
        if operation is not None:
            name = command if isinstance(command, str) else command.name
            await hold("before", name, operation.task.id)
        return await run(machine, command)

    return held


def held_after(end: Any) -> Any:
    @functools.wraps(end)
    async def held(ledger: Ledger, running: Operation, ends: dict[str, Any]) -> Any:
        if running.parent is not None and not running.task.effector:
            await hold("after", running.task.name, running.task.id)
        return await end(ledger, running, ends)

    return held


LocalMachine.run = held_before(LocalMachine.run)
Ledger.end = held_after(Ledger.end)


class Traced(VanillaSoftwareProcess):
    """A process with an effector that runs a command of its own."""

    __slots__ = ()

    TYPE = "failover_matrix.Traced"

    @effector
    async def poke(self, op: Operation, script: str) -> str:
        """Run a command, and return what it wrote."""
        command = Command("poke-command", script, boxes.known(self).env)
        finished = await op.step(command.name, self.machine.run, command)
        return str(finished.stdout).rstrip("\n")


class Herd(BasicStartable):
    """A parent that makes children and starts them, as a cluster does when it is resized."""

    __slots__ = ()

    TYPE = "failover_matrix.Herd"

    @effector
    async def grow(self, op: Operation, children: list[Any]) -> list[str]:
        """Add a child with each of these configs, and start them all."""
        ids = [op.new_id("child") for _ in children]

        def decide(_: Any) -> Decision:
            return Decision([self._child(*one) for one in zip(ids, children, strict=True)])

        await op.record(decide, name="grow")
        added = filter(None, map(self.live.entity, ids))
        await op.join_all([op.begin_call(child, "start") for child in added])
        return ids

    def _child(self, child_id: str, config: dict[str, Any]) -> Put:
        record = {"app": self.application_id, "parent": self.id, "type": Traced.TYPE}
        return Put(ENTITY, child_id, {**record, "name": child_id, "created": 0, "config": config})


class Deadly(BasicStartable):
    """An entity with effectors of which their master dies."""

    __slots__ = ()

    TYPE = "failover_matrix.Deadly"

    @effector
    async def block(self, op: Operation, after: str = "") -> None:
        """Never let anybody else run, once there is a file of this name where servers are held."""
        await _there_is(after)
        while True:
            pass

    @effector
    async def dawdle(self, op: Operation, until: str) -> None:
        """Do nothing until there is such a file, in code of its own."""
        await _there_is(until)

    @effector
    async def hoard(self, op: Operation) -> None:
        """Take all memory there is, and keep it."""
        kept, size = [], 1 << 24
        while True:
            try:
                kept.append(bytearray(size))
                await asyncio.sleep(0)
            except MemoryError:
                size = max(size // 2, 1)


async def _there_is(name: str) -> None:
    while not (FOLDER / name).exists():  # noqa: ASYNC110 - what is awaited tells nobody
        await asyncio.sleep(LOOK_S)
