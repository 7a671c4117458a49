"""One node, on a store that does as it is told."""

from __future__ import annotations

import asyncio

import msgspec
import pytest
from tests.journal.house import ScriptedStore, put
from tests.plane.house import Quiet, Town, town

from brookline.errors import NotMaster, StoreError, Unavailable
from brookline.journal.keys import entry_key, node_key
from brookline.journal.queue import Decision
from brookline.journal.standing import Standing
from brookline.plane.core import Claim
from brookline.plane.leadership import Leadership
from brookline.plane.states import NodeState
from brookline.stores.store import FsyncFailed
from brookline.wire.changes import Put
from brookline.wire.heartbeats import Heartbeat


class BreakingStore(ScriptedStore):
    """Becomes broken when a test says so, as a directory does after a failed fsync."""

    why = ""

    @property
    def broken(self) -> str:
        return self.why


def commit(node, record_id: str = "a"):
    return node.commit(lambda _: Decision([put(record_id)]))


def said(place: Town, instance: str) -> Heartbeat:
    return msgspec.json.decode(place.shelf.get(node_key(instance)) or b"", type=Heartbeat)


# --- a disk that fails -----------------------------------------------------------------------------


def test_a_failed_fsync_ends_the_mastership_and_a_broken_store_the_node() -> None:
    """It went on to try fences through a connection of which every answer may be a lie."""

    async def story(place: Town) -> None:
        store = BreakingStore(place.shelf)
        node = await place.leads("n1", store=store)
        store.outcomes = [(True, FsyncFailed("fsync of journal failed"))]
        store.why = "fsync of journal failed"
        with pytest.raises(Unavailable) as told:
            await commit(node)
        assert told.value.outcome.value == "unknown"
        failure = await asyncio.wait_for(node.failed(), 5)
        assert isinstance(failure, StoreError)
        assert "fsync of journal failed" in failure.message
        await place.until(lambda: node.state is NodeState.FAILED)
        assert "start it anew" in node.alarm
        await place.clock.sleep(20)
        assert (node.state, node.epoch) == (NodeState.FAILED, 1)
        assert said(place, "n1").stopped
        # Another process, or this one started anew, goes on.
        other = await place.leads("n2")
        assert other.epoch == 2

    town(story)


def test_a_failed_fsync_of_a_file_that_nobody_saw_is_no_reason_to_distrust_the_store() -> None:
    async def story(place: Town) -> None:
        store = BreakingStore(place.shelf)
        node = await place.leads("n1", store=store)
        store.outcomes = [(False, FsyncFailed("fsync of a new file failed"))]
        with pytest.raises(Unavailable):
            await commit(node)
        await place.until(lambda: node.leads() and node.epoch == 2)
        assert (await commit(node)).epoch == 2

    town(story)


def test_a_damaged_entry_halts_a_standby_until_it_is_repaired() -> None:
    async def story(place: Town) -> None:
        master = await place.leads("n1")
        standby = await place.started("n2")
        data = place.shelf.get(entry_key(3)) or b""
        await commit(master)
        data = place.shelf.get(entry_key(3)) or b""
        place.shelf.put(entry_key(3), data[:-9])
        await place.until(lambda: standby.state is NodeState.FAILED)
        assert entry_key(3) in standby.alarm
        await master.stop()
        await place.clock.sleep(10)
        assert standby.state is NodeState.FAILED  # it never leads on what it cannot read
        place.shelf.put(entry_key(3), data)
        await place.until(standby.leads)
        assert standby.alarm == ""

    town(story)


def test_a_foreign_entry_behind_its_tail_ends_a_mastership_and_halts_the_node() -> None:
    async def story(place: Town) -> None:
        node = await place.leads("n1")
        place.shelf.create(entry_key(3), b"rubbish")
        with pytest.raises(Unavailable):
            await commit(node)
        await place.until(lambda: node.state is NodeState.FAILED)
        assert entry_key(3) in node.alarm

    town(story)


# --- what it says of itself --------------------------------------------------------------------------


def test_an_own_fence_that_is_not_validated_yet_is_no_mastership_that_ended() -> None:
    """A hint may show it to this node first; others took "stopped" for a vacancy, and fenced."""

    async def story(place: Town) -> None:
        node = place.node("n1")
        core = node._core
        replica = node.replica
        assert not core.heartbeat().stopped
        standing = Standing(owner="n1", fence=5)
        replica.at = replica.at._replace(seq=5, epoch=3, standing=standing)
        for claim, stopped in (
            (Claim(campaigning=True), False),
            (Claim(leadership=Leadership(core.parts, lambda *_: None)), False),
            (Claim(ending=Leadership(core.parts, lambda *_: None)), False),
            (Claim(), True),
        ):
            core.claim = claim
            beat = core.heartbeat()
            assert (beat.epoch, beat.tail, beat.stopped) == (3, 5, stopped)
        core.claim = Claim(campaigning=True)
        replica.at = replica.at._replace(standing=Standing(owner="n2", fence=5))
        assert (core.heartbeat().epoch, core.heartbeat().stopped) == (0, False)

    town(story)


def test_a_node_that_has_ended_says_so_whatever_the_log_says() -> None:
    async def story(place: Town) -> None:
        node = await place.leads("n1")
        await node.stop()
        beat = said(place, "n1")
        assert (beat.state, beat.stopped) == ("TERMINATED", True)

    town(story)


def test_one_that_resigned_stands_again_once_another_is_active() -> None:
    async def story(place: Town) -> None:
        node = place.node("n1")
        core, replica = node._core, node.replica
        core.resigned_epoch, core.resigned_at = 3, place.clock.monotonic()
        now = place.clock.monotonic

        def at(epoch: int, active: int) -> None:
            standing = Standing(owner="n2", fence=9, active=active)
            replica.at = replica.at._replace(epoch=epoch, standing=standing)

        at(3, 4)
        assert not core.may_stand(now())
        assert core.may_stand(now(), alone=True)
        at(4, 0)
        assert not core.may_stand(now())  # its successor has only fenced
        at(4, 10)
        assert core.may_stand(now())
        at(3, 4)
        await place.clock.sleep(core.parts.settings.timeout_s)
        assert core.may_stand(now())
        core.cool_until = now() + 1
        assert not core.may_stand(now(), alone=True)

    town(story)


# --- commits --------------------------------------------------------------------------------------------


def test_who_does_not_lead_does_nothing() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1")
        standby = await place.started("n2")
        with pytest.raises(NotMaster) as refused:
            await commit(standby)
        assert refused.value.outcome.value == "not-done"
        standby.note(Put("sensors", "a", {}))

    town(story)


def test_readings_are_written_within_the_period_and_before_a_hand_over() -> None:
    async def story(place: Town) -> None:
        node = await place.leads("n1")
        await commit(node)
        node.note(Put("item", "a", {"x": 1}))
        await place.clock.sleep(node.settings.persist_period_s + 0.1)
        assert node.replica.records.get("item", "a") == {"x": 1}
        node.note(Put("item", "a", {"x": 2}))
        await node.stop()
        assert node.replica.records.get("item", "a") == {"x": 2}

    town(story)


def test_a_sequence_is_waited_for_on_a_standby() -> None:
    async def story(place: Town) -> None:
        master = await place.leads("n1")
        standby = await place.started("n2")
        seq = (await commit(master)).seq
        assert await standby.wait_applied(seq, 5)
        assert standby.replica.records.get("item", "a") == {}
        assert not await standby.wait_applied(seq + 1, 2)

    town(story)


def test_many_nudges_cost_two_looks() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1")
        store = place.store()
        standby = await place.started("n2", store=store)
        await place.clock.sleep(0.01)
        store.calls.clear()
        for _ in range(1000):
            standby.nudge()
        for _ in range(200):
            await asyncio.sleep(0)
        looks = store.asked("get journal")
        assert 1 <= looks <= 8

    town(story)


def test_the_tenant_is_told_in_order() -> None:
    async def story(place: Town) -> None:
        tenant = Quiet()
        node = await place.leads("n1", tenant=tenant)
        await place.until(lambda: "activate 1" in tenant.told)
        await node.stop()
        assert tenant.told == ["reset", "activate 1", "deactivate"]

    town(story)
