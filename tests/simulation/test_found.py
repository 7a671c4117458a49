"""What seeds have found, each told once more on purpose."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses

import pytest

from brookline.errors import BrooklineError
from brookline.stores.faults import Fate
from brookline.testing.client_model import Outcome, SimClient
from brookline.testing.harness import QUICK, PlaneHarness, PlaneOptions
from brookline.testing.network import NetworkOdds
from brookline.testing.planned import Plan


def plane(*nodes, **settings):
    options = PlaneOptions(nodes=nodes, settings=dataclasses.replace(QUICK, **settings))
    harness = PlaneHarness(options)
    harness.network.odds = NetworkOdds(latency_s=0.0, hint_late_s=0.0)
    return harness


async def started(harness):
    """Start all nodes, of which the first leads."""
    for server in harness.servers.values():
        server.start()
        await harness.until(harness.master)
    await harness.sleep(4)


def told(harness, story):
    harness.run(story())
    assert not harness.oracle.violations, str(harness.transcript)
    return harness


@pytest.mark.parametrize("later", [0.05, 0.25, 0.45, 0.65, 0.85])
def test_masters_that_come_and_go_wait_for_the_lease_of_one_replaced_on_a_guess(later):
    # b takes over from a, which lives, and resigns at once; c follows b, and not on a guess.
    harness = plane("a", "b", "c")

    async def story():
        await started(harness)
        await harness.sleep(later)
        for other in "bc":
            harness.network.lies.add((other, "a"))
        harness.network.break_connections(harness["a"].host)
        await harness.until(harness["b"].leads)
        harness["b"].end()
        await harness.until(harness["c"].leads)
        await harness.sleep(QUICK.timeout_s + 2)

    told(harness, story)
    assert harness.oracle.entries[-1].epoch == 3


def test_a_heartbeat_that_lands_after_its_process_died_is_no_copy_of_its_home():
    harness = plane("a", "b")

    async def story():
        await started(harness)
        late, sent = Fate(4.0, heard=False, gives_up_s=0.5), asyncio.Event()
        plan = Plan(handle="b/heart", operation="put", prefix="node/", fate=late, met=sent.set)
        harness.faults.plan(plan)
        await sent.wait()
        harness["b"].crash(silent=True)
        # A start that never beats, so that the next one does not know of the one that did.
        harness.faults.down = True
        harness["b"].start()
        await harness.sleep(2)
        harness["b"].crash(silent=True)
        harness.faults.down = False
        harness["b"].start()
        await harness.sleep(10)

    told(harness, story)
    assert harness["b"].node.readable


def test_a_hand_over_that_cannot_resign_leaves_somebody_to_lead():
    harness = plane("a", "b")
    client = SimClient(harness, "c", lists=("x",), pause_s=0.1)

    async def switch_over():
        with contextlib.suppress(BrooklineError):
            await harness["a"].node.switchover(user="admin")

    async def story():
        await started(harness)
        # A write is on its way for ever, and so nothing behind it can be sent.
        harness.faults.unheard.add("a")
        client.host.begin(client.run())
        await harness.sleep(0.2)
        harness["a"].host.begin(switch_over())
        await harness.sleep(QUICK.write_wait_s + 1)
        harness.faults.mend()
        await harness.sleep(QUICK.timeout_s)
        client.host.kill()
        for server in harness.servers.values():
            other = SimClient(harness, f"d-{server.name}", lists=("x",), pause_s=0.1)
            written = other.host.spawn(other.write(server, "/lists/x", f"last-{server.name}"))
            assert await written is Outcome.ACKNOWLEDGED

    told(harness, story)


@pytest.mark.parametrize("later", [0.2, 0.7, 1.2, 1.7])
def test_a_write_at_the_door_of_a_node_that_takes_over_from_a_dead_machine_is_done(later):
    harness = plane("a", "b", write_wait_s=10.0)
    client = SimClient(harness, "c", lists=("x",), pause_s=0.1)
    client.patience_s = (30.0,)

    async def story():
        await started(harness)
        harness["a"].crash(silent=True)
        await harness.sleep(later)
        written = client.host.spawn(client.write(harness["b"], "/lists/x", "milk"))
        assert await written is Outcome.ACKNOWLEDGED

    told(harness, story)
