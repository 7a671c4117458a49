"""The nemesis: does to a plane, at random times, all that can happen to one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.simulation.models import ANYTHING

from brookline.errors import BrooklineError
from brookline.plane.states import Mode
from brookline.stores.faults import Fate
from brookline.testing.host import Run
from brookline.testing.network import NetworkOdds
from brookline.testing.planned import Plan
from brookline.testing.sim_peers import Nudge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from tests.simulation.models import StoreModel

    from brookline.plane.node import PlaneNode
    from brookline.testing.client_model import SimClient
    from brookline.testing.harness import PlaneHarness
    from brookline.testing.host import Host
    from brookline.testing.sim_server import SimServer


class Nemesis:
    """Faults, each with its beginning and its end."""

    def __init__(
        self, harness: PlaneHarness, clients: list[SimClient], store: StoreModel = ANYTHING
    ) -> None:
        self.harness = harness
        self.random = harness.random
        self.clients = clients
        self.over = False
        self.store = store
        self.calm_network = NetworkOdds(latency_s=0.001)
        self.faults: list[tuple[int, Callable[[SimServer], Coroutine[Any, Any, None]]]] = [
            (6, self.kill), (2, self.power_cut), (6, self.stop), (2, self.sleep), (2, self.freeze),
            (2, self.end), (3, self.store_down), (3, self.store_out_of_reach),
            (4, self.store_storm), (3, self.cut), (3, self.network_storm), (3, self.false_death),
            (4, self.slow_request), (3, self.slow_fence), (1, self.forge), (1, self.jump),
            (2, self.switchover), (2, self.mode), (1, self.rank), (2, self.isolate),
        ]  # fmt: skip

    async def start_all(self) -> None:
        """Start the servers, not all at once, on a store and a network that are calm."""
        self.harness.faults.odds = self.store.calm
        self.harness.network.odds = self.calm_network
        for server in self.harness.servers.values():
            server.start()
            await self.pass_up_to(1.0)

    async def rage(self, until_s: float) -> None:
        """Begin faults until it is time to stop; several may go on at once."""
        async with asyncio.TaskGroup() as group:
            while (now := self.harness.loop.true_time()) < until_s:
                fault = self.random.choices(
                    [fault for _, fault in self.faults], [weight for weight, _ in self.faults]
                )[0]
                servers = list(self.harness.servers.values())
                group.create_task(fault(self.random.choice(servers)))
                await self.harness.sleep(min(self.up_to(3), until_s - now + 0.001))
            self.over = True

    async def mend(self) -> None:
        """End all faults, and start what is dead."""
        harness = self.harness
        harness.transcript.note("all faults end")
        harness.faults.mend()
        harness.faults.odds = self.store.calm
        harness.network.odds = self.calm_network
        harness.network.mend()
        for server in harness.servers.values():
            if server.host is not None and server.host.run not in {Run.RUNNING, Run.DEAD}:
                self.resume(server, 0.0)
            if not server.lives:
                server.start()
            # One that stood still when it was to be electable again was not asked then.
            self.ask(server, "mode AUTO", lambda node: node.set_mode(Mode.AUTO, "admin"))

    # --- processes -------------------------------------------------------------------------

    async def kill(self, server: SimServer) -> None:
        if server.host is None or not server.lives:
            return
        if self.random.random() < 0.5:
            server.crash()
        else:
            self.harness.transcript.note("kill -9 after some steps", server=server.name)
            server.host.after(self.random.randrange(1, 60), server.host.kill)
            await self.harness.sleep(0.5)
            if server.lives:
                server.crash()
        await self.again_after(server, 6)

    async def power_cut(self, server: SimServer) -> None:
        if server.lives:
            server.crash(silent=True)
            await self.again_after(server, 12)

    async def end(self, server: SimServer) -> None:
        if server.host is not None and server.node is not None and server.host.run is Run.RUNNING:
            host = server.host
            server.end()
            await self.harness.until(lambda: host.run is Run.DEAD, 15)
            if server.host is host and server.lives:
                server.crash()
            await self.again_after(server, 4)

    async def again_after(self, server: SimServer, seconds: float) -> None:
        await self.pass_up_to(seconds)
        if not server.lives and not self.over:
            self.harness.transcript.note("start", server=server.name)
            server.start()

    async def stop(self, server: SimServer) -> None:
        await self.pause(server, "stop", 16)

    async def sleep(self, server: SimServer) -> None:
        await self.pause(server, "sleep", 12)

    async def freeze(self, server: SimServer) -> None:
        self.harness.oracle.lease_is_sound = False  # no clock shows such a pause
        await self.pause(server, "freeze", 12)

    async def pause(self, server: SimServer, how: str, seconds: float) -> None:
        host = server.host
        if host is None or host.run is not Run.RUNNING:
            return
        if self.random.random() >= 0.5 or not await self.between_steps(host, getattr(host, how)):
            if host.run is not Run.RUNNING:
                return
            getattr(host, how)()
        self.harness.transcript.note(how, server=server.name)
        began = self.harness.loop.true_time()
        await self.pass_up_to(seconds)
        if host is server.host:
            self.resume(server, began if how != "freeze" else None)

    def resume(self, server: SimServer, began: float | None) -> None:
        """Go on; what was sent to a process that stood still too long must not be done any more."""
        harness = self.harness
        if server.host is None or server.host.run in {Run.RUNNING, Run.DEAD}:
            return
        frozen = server.host.run is Run.FROZEN
        harness.transcript.note("goes on", server=server.name)
        server.host.resume()
        if began is None or frozen:
            return
        stood_s = (harness.loop.true_time() - began) * server.clock.rate
        if began and stood_s > harness.options.settings.write_wait_s:
            for client in self.clients:
                for request in client.sent_to(server.name, began):
                    harness.oracle.not_done(request, f"was sent to {server.name} while it slept")

    # --- the store -------------------------------------------------------------------------

    async def store_down(self, _: SimServer) -> None:
        self.harness.transcript.note("the store is down")
        self.harness.faults.down = True
        await self.pass_up_to(9)
        self.harness.faults.down = False

    async def store_out_of_reach(self, server: SimServer) -> None:
        faults = self.harness.faults
        which = faults.unreachable if self.random.random() < 0.5 else faults.unheard
        handles = {server.name, f"{server.name}/heart"}
        if self.random.random() < 0.3:
            handles = {self.random.choice(sorted(handles))}
        how = "is out of reach of" if which is faults.unreachable else "is not heard by"
        self.harness.transcript.note(f"the store {how}", handles=sorted(handles))
        which |= handles
        await self.pass_up_to(10)
        which -= handles

    async def slow_request(self, server: SimServer) -> None:
        """Let the next request of some kind land late, whoever waits for it and for however long."""
        operation, prefix = self.random.choice((
            ("create", "journal/"), ("create", "journal/"), ("create", "snapshot/"),
            ("create", "blob/"), ("delete", "blob/"), ("delete", "journal/"), ("put", "node/"),
        ))  # fmt: skip
        lands_s, heard = self.random.choice((1.0, 8.0, 20.0)), self.random.random() < 0.5
        fate = Fate(lands_s, heard=heard, gives_up_s=min(lands_s, 1.0))
        note = f"the next {operation} of {prefix} lands late"
        self.harness.transcript.note(note, server=server.name, after_s=lands_s, heard=heard)
        handle = f"{server.name}/heart" if prefix == "node/" else server.name
        plan = Plan(handle=handle, operation=operation, prefix=prefix, fate=fate)
        self.harness.faults.plan(plan)

    async def slow_fence(self, server: SimServer) -> None:
        """Let the master seem gone to a node whose fence then takes so long that slots are reused."""
        master = self.harness.servers.get(self.harness.master())
        if master is None or master is server:
            return
        fate = Fate(6.0 + self.up_to(20.0), heard=True)
        plan = Plan(handle=server.name, operation="create", prefix="journal/", fate=fate)
        self.harness.transcript.note("the next fence lands late", server=server.name)
        self.harness.faults.plan(plan)
        await self.false_death(master, fate.lands_s)

    async def store_storm(self, _: SimServer) -> None:
        odds = self.store.storm(self.random)
        self.harness.transcript.note("a storm over the store")
        self.harness.faults.odds = odds
        await self.pass_up_to(10)
        if self.harness.faults.odds is odds:
            self.harness.faults.odds = self.store.calm

    # --- the network -----------------------------------------------------------------------

    async def cut(self, server: SimServer) -> None:
        others = [s for s in self.harness.servers.values() if s is not server and s.host]
        if server.host is None or not others:
            return
        other = self.random.choice(others)
        assert other.host is not None
        self.harness.transcript.note("cut", way=f"{server.name}->{other.name}")
        self.harness.network.cut(server.host, other.host)
        if self.random.random() < 0.5:
            self.harness.network.cut(other.host, server.host)
        await self.pass_up_to(12)
        self.harness.network.mend()

    async def isolate(self, server: SimServer) -> None:
        """Let no node reach one that reaches the store, nor it any of them."""
        others = [s for s in self.harness.servers.values() if s is not server and s.host]
        if server.host is None:
            return
        self.harness.transcript.note("no node reaches", server=server.name)
        for other in others:
            assert other.host is not None
            self.harness.network.cut(server.host, other.host)
            self.harness.network.cut(other.host, server.host)
        await self.pass_up_to(20)
        self.harness.network.mend()

    async def network_storm(self, _: SimServer) -> None:
        odds = NetworkOdds(
            latency_s=self.random.choice((0.001, 0.02, 0.2)), slow=self.up_to(0.1), slow_s=self.random.choice((5.0, 90.0)),
            reset=self.up_to(0.1), refused=self.up_to(0.1), hint_lost=self.up_to(0.8),
            hint_again=self.up_to(0.5), hint_late_s=self.random.choice((0.01, 5.0)),
        )  # fmt: skip
        self.harness.transcript.note("a storm over the network")
        self.harness.network.odds = odds
        await self.pass_up_to(10)
        if self.harness.network.odds is odds:
            self.harness.network.odds = self.calm_network

    async def false_death(self, server: SimServer, lasts_s: float = 3.0) -> None:
        """Break all connections of a living server, and let others seem to be refused there."""
        if server.host is None or not server.lives:
            return
        self.harness.transcript.note("seems to be gone", server=server.name)
        for other in self.harness.servers.values():
            if other is not server:
                self.harness.network.lies.add((other.name, server.name))
        self.harness.network.break_connections(server.host)
        await self.pass_up_to(lasts_s)
        self.harness.network.lies.clear()

    async def forge(self, server: SimServer) -> None:
        self.harness.transcript.note("forged hints", to=server.name)
        for _ in range(self.random.randrange(1, 10)):
            self.harness.network.forge(server.address, Nudge())
            await self.pass_up_to(0.2)

    # --- clocks and administrators -------------------------------------------------------------

    async def jump(self, server: SimServer) -> None:
        seconds = self.random.choice((-86_400, -30, 30, 86_400))
        self.harness.transcript.note("the wall clock jumps", server=server.name, seconds=seconds)
        server.clock.jump_wall(seconds)

    async def switchover(self, server: SimServer) -> None:
        self.ask(server, "switchover", lambda node: node.switchover(user="admin"))

    async def mode(self, server: SimServer) -> None:
        mode = self.random.choice((Mode.MASTER, Mode.HOT_BACKUP, Mode.STANDBY, Mode.HOT_STANDBY))
        self.ask(server, f"mode {mode.value}", lambda node: node.set_mode(mode, "admin"))
        await self.pass_up_to(12)
        self.ask(server, "mode AUTO", lambda node: node.set_mode(Mode.AUTO, "admin"))

    async def rank(self, server: SimServer) -> None:
        priority = self.random.randrange(-2, 3)
        self.ask(server, f"priority {priority}", lambda node: node.set_priority(priority))

    def ask(
        self, server: SimServer, what: str, how: Callable[[PlaneNode], Awaitable[object]]
    ) -> None:
        """Ask something of a node, as an administrator does; it may refuse."""
        host, node = server.host, server.node
        if host is None or node is None or host.run is not Run.RUNNING or not node.plane_id:
            return
        self.harness.transcript.note(what, server=server.name)

        async def asking() -> None:
            try:
                await how(node)
            except BrooklineError as error:
                self.harness.transcript.note(f"{what} was refused", why=error.message)

        host.begin(asking(), what)

    # --- chance ----------------------------------------------------------------------------

    def up_to(self, longest: float) -> float:
        return longest * self.random.random()

    async def between_steps(self, host: Host, fate: Callable[[], None]) -> bool:
        """Let something happen to a host between two of its next steps, if they come soon."""
        chances = [fate]
        host.after(self.random.randrange(1, 60), lambda: chances.pop()() if chances else None)
        happened = await self.harness.until(lambda: not chances, 0.5)
        chances.clear()
        return happened

    async def pass_up_to(self, seconds: float) -> None:
        await self.harness.sleep(self.up_to(seconds))
