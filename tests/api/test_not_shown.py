"""Activities at nodes that show nothing of the plane's state: not now, and never "there is none"."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest
from tests.api.conftest import PLAN
from tests.api.house import until
from tests.api.test_events_tasks import invoke, stream, take

from brookline.api.following import found
from brookline.errors import NotFound, Outcome, Unavailable
from brookline.plane.states import Mode, NodeState

READS = (
    "/activities",
    "/activities?running=true",
    "/activities/{task}",
    "/activities/{task}?timeout=20s",
    "/activities/{task}/children",
    "/activities/{task}/children/recurse",
    "/activities/{task}/stream/stdout",
    "/activities/none",
)


@pytest.fixture
async def dwelling(make):
    """A master, a cold standby that has all of the log, and a task that runs until it is cancelled."""
    master = await (await make()).leads()
    cold = await make(mode=Mode.STANDBY)
    await until(lambda: cold.node.state is NodeState.STANDBY and cold.node.master())
    app = await master.deploy(PLAN)
    task = await invoke(master, app, "dwell")
    await until(lambda: cold.node.replica.records.get("task", task))
    return master, cold, task


async def hot(house):
    """Have a node show the records; returns once it does."""
    await house.node.set_mode(Mode.HOT_STANDBY)
    await until(lambda: house.node.state is NodeState.HOT_STANDBY)


@pytest.mark.parametrize("read", READS)
async def test_a_cold_standby_says_not_now_of_every_activity(dwelling, read):
    _, cold, task = dwelling

    for method in ("GET", "HEAD"):
        told = await cold.call(method, read.format(task=task))
        assert told.status == 503, told.body
        assert told.headers["Retry-After"]
    told = await cold.call("GET", read.format(task=task))
    assert told.json["data"] == {"outcome": "not-done"}
    assert "STANDBY" in told.json["message"]


async def test_it_knows_them_once_it_is_hot_and_denies_only_what_there_is_not(dwelling):
    _, cold, task = dwelling

    await hot(cold)

    assert (await cold.call("GET", f"/activities/{task}")).status == 202
    assert task in [one["id"] for one in await cold.get("/activities")]
    assert (await cold.call("GET", "/activities/none")).status == 404


async def test_a_node_that_has_read_the_log_and_shows_nothing_yet_denies_no_task(dwelling):
    master, cold, task = dwelling
    stage, showing, go_on = cold.built.tenant._stage, asyncio.Event(), asyncio.Event()
    reset = stage.reset

    async def slow(records, seq):
        showing.set()
        await go_on.wait()
        await reset(records, seq)

    stage.reset = slow
    promotion = asyncio.create_task(cold.node.set_mode(Mode.MASTER))
    await showing.wait()
    seen = {"Brookline-Sequence": str(master.node.replica.seq)}
    await until(lambda: cold.node.replica.seq >= master.node.replica.seq)

    assert cold.node.state is NodeState.INITIALIZING
    for read in READS:
        told = await cold.call("GET", read.format(task=task), headers=seen)
        assert told.status == 503, read

    go_on.set()
    await promotion
    assert (await cold.get(f"/activities/{task}", headers=seen))["id"] == task


async def test_who_waits_for_a_task_is_sent_on_where_it_is_shown_no_more(dwelling):
    _, cold, task = dwelling
    await hot(cold)
    waiting = asyncio.create_task(cold.call("GET", f"/activities/{task}?timeout=forever"))
    await until(lambda: cold.management.tasks.get(task)._end)

    await cold.node.set_mode(Mode.STANDBY)

    assert (await waiting).status == 503


async def test_output_has_no_end_where_its_task_is_not_shown(dwelling):
    master, cold, task = dwelling
    async with stream(cold, f"topics=plane,tasks&task={task}&output=stdout") as heard:
        await take(heard, "hello")
        pulses = [await take(heard, lambda one: one.name in ("pulse", "output")) for _ in range(12)]
        assert {one.name for one in pulses} == {"pulse"}
        await hot(cold)
        assert (await master.call("POST", f"/activities/{task}/cancel")).json is True
        assert (await take(heard, "output")).data["ended"]


async def test_a_write_whose_task_is_shown_no_more_is_not_called_forgotten(dwelling):
    master, cold, task = dwelling

    def call(house):
        return SimpleNamespace(ports=SimpleNamespace(node=house.node, management=house.management))

    with pytest.raises(Unavailable) as told:
        found(call(cold), task)
    assert told.value.outcome is Outcome.UNKNOWN
    with pytest.raises(NotFound):
        found(call(master), "none")
