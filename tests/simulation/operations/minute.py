"""One simulated minute of operations on a plane under a nemesis, decided by a seed."""

from __future__ import annotations

import dataclasses
import random
from collections import Counter
from typing import TYPE_CHECKING
from unittest import mock

from tests.simulation.operations.clients import WorkingClient
from tests.simulation.operations.graphs import Graphs
from tests.simulation.operations.judging import Judge
from tests.simulation.operations.tenant import ENTITIES, WorkingTenant
from tests.simulation.operations.troubles import Troubles
from tests.simulation.operations.world import World
from tests.simulation.seeds import Verdict

from brookline.operations import taking_up
from brookline.operations.task import KIND, Status
from brookline.testing.harness import QUICK, PlaneHarness, PlaneOptions

if TYPE_CHECKING:
    from brookline.testing.sim_machine import GuardRules
    from brookline.wire.changes import Value

MACHINES = ("m0", "m1")
RAGE_S = 40.0
SETTLE_S = 400.0
"""Longest time from the end of all faults until everything has ended. A command may be minutes late."""
_HELD_S = 5.0
FEW = 2
"""Operations that are taken up at the same time, in some of the minutes."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Worked(Verdict):
    """What came of one seed.

    Attributes:
        ended: How many operations ended, by status; interrupted ones by cause.
        steps: Commands and actions that began.
        waits: How often a step waited for a machine out of reach.
        given_up: How many were given up there, and ended later.
    """

    ended: dict[str, int]
    steps: int
    waits: int
    given_up: int


def options_for(seed: int) -> PlaneOptions:
    """Return what the plane of a seed is like."""
    chance = random.Random(seed)
    names = "abcd"[: chance.choice((2, 2, 3, 4))]
    rates = [chance.uniform(0.85, 1.15) for _ in names]
    settings = dataclasses.replace(
        QUICK, poll_s=chance.choice((0.5, 1.0)), batch_items=chance.choice((1, 2, 1000)),
        write_wait_s=chance.choice((2.0, 4.0)), snapshot_entries=chance.choice((4, 40)),
    )  # fmt: skip
    return PlaneOptions(
        nodes=tuple(names), seed=seed, rates=rates, settings=settings,
        one_machine=chance.random() < 0.3,
    )  # fmt: skip


class Minute:
    """A plane, its machines, those who have work done, and the nemesis."""

    def __init__(self, options: PlaneOptions, rules: GuardRules | None = None) -> None:
        self.harness = harness = PlaneHarness(options)
        self.world = world = World(harness, MACHINES, rules)
        harness.make_tenant = lambda server: WorkingTenant(server, world)
        graphs = Graphs(random.Random(options.seed), MACHINES, ENTITIES)
        self.clients = [WorkingClient(harness, f"c{i}", graphs, pause_s=6.0) for i in range(2)]
        self.people = WorkingClient(harness, "p", graphs, pause_s=0.0)
        self.nemesis = Troubles(world)

    async def pass_by(self) -> None:
        """Let the nemesis rage, then see how everything ends."""
        harness = self.harness
        await self.nemesis.start_all()
        for client in self.clients:
            client.host.begin(client.run())
        self.people.host.begin(self.people.resolve(self.world))
        await self.nemesis.rage(RAGE_S)
        for client in (*self.clients, self.people):
            client.host.kill()
        await self.nemesis.mend()
        # Some requests are still held at a door.
        while await harness.until(self._all_ended, SETTLE_S):
            await harness.sleep(_HELD_S)
            if self._all_ended():
                harness.transcript.note("settled")
                break
        self._check()
        await harness.check_afresh()

    def tasks(self) -> dict[str, Value]:
        """Return the records of all tasks, as the log has them."""
        return dict(self.harness.oracle.records.all(KIND))

    def _all_ended(self) -> bool:
        return all(Status(value["status"]).ended for value in self.tasks().values())

    def _check(self) -> None:
        oracle, tasks = self.harness.oracle, self.tasks()
        for task_id in (one for client in self.clients for one in client.begun):
            if task_id not in tasks:
                oracle.wrong(f"{task_id} was begun for a client, and is not in the log")
        for event in self.harness.transcript:
            if event.text == "task failed" and "task" in dict(event.fields):
                where = str(dict(event.fields)["task"])
                if where.startswith(("operations/", "platform/", "node/")):
                    oracle.wrong(f"{where} failed: {dict(event.fields).get('error')}")
        self._explain(tasks)
        Judge(self.world).judge()

    def _explain(self, tasks: dict[str, Value]) -> None:
        """Say for what those wait that have not ended."""
        leader = self.harness.servers.get(self.harness.master())
        if leader is None or not isinstance(leader.tenant, WorkingTenant):
            return
        for task_id, value in tasks.items():
            task = leader.tenant.built.management.tasks.find(task_id)
            if task is not None and not Status(value["status"]).ended:
                waits = {"task": task_id, "waits": task.waits_for, "shown": task.status.value}
                self.harness.transcript.note("not ended", **waits)


def run_seed(seed: int, rules: GuardRules | None = None) -> Worked:
    """Run one seed."""
    minute = Minute(options_for(seed), rules)
    oracle = minute.harness.oracle
    with mock.patch.object(taking_up, "AT_ONCE", FEW if seed % 8 == 2 else taking_up.AT_ONCE):
        minute.harness.run(minute.pass_by())
    return Worked(
        seed=seed,
        violations=tuple(oracle.violations),
        transcript=str(minute.harness.transcript),
        ended=dict(Counter(map(_end_of, filter(_is_whole, minute.tasks().values())))),
        epochs=oracle.entries[-1].epoch if oracle.entries else 0,
        steps=minute.world.steps,
        waits=sum(event.text == "step waits" for event in minute.harness.transcript),
        given_up=sum(value["name"].startswith("end of ") for value in minute.tasks().values()),
    )


def _is_whole(value: Value) -> bool:
    return not value.get("parent")


def _end_of(value: Value) -> str:
    cause = (value.get("interruption") or {}).get("cause", "")
    return f"{value['status']} {cause}".strip()
