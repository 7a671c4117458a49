"""A simulated server: a home on a machine, and the process that runs there now, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from brookline.errors import BrooklineError, StoreError
from brookline.plane.heart import LocalPulse
from brookline.plane.identity import Identity
from brookline.plane.node import PlaneNode
from brookline.plane.states import Mode
from brookline.plane.tenant import Tenant
from brookline.testing import sim_peers
from brookline.testing.clock import SimClock
from brookline.testing.host import Run

if TYPE_CHECKING:
    from brookline.plane.peers import Reply, Request
    from brookline.testing.harness import PlaneHarness
    from brookline.testing.host import Host
    from brookline.testing.network import Listener
    from brookline.wire.heartbeats import Heartbeat


class SimTenant(Tenant, Protocol):
    """What lives on a simulated server: a tenant that carries out requests, too."""

    def plug(self, node: PlaneNode) -> None:
        """Take note of the node on which it lives, before that starts."""
        ...

    async def execute(self, request: Request) -> Reply:
        """Carry out a request."""
        ...

    def items(self, name: str) -> list[str]:
        """Return what a client reads."""
        ...


class SimServer:
    """One server of a plane.

    Attributes:
        name: Persistent name of its node, and part of its address.
        clock: Of its machine.
        host: Its process, or the last one; None before the first start.
        node: What runs in it.
        tenant: What lives on it.
        instance: Id of the process that has the home's lock, or had it last.
    """

    def __init__(self, harness: PlaneHarness, name: str, rate: float) -> None:
        self.name = name
        self.address = f"http://{name}"
        self.host: Host | None = None
        self.node: PlaneNode | None = None
        self.tenant: SimTenant | None = None
        self.instance = ""
        self._harness = harness
        self._starts = 0
        self._boots = 0
        # Some machines have slept before the story begins.
        asleep_s = round(1000 * harness.random.random())
        self.clock = SimClock(
            harness.loop.true_time, rate=rate, monotonic_s=1000.0, asleep_s=asleep_s
        )

    @property
    def boot(self) -> str:
        """Id of the machine's boot."""
        machine = "one" if self._harness.options.one_machine else self.name
        return f"boot-{machine}-{self._boots}"

    @property
    def lives(self) -> bool:
        """Whether a process has the home's lock, running or not."""
        return self.host is not None and self.host.run is not Run.DEAD

    def leads(self) -> bool:
        """Tell whether the node says at this moment that it leads."""
        return self.lives and self.node is not None and self.node.leads()

    def start(self, mode: Mode = Mode.AUTO) -> None:
        """Start a process on this home."""
        assert not self.lives, f"{self.name} runs already"
        former, self._starts = self.instance, self._starts + 1
        self.instance = f"{self.name}{self._starts}"
        self.host = self._harness.loop.host(self.name, self.clock)
        identity = Identity(
            instance=self.instance, name=self.name, home=f"home-{self.name}", former=former,
            home_path=f"/srv/{self.name}", boot=self.boot, host=self.name, address=self.address,
            uri=self.address + "/", version="1.0.0", pid=self._starts,
        )  # fmt: skip
        self.host.call(self._begin, self.host, identity, mode)

    def crash(self, *, silent: bool = False) -> None:
        """Kill the process; `silent` if the whole machine dies, and boots before the next start."""
        assert self.host is not None
        self._harness.transcript.note("power cut" if silent else "kill -9", server=self.name)
        self.host.kill(silent=silent)
        if silent:
            self._boots += 1

    def end(self) -> None:
        """Ask the process to end, as by SIGTERM: it hands over and exits."""
        assert self.host is not None
        assert self.node is not None
        self._harness.transcript.note("kill -TERM", server=self.name)
        self.host.begin(self._end(self.host, self.node), "end")

    # --- in the process's name ---------------------------------------------------------------

    def _begin(self, host: Host, identity: Identity, mode: Mode) -> None:
        harness, options = self._harness, self._harness.options
        self.tenant = harness.make_tenant(self)
        peers = sim_peers.SimPeers(
            harness.network, self.clock, randomness=harness.random, proved_dead=self._proved_dead
        )
        pulse = LocalPulse(
            harness.store(f"{self.name}/heart"), self.clock, poll_s=options.settings.poll_s,
            rules=options.rules,
        )  # fmt: skip
        self.node = node = PlaneNode(
            harness.store(self.name), peers, clock=self.clock, randomness=harness.random,
            identity=identity, settings=options.settings, tenant=self.tenant, pulse=pulse,
            mode=mode, rules=options.rules,
        )  # fmt: skip
        self.tenant.plug(node)
        node.door.execute = self.tenant.execute
        listener = harness.network.listen(
            self.address, sim_peers.server(node, self.tenant.items), lambda _: node.nudge()
        )
        if options.rules.close_connections_after_stop:
            listener.before_read = _Standstill(
                host, listener, node, limit_s=options.settings.write_wait_s
            )
        host.begin(self._live(host, node), "live")

    async def _live(self, host: Host, node: PlaneNode) -> None:
        while True:
            try:
                await node.start()
            except StoreError as error:
                self._harness.transcript.note("waits for the store", why=error.message)
                await self.clock.sleep(self._harness.options.settings.poll_s)
            except BrooklineError as error:
                self._harness.transcript.note("does not start", why=error.message)
                host.kill()
                return
            else:
                break
        failure = await node.failed()
        self._harness.transcript.note("cannot go on", why=str(failure))
        if not isinstance(failure, BrooklineError):
            self._harness.oracle.wrong(f"{self.name} failed: {failure!r}")
        host.kill()

    async def _end(self, host: Host, node: PlaneNode) -> None:
        await node.stop()
        self._harness.transcript.note("exits")
        host.kill()

    def _proved_dead(self, heartbeat: Heartbeat) -> bool:
        """Look at the home's lock, as far as it is on this machine."""
        if heartbeat.boot != self.boot:
            return False
        for other in self._harness.servers.values():
            if heartbeat.home_path == f"/srv/{other.name}":
                return other.instance == heartbeat.instance and not other.lives
        return False


class _Standstill:
    """Closes everything when the process stood still for longer than clients wait."""

    def __init__(self, host: Host, listener: Listener, node: PlaneNode, *, limit_s: float) -> None:
        self._clock = host.clock
        self._listener = listener
        self._door = node.door
        self._limit_s = limit_s
        self._ran = self._clock.boottime()
        host.begin(self._tick(), "ticks")

    def __call__(self) -> None:
        now = self._clock.boottime()
        stood_s, self._ran = now - self._ran, now
        if stood_s > self._limit_s:
            self._listener.close_all()
            self._door.stand_still()

    async def _tick(self) -> None:
        while True:
            self()
            await self._clock.sleep(self._limit_s / 4)
