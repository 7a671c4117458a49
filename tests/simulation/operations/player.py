"""Plays graphs as operations: what a type's author would write, with all that may be written there."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING, Any, ClassVar

from brookline.entities.platform import platform_of
from brookline.journal.queue import Decision
from brookline.locations.command import Command, Finished
from brookline.model.effectors import effector
from brookline.model.entity import Entity
from brookline.operations.operation import Operation, current
from brookline.operations.retry import Retry
from brookline.operations.safety import guarded, repeatable
from brookline.wire.changes import Put

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.simulation.operations.graphs import Node
    from tests.simulation.operations.world import World

    from brookline.journal.records import View
    from brookline.values.clock import Clock

COUNTS = "count"
"""Kind of the records that count how often something was recorded."""


class Actor:
    """Does in the world, for one server, what no guard protects.

    Args:
        world: Sees it.
        server: Name of the server.
        clock: Of the server.

    Attributes:
        world: Sees it.
        version: Makes of a graph what this server's version of the code takes it for.
    """

    def __init__(self, world: World, server: str, clock: Clock) -> None:
        self.world = world
        self.version = world.versions.get(server, lambda graph: graph)
        self._server = server
        self._clock = clock

    def plays(self, op: Operation) -> None:
        """Be told that the code of an operation, or of a call in it, begins."""
        self.world.plays(op.root.task.id, op.epoch)

    async def once(self, about: Node) -> str:
        """Act; not to be done twice."""
        return await self._act(about)

    @repeatable
    async def again(self, about: Node) -> str:
        """Act; may be done twice."""
        return await self._act(about)

    async def _act(self, about: Node) -> str:
        part = current()
        assert part is not None
        token = self.world.acts(self._server, part.epoch, part.task.id, about)
        await self._clock.sleep(about["takes"])
        self.world.acted(part.task.id, about)
        if about["fails"]:
            raise ValueError(f"planned: {token}")
        return token


class Player(Entity):
    """An entity whose effector plays what it is given."""

    TYPE = "sim.Player"
    actor: ClassVar[Actor]

    __slots__ = ()

    @effector
    async def play(self, op: Operation, graph: Any, held: Any = None) -> Any:
        """Play a graph; `held` are the locked sections in which that is done."""
        self.actor.plays(op)
        nodes = self.actor.version(graph)
        return await Playing(op, _Places(op, self), held or []).sequence(nodes)


class _Places:
    """Where a graph is played."""

    def __init__(self, op: Operation, player: Player) -> None:
        self._op = op
        self.actor = player.actor

    def machine(self, name: str) -> Any:
        platform = platform_of(self._op)
        location = platform.live.location(name)
        assert location is not None
        return platform.locations.machine(location)

    def entity(self, entity_id: str) -> Any:
        return platform_of(self._op).live.entity(entity_id)


class Playing:
    """One graph being played. What it does follows from what its steps return, and nothing else.

    Args:
        op: The operation, or what stands for it when it is counted again.
        places: Where it is played.
        held: Pairs of a lock and the section that holds it.
    """

    def __init__(self, op: Any, places: Any, held: list[list[str]]) -> None:
        self._op = op
        self._places = places
        self._held = held
        self._after: list[str] = []
        self._sections = 0

    async def sequence(self, nodes: list[Node]) -> list[Any]:
        return [await self._node(node) for node in nodes]

    async def _node(self, node: Node) -> Any:
        match node["do"]:
            case "command" | "once" | "again" | "call":
                part = self._begin(node)
                self._after = [part.task.id]
                return _checked(node, await self._op.join(part))
            case "all":
                parts = [self._begin(one) for one in node["nodes"]]
                self._after = [part.task.id for part in parts]
                return [_plain(one) for one in await self._op.join_all(parts)]
            case "lock":
                return await self._locked(node)
            case "attempt":
                return await self._attempted(node)
            case "choose":
                found = await self._node(node["of"])
                chosen = node["nodes"] if zlib.crc32(str(found).encode()) % 2 else node["else"]
                return [found, await self.sequence(chosen)]
        return await self._kept(node)

    async def _kept(self, node: Node) -> Any:
        match node["do"]:
            case "tries":
                action, retry = _strict(self._places.machine(node["on"])), Retry(2, 0.5)
                return await self._op.step(node["name"], action, self._command(node), retry=retry)
            case "apart":
                entity = self._places.entity(node["entity"])
                return (await self._op.begin_apart(entity, "play", {"graph": node["nodes"]})).id
            case "remember":
                return await self._op.remember(node["name"], self._places.actor.world.token)
            case "read":
                return await self._read(node["name"])
            case "count":
                return await self._op.record(_counted(self._op.task.id), name=node["name"])
            case "sleep":
                return await self._op.sleep(node["s"])
        raise AssertionError(node)

    async def _read(self, name: str) -> Any:
        """Read something that is another whenever anybody looks."""
        reading = self._op.readings.find("config", name)
        if reading is None:
            reading = {"value": self._places.actor.world.token()}
            await self._op.readings.add("config", name, reading, changes=True)
        return reading["value"]

    def _begin(self, node: Node) -> Any:
        name, about = node.get("name"), self._about(node)
        match node["do"]:
            case "command":
                run, timeout_s = self._places.machine(node["on"]).run, node.get("timeout")
                return self._op.begin_step(name, run, self._command(node), timeout_s=timeout_s)
            case "once":
                return self._op.begin_step(name, self._places.actor.once, about)
            case "again":
                return self._op.begin_step(name, self._places.actor.again, about)
        given = {"graph": node["nodes"], "held": self._held}
        return self._op.begin_call(self._places.entity(node["entity"]), "play", given)

    async def _locked(self, node: Node) -> list[Any]:
        self._sections += 1
        section = [node["what"], f"{self._op.task.id}/{self._sections}"]
        async with self._op.exclusive(self._places.entity(node["what"])):
            before, self._held = self._held, [*self._held, section]
            try:
                return await self.sequence(node["nodes"])
            finally:
                self._held = before

    async def _attempted(self, node: Node) -> list[Any]:
        try:
            return await self.sequence(node["nodes"])
        except Exception as error:  # noqa: BLE001 - as an author may write it
            return [f"{type(error).__name__}: {error}", await self.sequence(node["else"])]

    def _command(self, node: Node) -> Command:
        return Command(node["name"], json.dumps(self._about(node)))

    def _about(self, node: Node) -> Node:
        of = [self._op.task.id, self._op.root.task.id]
        return {**node, "held": self._held, "after": self._after, "of": of}


def _checked(node: Node, result: Any) -> Any:
    if node["do"] != "command":
        return result
    assert isinstance(result, Finished)
    return result.checked(Command(node["name"], "")).stdout


def _plain(result: Any) -> Any:
    if isinstance(result, Finished):
        return [result.exit_code, result.stdout]
    return result


def _strict(machine: Any) -> Any:
    @guarded
    async def run(command: Command) -> str:
        return (await machine.run(command)).checked(command).stdout

    return run


def _counted(task_id: str) -> Any:
    def decide(view: View) -> Decision:
        before: Mapping[str, Any] = view.get(COUNTS, task_id) or {}
        number = before.get("number", 0) + 1
        return Decision([Put(COUNTS, task_id, {"number": number})], number)

    return decide
