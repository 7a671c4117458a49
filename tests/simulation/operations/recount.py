"""Counts again what an operation should have returned, from the outcomes in the log and nothing else."""

from __future__ import annotations

import contextlib
from collections import Counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from tests.simulation.operations.player import Actor, Playing

from brookline.operations.marks import CHANCE, READ
from brookline.operations.outcomes import outcome_of
from brookline.operations.safety import returns_of
from brookline.operations.task import DONE, Task, child_id
from brookline.testing.clock import SimClock
from brookline.testing.sim_location import ReachedMachine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    from tests.simulation.operations.world import World

    from brookline.operations.outcomes import Ending
    from brookline.wire.changes import Value

    Look = Callable[[str], Value]
    """Returns the record of a task; an empty one if there is none."""


class Missing(Exception):
    """An outcome that it must have had is not there."""


class Recounted:
    """Stands for an operation that has ended."""

    def __init__(self, look: Look, task_id: str) -> None:
        self._look = look
        self._names: Counter[str] = Counter()
        self.task = SimpleNamespace(id=task_id)
        self.root = self
        self.readings = SimpleNamespace(find=self._found)

    def begin_step(self, name: str, action: Any, *_: Any, timeout_s: float | None = None) -> Any:
        del timeout_s
        return self._part(name, returns_of(action))

    def begin_call(self, entity_id: str, effector: str, _: Any) -> Any:
        return self._part(f"{effector} of {entity_id}")

    async def step(self, name: str, *_: Any, retry: Any) -> Any:
        del retry
        return await self.join(self._part(name))

    async def join(self, part: Any) -> Any:
        if part.ending is None:
            raise Missing(part.task.id)
        if part.ending.error is not None:
            raise part.ending.error
        return part.ending.result

    async def join_all(self, parts: Iterable[Any]) -> list[Any]:
        return [await self.join(part) for part in parts]

    async def record(self, _: Any, name: str) -> Any:
        key, value = self._key(name, "+"), self._look(self.task.id)
        for known in (f"{DONE}{key}", f"{DONE}{CHANCE}{key}"):
            if known in value:
                return value[known]
        raise Missing(f"{self.task.id} {key}")

    def _found(self, entity_id: str, name: str) -> Value:
        key, value = f"{DONE}{READ}{entity_id} {name}", self._look(self.task.id)
        if key not in value:
            raise Missing(f"{self.task.id} {key}")
        found: Value = value[key]
        return found

    async def remember(self, name: str, _: Any) -> Any:
        return await self.record(None, name=name)

    async def sleep(self, _: float) -> None:
        await self.record(None, name="sleep until")
        await self.record(None, name=f"sleep {self._names['+sleep until']} over")

    async def begin_apart(self, entity_id: str, effector: str, _: Any) -> Any:
        name = f"{effector} of {entity_id}"
        await self.record(None, name=name)
        return SimpleNamespace(id=child_id(self.task.id, f"id {self._key(name, 'id ')}"))

    @contextlib.asynccontextmanager
    async def exclusive(self, _: Any) -> AsyncIterator[None]:
        yield

    def _part(self, name: str, returns: type | None = None) -> Any:
        task_id = child_id(self.task.id, self._key(name))
        value, ending = self._look(task_id), None
        if value:
            task = Task(task_id, name)
            task.take(value)
            ending: Ending | None = outcome_of(task, returns)
        return SimpleNamespace(task=SimpleNamespace(id=task_id), ending=ending)

    def _key(self, name: str, prefix: str = "") -> str:
        self._names[prefix + name] += 1
        return f"{name}#{self._names[prefix + name]}"


class Nowhere:
    """Where what has ended is played again; only the marks of actions matter there."""

    def __init__(self, world: World) -> None:
        self.actor = Actor(world, "", SimClock(world.harness.loop.true_time))
        self._machines = {
            name: ReachedMachine(machine, None) for name, machine in world.machines.items()
        }

    def machine(self, name: str) -> ReachedMachine:
        return self._machines[name]

    def entity(self, entity_id: str) -> str:
        return entity_id


def recount(look: Look, task_id: str, places: Nowhere) -> tuple[Any, BaseException | None]:
    """Return what an operation, or a call in one, should have returned or raised.

    Raises:
        Missing: If it cannot have done either, for an outcome is not there.
    """
    params = look(task_id)["params"]
    playing = Playing(Recounted(look, task_id), places, params.get("held") or [])
    work = playing.sequence(params["graph"])
    try:
        work.send(None)
    except StopIteration as end:
        return end.value, None
    except Missing:
        raise
    except Exception as error:  # noqa: BLE001 - it may have failed
        return None, error
    raise AssertionError("nothing is waited for when all has happened")
