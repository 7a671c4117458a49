"""A nemesis that befalls machines, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.nemesis import Nemesis

from brookline.testing.sim_link import Link, MachineOdds

if TYPE_CHECKING:
    from tests.simulation.operations.world import World

    from brookline.testing.sim_machine import SimMachine
    from brookline.testing.sim_server import SimServer


class Troubles(Nemesis):
    """All that can happen to a plane, and to the machines on which it acts."""

    def __init__(self, world: World) -> None:
        super().__init__(world.harness, [])
        self.world = world
        self.faults += [
            (5, self.machine_storm), (5, self.out_of_reach), (1, self.reboot), (1, self.reset),
            (1, self.lose_folder),
        ]  # fmt: skip

    async def machine_storm(self, _: SimServer) -> None:
        machine = self.chosen()
        odds = MachineOdds(
            travel_s=self.random.choice((0.01, 0.1, 0.8)), late=self.up_to(0.3),
            late_s=self.random.choice((3.0, 20.0, 90.0)), lost=self.up_to(0.1), cut=self.up_to(0.3),
        )  # fmt: skip
        self.harness.transcript.note("a storm on the way to", machine=machine.name)
        machine.odds = odds
        await self.pass_up_to(12)
        if machine.odds is odds:
            machine.odds = MachineOdds()

    async def out_of_reach(self, _: SimServer) -> None:
        """Cut a machine off, often for longer than anybody tries to reach it at a stretch."""
        machine = self.chosen()
        link = self.random.choice((Link.DOWN, Link.DOWN, Link.DEAF, Link.SILENT))
        self.harness.transcript.note("out of reach", machine=machine.name, how=link.value)
        machine.cut(link)
        await self.pass_up_to(self.random.choice((5, 15, 40)))
        self.harness.transcript.note("in reach again", machine=machine.name)
        machine.cut(Link.UP)

    async def reboot(self, _: SimServer) -> None:
        machine = self.chosen()
        self.harness.transcript.note("boots", machine=machine.name)
        self.world.reboot(machine)

    async def reset(self, _: SimServer) -> None:
        machine = self.chosen()
        self.harness.transcript.note("is set back", machine=machine.name)
        self.world.reset(machine)

    async def lose_folder(self, _: SimServer) -> None:
        machine = self.chosen()
        self.harness.transcript.note("loses the folder of its guard", machine=machine.name)
        self.world.lose_folder(machine)

    async def jump(self, server: SimServer) -> None:
        self.world.jumped = True
        await super().jump(server)

    async def mend(self) -> None:
        for machine in self.world.machines.values():
            machine.odds = MachineOdds()
            machine.cut(Link.UP)
        await super().mend()

    def chosen(self) -> SimMachine:
        return self.random.choice(list(self.world.machines.values()))
