"""One story for each protective rule: what befalls a plane that does not heed it.

The same things happen to a plane that heeds all rules, and nothing is wrong with it afterwards.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from tests.simulation.pair import Pair

from brookline.journal.queue import Decision
from brookline.journal.rules import ALL_RULES, Rules
from brookline.journal.sealing import MOST_BYTES
from brookline.stores.faults import NEVER, Fate, Odds
from brookline.testing.client_model import Outcome, SimClient
from brookline.testing.harness import QUICK, PlaneHarness
from brookline.testing.planned import Plan
from brookline.wire.changes import Put

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from brookline.journal.records import View
    from brookline.journal.standing import Standing

ENTRIES = "journal/"


class Stage(Pair):
    """A plane of two servers, of which a leads and b stands by, and a client."""

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules=rules, settings=dataclasses.replace(QUICK, batch_items=1))
        self.client = SimClient(self.harness, "c", lists=("x",), pause_s=0.1)
        self.client.patience_s = (30.0,)
        self._count = 0

    async def play(self, story: Callable[[Stage], Awaitable[None]]) -> None:
        await self.begin_leading()
        await story(self)

    def begin(self, to: str) -> asyncio.Task[Outcome]:
        """Begin to write one item."""
        self._count += 1
        return self.client.host.spawn(self._write(to, f"item-{self._count}"))

    async def write(self, to: str, count: int = 1, each_s: float = 0.0) -> None:
        """Write some items, one after the other."""
        for _ in range(count):
            await self.begin(to)
            await self.pass_by(each_s)

    async def collect(self, by: str) -> None:
        """Have a master write until snapshots were taken and what is before them is collected."""
        await self.write(by, count=24, each_s=0.4)
        await self.pass_by(QUICK.grace_s + 2)

    def delay(self, operation: str, prefix: str, seconds: float, *, heard: bool, by: str) -> None:
        """Let the next request of some kind land late."""
        fate = Fate(seconds, heard=heard, gives_up_s=min(seconds, 1.0))
        plan = Plan(handle=by, operation=operation, prefix=prefix, fate=fate)
        self.harness.faults.plan(plan)

    def seem_gone(self) -> None:
        """Let b be refused at a, and the line to it break, though a lives."""
        self.harness.network.lies.add(("b", "a"))
        assert self.a.host is not None
        self.harness.network.break_connections(self.a.host)

    async def _write(self, to: str, request: str) -> Outcome:
        outcome = await self.client.write(self.harness[to], "/lists/x", request)
        self.client.learn(request, outcome)
        return outcome


async def keep_fences(stage: Stage) -> None:
    # An append of a takes half a minute. b takes over in the same slot, and collects it.
    stage.delay("create", ENTRIES, 30.0, heard=True, by="a")
    late = stage.begin("a")
    await stage.harness.until(stage.b.leads)
    await stage.collect("b")
    await stage.harness.until(lambda: stage.harness.loop.true_time() > 36)
    await late
    # The append has landed. Does a believe that it still leads?
    await stage.write("a")


async def validate_after_fence(stage: Stage) -> None:
    # b believes that a is gone, but its fence takes a quarter of a minute.
    stage.delay("create", ENTRIES, 25.0, heard=True, by="b")
    stage.seem_gone()
    # a goes on, takes snapshots, and collects the slot in which the fence will land.
    await stage.collect("a")
    await stage.pass_by(12)
    await stage.write("b")


async def one_append_in_flight(stage: Stage) -> None:
    stage.delay("create", ENTRIES, 2.0, heard=True, by="a")
    first, second = stage.begin("a"), stage.begin("a")
    await second
    await first


async def same_bytes_on_undecided(stage: Stage) -> None:
    # The append lands after its caller was told that it could not be sent.
    stage.delay("create", ENTRIES, QUICK.write_wait_s + 1, heard=False, by="a")
    for _ in range(5):
        stage.delay("create", ENTRIES, NEVER, heard=False, by="a")
    await stage.write("a")
    await stage.pass_by(5)


async def lease_stops_side_effects(stage: Stage) -> None:
    # a does not reach the store any more, but the world that it acts in.
    stage.harness.faults.unreachable |= {"a", "a/heart"}
    await stage.harness.until(stage.b.leads)
    await stage.pass_by(QUICK.timeout_s + 2)


async def immutable_snapshots(stage: Stage) -> None:
    # A plane without this rule has a pointer to the newest snapshot. A write of it comes twice,
    # the second time when the entries behind that snapshot are collected.
    twice = Fate(again_s=8.0)
    plan = Plan(handle="a", operation="put", prefix="snapshot/", fate=twice)
    stage.harness.faults.plan(plan)
    await stage.write("a", count=14, each_s=0.4)
    await stage.pass_by(8)


async def deletes_cannot_hit(stage: Stage) -> None:
    await commit_large(stage)
    await stage.write("a", count=5)
    await stage.harness.until(lambda: len(standing(stage).snapshots) == 1)
    await stage.write("a", count=5)
    await stage.harness.until(lambda: standing(stage).collect is not None)
    # What was announced for collection is written once more, before it is deleted.
    await commit_large(stage)
    await stage.pass_by(QUICK.grace_s + 3)


async def close_connections_after_stop(stage: Stage) -> None:
    assert stage.a.host is not None
    stage.a.host.stop()
    stage.client.patience_s = (1.0,)
    await stage.write("a")
    await stage.pass_by(QUICK.write_wait_s)
    stage.harness.oracle.not_done("item-1", "was sent to a while it was stopped")
    stage.a.host.resume()
    await stage.pass_by(2)


async def not_done_only_when_unsent(stage: Stage) -> None:
    stage.delay("create", ENTRIES, QUICK.write_wait_s + 1, heard=True, by="a")
    await stage.write("a")
    await stage.pass_by(3)


async def decisions_see_append_in_flight(stage: Stage) -> None:
    stage.harness.faults.odds = Odds(travel_s=0.5)
    writes = []
    for _ in range(3):
        writes.append(stage.begin("a"))
        await stage.pass_by(0.1)
    for write in writes:
        await write


async def requests_are_remembered(stage: Stage) -> None:
    # a dies when it has done what a client of b wants, before it can say so.
    stage.harness.faults.odds = Odds(travel_s=0.5)
    write = stage.begin("b")
    await stage.harness.until(lambda: stage.harness.oracle.is_done("item-1"))
    stage.a.crash()
    stage.harness.faults.odds = Odds()
    assert await write is Outcome.ACKNOWLEDGED


async def confirm_heartbeats(stage: Stage) -> None:
    # b takes over from a, which lives, but has nothing to append and so does not learn of it.
    stage.seem_gone()
    await stage.harness.until(stage.b.leads)
    await stage.pass_by(QUICK.timeout_s + 2)


STORIES: dict[str, Callable[[Stage], Awaitable[None]]] = {
    story.__name__: story
    for story in (
        keep_fences, validate_after_fence, one_append_in_flight, same_bytes_on_undecided,
        lease_stops_side_effects, immutable_snapshots, deletes_cannot_hit,
        close_connections_after_stop, not_done_only_when_unsent, decisions_see_append_in_flight,
        requests_are_remembered, confirm_heartbeats,
    )
}  # fmt: skip


def standing(stage: Stage) -> Standing:
    assert stage.a.node is not None
    return stage.a.node.replica.standing


async def commit_large(stage: Stage) -> None:
    """Have a commit a value whose payload goes to a blob, always the same bytes."""
    node, host = stage.a.node, stage.a.host
    assert node is not None
    assert host is not None

    def decide(_: View) -> Decision:
        return Decision([Put("big", "x", {"text": "x" * (MOST_BYTES + 1)})])

    await host.spawn(node.commit(decide))


def play(name: str, *, heeded: bool) -> PlaneHarness:
    """Play a rule's story on a plane that heeds it, or does not; return what came of it."""
    rules = ALL_RULES if heeded else dataclasses.replace(ALL_RULES, **{name: False})
    stage = Stage(rules)

    async def whole() -> None:
        await stage.play(STORIES[name])
        await stage.harness.check_afresh()

    stage.harness.run(whole())
    return stage.harness
