"""One simulated minute of a plane under a nemesis, decided by a seed."""

from __future__ import annotations

import dataclasses
import random
from typing import TYPE_CHECKING

from tests.simulation.models import ANYTHING, model_for
from tests.simulation.nemesis import Nemesis
from tests.simulation.seeds import Verdict

from brookline.journal.rules import ALL_RULES, Rules
from brookline.testing.client_model import Outcome, SimClient
from brookline.testing.harness import QUICK, PlaneHarness, PlaneOptions

if TYPE_CHECKING:
    from tests.simulation.models import StoreModel

    from brookline.testing.sim_server import SimServer

RAGE_S = 42.0
SETTLE_S = 120.0
"""Longest time from the end of all faults until everything must be well again. A cool-down after
failed promotions alone may take a minute."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Written(Verdict):
    """What came of one seed.

    Attributes:
        digest: Hash of the transcript.
        acknowledged: Writes that were.
        store: The kind of store that the plane had.
        entries: In the log.
    """

    digest: str
    acknowledged: int
    entries: int
    store: str


def options_for(seed: int, rules: Rules = ALL_RULES) -> PlaneOptions:
    """Return what the plane of a seed is like."""
    chance = random.Random(seed)
    names = "abcde"[: chance.choice((2, 2, 3, 3, 4, 5))]
    wild = chance.random() < 0.3
    rates = [chance.uniform(0.7, 1.4) if wild else chance.uniform(0.85, 1.15) for _ in names]
    wished = random.Random(f"unreached {seed}").random() < 0.4
    settings = dataclasses.replace(
        QUICK, unreached_s=3.0 if wished else 0.0, poll_s=chance.choice((0.5, 1.0)), batch_items=chance.choice((1, 2, 1000)),
        grace_s=chance.choice((1.0, 3.0)), write_wait_s=chance.choice((2.0, 4.0)),
    )  # fmt: skip
    return PlaneOptions(
        nodes=tuple(names), seed=seed, rules=rules, rates=rates, settings=settings,
        one_machine=chance.random() < 0.3,
    )  # fmt: skip


class Minute:
    """A plane, its clients and its nemesis."""

    def __init__(self, options: PlaneOptions, store: StoreModel = ANYTHING) -> None:
        self.harness = harness = PlaneHarness(options)
        # Counted on clocks whose rates differ by more than half, a lease proves nothing.
        harness.oracle.lease_is_sound = max(options.rates) / min(options.rates) <= 1.5
        self.clients = [
            SimClient(harness, f"c{i}", lists=("x", "y", "z"), pause_s=0.6, keys=i > 0)
            for i in range(3)
        ]
        self.nemesis = Nemesis(harness, self.clients, store)

    async def pass_by(self) -> None:
        """Let the nemesis rage, then see that everything becomes well."""
        await self.begin()
        await self.nemesis.rage(RAGE_S)
        await self.nemesis.mend()
        await self.settle()
        await self.end()

    async def begin(self) -> None:
        """Start servers and clients."""
        self.harness.transcript.note("the store", answers_as=self.nemesis.store.name)
        await self.nemesis.start_all()
        for client in self.clients:
            client.host.begin(client.run())

    async def end(self) -> None:
        """End the clients, and see that everybody agrees."""
        for client in self.clients:
            client.host.kill()
        await self.check()

    async def settle(self) -> None:
        """See that a write is acknowledged through every door."""
        harness = self.harness
        prober = SimClient(harness, "p", lists=("x",), pause_s=0.1)
        deadline = harness.loop.true_time() + SETTLE_S
        for server in harness.servers.values():
            tries = 0
            while harness.loop.true_time() < deadline:
                tries += 1
                request = f"p-{server.name}-{tries}"
                outcome = await prober.host.spawn(prober.write(server, "/lists/x", request))
                if outcome is Outcome.ACKNOWLEDGED:
                    harness.oracle.acknowledged(request)
                    break
                await harness.sleep(0.5)
            else:
                harness.oracle.wrong(f"no write is acknowledged through {server.name} in time")
        harness.transcript.note("settled")

    async def check(self) -> None:
        """See that all nodes, and a fresh reader, agree with the history."""
        harness, oracle = self.harness, self.harness.oracle
        servers = list(harness.servers.values())
        await harness.sleep(4.0)
        if not await harness.until(lambda: all(self.current(s) for s in servers), 20):
            tails = {s.name: s.node.replica.seq if s.node else 0 for s in servers}
            oracle.wrong(f"nodes are not current: {tails} of {oracle.seq}")
        for server in servers:
            if server.node is not None:
                oracle.shown(server.name, server.node.replica.seq, server.node.replica.records)
                if server.node.alarm:
                    oracle.wrong(f"{server.name} has an alarm: {server.node.alarm}")
        await harness.check_afresh()

    def current(self, server: SimServer) -> bool:
        return server.node is not None and server.node.replica.seq == self.harness.oracle.seq


def run_seed(seed: int, rules: Rules = ALL_RULES, store: StoreModel | None = None) -> Written:
    """Run one seed, on the kind of store that it has, or on another one."""
    return written(seed, Minute(options_for(seed, rules), store or model_for(seed)))


def written(seed: int, minute: Minute) -> Written:
    """Let a minute pass by, and return what came of it."""
    harness, oracle = minute.harness, minute.harness.oracle
    harness.run(minute.pass_by())
    return Written(
        seed=seed,
        violations=tuple(oracle.violations),
        transcript=str(harness.transcript),
        digest=harness.transcript.digest(),
        acknowledged=sum(client.acknowledged for client in minute.clients),
        entries=oracle.seq,
        store=minute.nemesis.store.name,
        epochs=oracle.entries[-1].epoch if oracle.entries else 0,
    )
