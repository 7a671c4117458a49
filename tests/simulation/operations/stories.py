"""One story for each rule that protects operations: what befalls those who do not heed it.

The same things happen to those who heed all rules, and nothing is wrong with that.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any
from unittest import mock

from tests.simulation.operations.clients import WorkingClient
from tests.simulation.operations.graphs import Graphs, Node
from tests.simulation.operations.judging import Judge
from tests.simulation.operations.minute import MACHINES, SETTLE_S
from tests.simulation.operations.tenant import ENTITIES, WorkingTenant
from tests.simulation.operations.world import World
from tests.simulation.pair import Pair

from brookline.operations import taking_up
from brookline.operations.task import KIND, Status
from brookline.testing.sim_link import Link, MachineOdds

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.testing.harness import PlaneHarness
    from brookline.testing.sim_machine import GuardRules, SimMachine


class Stage(Pair):
    """A plane of two servers, of which a leads and b stands by, its machines, and a client."""

    def __init__(self, rules: GuardRules | None = None) -> None:
        super().__init__()
        self.world = World(self.harness, MACHINES, rules)
        self.harness.make_tenant = lambda server: WorkingTenant(server, self.world)
        graphs = Graphs(random.Random(0), MACHINES, ENTITIES)
        self.client = WorkingClient(self.harness, "c", graphs, pause_s=1.0)

    @property
    def machine(self) -> SimMachine:
        return self.world.machines["m0"]

    async def play(self, story: Callable[[Stage], Awaitable[None]]) -> None:
        await self.begin_leading()
        await story(self)
        await self.harness.until(self._all_ended, SETTLE_S)
        await self.pass_by(30)
        Judge(self.world).judge()

    async def begin(self, *graph: Node, entity: str = "e0") -> str:
        """Have a graph played; return once it is recorded."""
        asked = self.client.ask({"entity": entity, "graph": list(graph)})
        return await self.client.host.spawn(asked)  # type: ignore[no-any-return]

    async def cancel(self, task_id: str) -> None:
        await self.client.host.spawn(self.client.ask({"cancel": task_id}))

    async def fail_over(self) -> None:
        """Kill the master; return when the other one leads."""
        self.a.crash()
        await self.harness.until(self.b.leads)

    async def begins(self, count: int = 1) -> None:
        """Wait until so many steps have begun."""
        assert await self.harness.until(lambda: self.world.steps >= count)

    def _all_ended(self) -> bool:
        tasks = self.harness.oracle.records.all(KIND).values()
        return all(Status(value["status"]).ended for value in tasks)


def command(name: str = "install", takes: float = 3.0, **more: Any) -> Node:
    return {"do": "command", "on": "m0", "name": name, "takes": takes, "code": 0, **more}


def acts(do: str, name: str = "check", takes: float = 0.1) -> Node:
    return {"do": do, "name": name, "takes": takes, "fails": False}


def lock(*nodes: Node) -> Node:
    return {"do": "lock", "what": "e1", "nodes": list(nodes)}


async def outcomes_are_remembered(stage: Stage) -> None:
    await stage.begin(acts("again"), command())
    await stage.begins(2)
    await stage.fail_over()


async def once_is_committed_before(stage: Stage) -> None:
    await stage.begin(acts("once", takes=2.0))
    await stage.begins()
    await stage.fail_over()


async def locks_are_restored(stage: Stage) -> None:
    # The second to come has the lock when its master dies, and the first waits for it.
    await stage.begin(acts("again", takes=1.0), lock(command("install")))
    await stage.begin(lock(command("launch"), command("customize")), entity="e1")
    await stage.begins(2)
    await stage.pass_by(2)
    await stage.fail_over()


async def turns_of_locks_are_known(stage: Stage) -> None:
    # One operation has it for the second time, and another waits, which is taken up before it.
    slow = {"do": "all", "nodes": [acts("again", takes=0.5)]}
    await stage.begin(slow, lock(command("install", 0.1)))
    await stage.begin(lock(acts("again")), lock(command("launch", 6.0)), entity="e1")
    await stage.begins(3)
    await stage.pass_by(1)
    await stage.fail_over()


async def changed_steps_are_noticed(stage: Stage) -> None:
    # The other server has a version that takes one step more.
    stage.world.versions["b"] = lambda graph: [acts("again", "configure"), *graph]
    stage.b.crash()
    stage.b.start()
    await stage.pass_by(4)
    await stage.begin(acts("again"), command())
    await stage.begins(2)
    await stage.pass_by(1.5)
    await stage.fail_over()


async def changed_records_are_noticed(stage: Stage) -> None:
    # In the version of the other server a record has another name.
    stage.world.versions["b"] = lambda graph: [{**graph[0], "name": "counted"}, *graph[1:]]
    stage.b.crash()
    stage.b.start()
    await stage.pass_by(4)
    await stage.begin({"do": "count", "name": "count"}, command())
    await stage.begins()
    await stage.fail_over()


async def readings_are_kept(stage: Stage) -> None:
    await stage.begin({"do": "read", "name": "port"}, command())
    await stage.begins()
    await stage.fail_over()


async def refuse_lower_epochs(stage: Stage) -> None:
    # What a sends comes when b leads since long.
    stage.machine.odds = MachineOdds(late=1.0, late_s=40.0)
    await stage.begin(command())
    await stage.pass_by(0.1)
    stage.machine.odds = MachineOdds()
    await stage.fail_over()


async def keep_claims(stage: Stage) -> None:
    await stage.begin(command())
    await stage.begins()
    await stage.fail_over()


async def keep_marks(stage: Stage) -> None:
    # What was sent before the operation was cancelled comes afterwards.
    stage.machine.odds = MachineOdds(late=1.0, late_s=20.0)
    task_id = await stage.begin(command())
    await stage.pass_by(0.1)
    stage.machine.odds = MachineOdds()
    await stage.cancel(task_id)


async def know_folder(stage: Stage) -> None:
    await stage.begin(command())
    await stage.begins()
    stage.world.reset(stage.machine)


async def know_boot(stage: Stage) -> None:
    await stage.begin(command())
    await stage.begins()
    stage.world.reboot(stage.machine)


async def tell_gone(stage: Stage) -> None:
    await stage.begin(command())
    await stage.begins()
    stage.world.lose_folder(stage.machine)


async def lost_folders_are_doubted(stage: Stage) -> None:
    # Nobody learns in time that a command was lost, and meanwhile others make a new folder.
    await stage.begin(command("install", 30.0))
    await stage.begins()
    stage.machine.odds = MachineOdds(late=1.0, late_s=60.0)
    stage.world.reset(stage.machine)
    await stage.pass_by(0.1)
    stage.machine.odds = MachineOdds()
    await stage.begin(command("launch", 0.1), entity="e1")
    await stage.begins(2)
    await stage.pass_by(1)
    await stage.fail_over()


async def machines_are_waited_for(stage: Stage) -> None:
    # The command ends while two masters, one after the other, hear nothing of it.
    await stage.begin(command())
    await stage.begins()
    stage.machine.cut(Link.SILENT)
    await stage.pass_by(60)
    stage.machine.cut(Link.DOWN)
    await stage.fail_over()
    await stage.pass_by(60)
    stage.machine.cut(Link.UP)


async def what_is_given_up_is_ended(stage: Stage) -> None:
    # Nobody hears that it was killed, nor that it was not, and the master dies.
    task_id = await stage.begin(command(takes=80.0))
    await stage.begins()
    stage.machine.cut(Link.SILENT)
    await stage.cancel(task_id)
    await stage.pass_by(30)
    await stage.fail_over()
    await stage.pass_by(30)
    stage.machine.cut(Link.UP)


async def turns_are_in_the_log(stage: Stage) -> None:
    # One operation at a time is taken up, and the second has to wait.
    await stage.begin(acts("again", "first", takes=6.0))
    await stage.begin(acts("again", "second", takes=6.0), entity="e1")
    await stage.begins(2)
    with mock.patch.object(taking_up, "AT_ONCE", 1):
        await stage.fail_over()
        await stage.begins(4)


STORIES: dict[str, Callable[[Stage], Awaitable[None]]] = {
    story.__name__: story
    for story in (
        outcomes_are_remembered, once_is_committed_before, locks_are_restored,
        turns_of_locks_are_known, changed_steps_are_noticed, changed_records_are_noticed,
        readings_are_kept, lost_folders_are_doubted,
        machines_are_waited_for, what_is_given_up_is_ended, turns_are_in_the_log,
        refuse_lower_epochs, keep_claims, keep_marks, know_folder, know_boot,
        tell_gone,
    )
}  # fmt: skip


def play(name: str, rules: GuardRules | None = None) -> PlaneHarness:
    """Play a rule's story; return what came of it."""
    stage = Stage(rules)
    stage.harness.run(stage.play(STORIES[name]))
    return stage.harness
