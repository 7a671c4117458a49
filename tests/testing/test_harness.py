from __future__ import annotations

from brookline.errors import StoreError
from brookline.plane.states import Mode
from brookline.stores.faults import NEVER, Fate
from brookline.testing.client_model import Outcome, SimClient
from brookline.testing.harness import PlaneHarness, PlaneOptions
from brookline.testing.host import Run
from brookline.testing.planned import Plan


def test_a_plane_elects_a_master_and_writes():
    harness = PlaneHarness(PlaneOptions(nodes=("a", "b"), seed=1))
    client = SimClient(harness, "c", lists=("x",), pause_s=0.1)
    outcomes = []

    async def story():
        harness["a"].start()
        assert await harness.until(harness.master)
        harness["b"].start()
        await harness.sleep(3)
        for name in "ab":
            writing = client.write(harness[name], "/lists/x", f"through-{name}")
            outcomes.append(await client.host.spawn(writing))
        await harness.check_afresh()

    harness.run(story())
    assert outcomes == [Outcome.ACKNOWLEDGED, Outcome.ACKNOWLEDGED]
    assert harness.oracle.items("x") == ["through-a", "through-b"]
    assert [server.name for server in harness.living()] == ["a", "b"]
    assert not harness.oracle.violations


def test_what_is_waited_for_in_vain_is_told():
    harness = PlaneHarness(PlaneOptions(nodes=("a",)))
    answers = []

    async def story():
        answers.append(await harness.until(lambda: False, 5))

    harness.run(story())
    assert answers == [False]
    assert harness.loop.true_time() >= 5


def test_a_plan_is_for_one_request():
    harness = PlaneHarness(PlaneOptions(nodes=("a",)))
    met, seen = [], []

    async def story():
        store = harness.store("s")
        plan = Plan(
            handle="s",
            operation="get",
            prefix="journal/",
            fate=Fate(NEVER, heard=False, gives_up_s=2.0),
            met=lambda: met.append(harness.loop.true_time()),
        )
        harness.faults.plan(plan)
        await store.get("plane")
        for _ in range(2):
            try:
                await store.get("journal/1")
            except StoreError as error:
                seen.append(error.message)

    harness.run(story())
    assert met == [0.0]
    assert seen == ["cannot get journal/1: the store did not answer"]
    assert harness.loop.true_time() == 2.0


def test_a_node_that_must_not_start_does_not():
    harness = PlaneHarness(PlaneOptions(nodes=("a",)))

    async def story():
        harness["a"].start(Mode.HOT_BACKUP)
        await harness.sleep(3)

    harness.run(story())
    assert harness["a"].host.run is Run.DEAD
    assert "does not start" in str(harness.transcript)
