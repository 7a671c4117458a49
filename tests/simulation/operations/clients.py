"""Clients that have graphs played, and sometimes change their mind."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from tests.simulation.operations.tenant import ENTITIES

from brookline.operations.task import KIND
from brookline.plane.peers import Reply, Request
from brookline.testing.connection import Broken, Refused
from brookline.testing.sim_peers import CONNECT_S, Write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.operations.graphs import Graphs
    from tests.simulation.operations.world import World

    from brookline.testing.harness import PlaneHarness
    from brookline.wire.changes import Value

_CANCELS = 0.12
_CANCELS_RESUMED = 0.3
_PATIENCE_S = (3.0, 12.0)
_MOST_TRIES = 30


class WorkingClient:
    """Begins one operation after the other.

    Args:
        harness: The plane.
        name: Of its host.
        graphs: Makes what it has played.
        pause_s: Longest pause between two.

    Attributes:
        begun: Ids of tasks of which it was told.
    """

    def __init__(self, harness: PlaneHarness, name: str, graphs: Graphs, *, pause_s: float) -> None:
        self.begun: list[str] = []
        self.host = harness.loop.host(name)
        self._harness = harness
        self._name = name
        self._graphs = graphs
        self._pause_s = pause_s
        self._count = 0

    async def run(self) -> None:
        """Begin operations until the host ends."""
        random = self._harness.random
        while True:
            graph = self._graphs.graph()
            task_id = await self.ask({"entity": random.choice(ENTITIES), "graph": graph})
            if task_id:
                self.begun.append(task_id)
                if random.random() < _CANCELS:
                    self.host.begin(self._cancel(task_id), "cancels")
            await self.host.clock.sleep(self._pause_s * random.random())

    async def ask(self, what: dict[str, Any]) -> str:
        """Send a request until it is answered; return the id of the task, or nothing."""
        self._count += 1
        request_id, servers = f"{self._name}-{self._count}", list(self._harness.servers)
        for _ in range(_MOST_TRIES):
            answer = await self._send(self._harness.random.choice(servers), request_id, what)
            if isinstance(answer, Reply) and answer.status in (200, 404):
                return answer.body.decode()
            await self.host.clock.sleep(0.3)
        return ""

    async def resolve(self, world: World) -> None:
        """Decide now and then what becomes of an interrupted operation, until the host ends."""
        random = self._harness.random
        while True:
            await self.host.clock.sleep(5.0 * random.random())
            tasks = self._harness.oracle.records.all(KIND).items()
            open_ones = [task_id for task_id, value in tasks if _is_open(value)]
            if open_ones:
                task_id = random.choice(open_ones)
                how = random.choice(("resume", "resume", "resume", "replay", "abandon"))
                self._harness.transcript.note(how, task=task_id)
                world.resumes[task_id] += how == "resume"
                await self.ask({"interrupted": task_id, "how": how})
                if how == "resume" and random.random() < _CANCELS_RESUMED:
                    self.host.begin(self._cancel(task_id, (0.05, 0.5)), "cancels again")

    async def _cancel(self, task_id: str, after_s: Sequence[float] = (0.5, 5.0)) -> None:
        await self.host.clock.sleep(self._harness.random.choice(after_s))
        self._harness.transcript.note("cancel", task=task_id)
        await self.ask({"cancel": task_id})

    async def _send(self, server: str, request_id: str, what: dict[str, Any]) -> Any:
        request = Request(
            id=request_id, method="POST", path="/play", user=self._name,
            body=json.dumps(what).encode(), from_client=True, repeatable=True,
        )  # fmt: skip
        try:
            async with asyncio.timeout(CONNECT_S):
                end = await self._harness.network.connect(self._harness[server].address)
            try:
                end.send(Write(request))
                async with asyncio.timeout(self._harness.random.choice(_PATIENCE_S)):
                    return await end.receive()
            finally:
                end.close()
        except (Refused, Broken, TimeoutError):
            return None


def _is_open(value: Value) -> bool:
    """Tell whether it waits for a person."""
    interruption = value.get("interruption")
    return bool(interruption) and not value.get("parent") and "resolved" not in interruption
