"""What lives on the servers of these simulations: the management of applications, as in the product."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.simulation.operations.player import Actor, Player

from brookline.errors import Conflict, NotFound
from brookline.locations.kinds import Locations
from brookline.management.building import build
from brookline.management.context import Repeated
from brookline.management.interruptions import Resolved
from brookline.model.types import Types
from brookline.operations.retention import Limits
from brookline.plane.peers import Reply, Request
from brookline.plane.tenant import Opening
from brookline.testing.sim_location import SimKind, machine_record
from brookline.wire.changes import Item, Put

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.simulation.operations.world import World

    from brookline.journal.records import Records, View
    from brookline.operations.recorder import Decide
    from brookline.plane.node import PlaneNode
    from brookline.testing.sim_server import SimServer
    from brookline.wire.changes import Change

ENTITIES = ("e0", "e1", "e2", "e3")
_KEEP_ALL = Limits(per_name=1_000_000, per_entity=1_000_000)


class WorkingTenant:
    """A real tenant, and what carries out requests for it.

    Args:
        server: Where it lives.
        world: What it acts on.
    """

    def __init__(self, server: SimServer, world: World) -> None:
        harness, clock = world.harness, server.clock
        actor = Actor(world, server.name, clock)
        player = type("Played", (Player,), {"actor": actor, "TYPE": Player.TYPE, "__slots__": ()})
        self.node: PlaneNode | None = None
        self.world = world
        self.built = build(
            Types([player]),
            Locations([SimKind(world.machines, clock)]),
            streams=world.streams(server.name),
            clock=clock,
            limits=_KEEP_ALL,
            randomness=harness.random,
            noticed_s=harness.options.settings.timeout_s,
        )

    def plug(self, node: PlaneNode) -> None:
        self.node = node
        self.built.outlet.plug(node)

    def items(self, name: str) -> list[str]:
        return [name]

    # As a tenant.

    async def prepare(self, changes: Sequence[Change]) -> Any:
        return await self.built.tenant.prepare(changes)

    def publish(self, changes: Sequence[Change], prepared: Any, seq: int) -> None:
        self.built.tenant.publish(changes, prepared, seq)

    async def reset(self, records: Records, seq: int) -> None:
        await self.built.tenant.reset(records, seq)

    def forget(self) -> None:
        self.built.tenant.forget()

    def opening(self, view: View) -> Opening:
        """Begin with what the tenant says; the first epoch brings the entities and the machines."""
        opening = self.built.tenant.opening(view)
        if view.get("entity", "app") is not None:
            return opening
        machines = list(self.world.machines)
        puts = [_entity("app", "", machines), *(_entity(one, "app", machines) for one in ENTITIES)]
        puts += [Put("location", m.name, machine_record(m)) for m in self.world.machines.values()]
        return Opening((*opening.items, Item(tuple(puts))), opening.interrupted)

    async def activate(self, epoch: int) -> None:
        await self.built.tenant.activate(epoch)

    async def deactivate(self) -> None:
        await self.built.tenant.deactivate()

    # As the carrier of requests.

    async def execute(self, request: Request) -> Reply:
        """Begin to play a graph, or cancel that; the answer is the task's id."""
        assert self.node is not None
        known = self.node.door.memory.find(request)
        if known is not None:
            return self._reply(known["task"])
        asked = json.loads(request.body)
        try:
            return self._reply(await self._done(request, asked))
        except Repeated as again:
            return self._reply(again.record["task"])
        except (NotFound, Conflict):
            return Reply(status=404)

    async def _done(self, request: Request, asked: dict[str, Any]) -> str:
        management = self.built.management
        if "cancel" in asked:
            task = management.tasks.get(asked["cancel"])
            await management.begin_cancel(task, _Context(self, request, task.id))
            await management.cancel(task)
            return task.id
        if "interrupted" in asked:
            return await self._resolved(request, asked)
        entity = management.live.entity(asked["entity"])
        if entity is None:
            raise NotFound(asked["entity"])
        given = {"graph": asked["graph"]}
        return (await management.invoke(entity, "play", given, _Context(self, request))).id

    async def _resolved(self, request: Request, asked: dict[str, Any]) -> str:
        """Do with an interrupted operation what somebody wants."""
        interruptions, context = self.built.management.interruptions, _Context(self, request)
        task = self.built.management.tasks.get(asked["interrupted"])
        match asked["how"]:
            case "resume":
                return (await interruptions.resume(task, context)).id
            case "replay":
                return (await interruptions.replay(task, context)).id
        await interruptions.abandon(task, "it is not worth it", context)
        return task.id

    def _reply(self, task_id: str) -> Reply:
        assert self.node is not None
        seq = str(self.node.replica.seq)
        return Reply(status=200, headers=(("seq", seq),), body=task_id.encode())


class _Context:
    """On whose behalf a request is carried out."""

    def __init__(self, tenant: WorkingTenant, request: Request, task_id: str = "") -> None:
        self._tenant = tenant
        self._request = request
        self._task_id = task_id

    @property
    def user(self) -> str:
        return self._request.user

    @property
    def request(self) -> str:
        return self._request.id

    def once(self, decide: Decide) -> Decide:
        assert self._tenant.node is not None
        memory = self._tenant.node.door.memory
        return memory.once(self._request, decide, lambda answer: {"task": self._id_of(answer)})

    def _id_of(self, answer: Any) -> str:
        if answer is None:
            return self._task_id
        found = (answer.begun or answer.task) if isinstance(answer, Resolved) else answer
        return found.id  # type: ignore[no-any-return]


def _entity(entity_id: str, parent: str, machines: list[str]) -> Put:
    value = {"app": "app", "parent": parent, "type": Player.TYPE, "name": entity_id, "created": 1}
    return Put("entity", entity_id, {**value, "config": {}, "locations": machines})
