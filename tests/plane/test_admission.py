"""What a node finds out before it takes part."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest
from tests.plane.house import QUICK, Quiet, Town, Unheard, town

from brookline.errors import Conflict, Damaged, StoreError, StoreUnfit
from brookline.journal.keys import PLANE, entry_key, node_key
from brookline.plane.peers import Probe
from brookline.plane.states import Mode, NodeState
from brookline.wire.heartbeats import Heartbeat


async def gone(place: Town, instance: str, **more: object) -> None:
    """Leave behind what a node does that is killed as master."""
    node = await place.leads(instance, **more)  # type: ignore[arg-type]
    place.nodes.remove(node)
    await node._routine.end()
    await node._core.pulse.stop()
    leadership = node._core.leadership
    assert leadership is not None
    await leadership.end("killed")


def test_the_first_node_begins_a_plane_and_the_second_joins_it() -> None:
    async def story(place: Town) -> None:
        first = await place.leads("n1")
        second = await place.started("n2")
        assert first.plane_id == second.plane_id != ""
        assert (first.state, second.state) == (NodeState.MASTER, NodeState.HOT_STANDBY)

    town(story)


@pytest.mark.parametrize("mode", [Mode.STANDBY, Mode.HOT_STANDBY, Mode.HOT_BACKUP], ids=str)
def test_a_follower_begins_no_plane(mode: Mode) -> None:
    async def story(place: Town) -> None:
        with pytest.raises(Conflict, match="no plane in this store yet"):
            await place.started("n1", mode)
        assert len(place.shelf) == 0

    town(story)


@pytest.mark.parametrize("mode", [Mode.STANDBY, Mode.HOT_STANDBY], ids=str)
def test_a_standby_refuses_to_start_where_nobody_leads(mode: Mode) -> None:
    """It became master itself, though it was asked only to stand by."""

    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        with pytest.raises(Conflict, match="nobody leads this plane"):
            await place.started("n2", mode)

    town(story)


def test_but_it_waits_a_little_when_all_are_started_at_once() -> None:
    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        starting = asyncio.ensure_future(place.started("n2", Mode.STANDBY))
        await place.clock.sleep(1.0)
        await place.leads("n3")
        assert (await starting).state is NodeState.STANDBY

    town(story)


def test_a_backup_starts_and_stays_what_it_is() -> None:
    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        backup = await place.started("n2", Mode.HOT_BACKUP)
        await place.clock.sleep(20)
        assert backup.state is NodeState.HOT_BACKUP

    town(story)


# --- MASTER -------------------------------------------------------------------------------------


def test_a_start_as_master_beside_a_living_one_is_refused() -> None:
    async def story(place: Town) -> None:
        first = await place.leads("n1")
        second = await place.started("n2", Mode.MASTER)
        failure = await asyncio.wait_for(second.failed(), 5)
        assert isinstance(failure, Conflict)
        assert "n1 (n1, http://n1) is the master" in failure.message
        assert "--ha auto" in failure.message
        assert first.leads()
        assert first.epoch == 1

    town(story)


def test_beside_one_that_is_dead_it_waits_for_the_vacancy() -> None:
    async def story(place: Town) -> None:
        await gone(place, "n1")
        second = await place.started("n2", Mode.MASTER)
        await place.clock.sleep(4)
        assert second.state is NodeState.INITIALIZING
        await place.until(second.leads, 4)

    town(story)


def test_on_a_plane_without_a_master_it_leads_at_once() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1", Mode.MASTER)
        await place.nodes[0].stop()
        began = place.clock.monotonic()
        await place.leads("n2", Mode.MASTER)
        assert place.clock.monotonic() - began < 0.5

    town(story)


# --- names and homes -----------------------------------------------------------------------------


def test_a_name_that_is_taken_gets_a_number() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1", name="web")
        names = [(await place.started(i, name="web")).identity.name for i in ("n2", "n3")]
        assert names == ["web-2", "web-3"]

    town(story)


def test_the_name_of_one_that_is_gone_is_free() -> None:
    async def story(place: Town) -> None:
        await gone(place, "n1", name="web")
        assert (await place.started("n2", name="web")).identity.name == "web"

    town(story)


def test_a_copied_home_beside_its_original_is_refused() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1", home="h")
        with pytest.raises(Conflict, match="this home is a copy of /srv/n1"):
            await place.started("n2", home="h")

    town(story)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"home_path": "/srv/copy"}, id="on-the-same-machine"),
        pytest.param({"home_path": "/srv/n1", "boot": "other"}, id="at-the-same-place-elsewhere"),
    ],
)
def test_so_is_one_that_remembers_the_original_as_its_former_process(other: dict) -> None:
    """It took its living original for its own dead predecessor, and replaced it."""

    async def story(place: Town) -> None:
        first = await place.leads("n1", home="h")
        with pytest.raises(Conflict, match="this home is a copy"):
            await place.started("n2", home="h", former="n1", **other)
        await place.clock.sleep(3)
        assert first.leads()
        assert first.epoch == 1
        assert b"TERMINATED" not in (place.shelf.get(node_key("n1")) or b"")

    town(story)


def test_a_restart_buries_its_former_process_and_leads_at_once() -> None:
    async def story(place: Town) -> None:
        await gone(place, "n1", home="h", home_path="/srv/n")
        began = place.clock.monotonic()
        again = await place.leads("n2", home="h", home_path="/srv/n", former="n1")
        assert place.clock.monotonic() - began < 0.5
        assert again.may_act()
        assert b"TERMINATED" in (place.shelf.get(node_key("n1")) or b"")
        assert again.history()[0]["reason"] == "own former process"

    town(story)


@pytest.mark.parametrize(
    ("answers", "at_once"), [(Probe.REFUSED, True), (Probe.UNKNOWN, True), (Probe.SAME, False)]
)
def test_after_a_reboot_the_former_process_must_not_answer(answers: Probe, at_once: bool) -> None:
    """The lock proves nothing then: the home may have moved, or be one of two."""

    async def story(place: Town) -> None:
        await gone(place, "n1", home="h", home_path="/srv/n")
        peers = Unheard()
        peers.probed = answers
        await place.started(
            "n2", home="h", home_path="/srv/n", former="n1", boot="later", peers=peers,
            settings=QUICK,
        )  # fmt: skip
        node = place.nodes[-1]
        await place.clock.sleep(0.5)
        assert node._observer._gone.get("n1") is None or at_once
        assert (node._observer._gone.get("n1") is not None) == at_once

    town(story)


# --- the store ------------------------------------------------------------------------------------


def test_a_start_that_finds_no_store_may_be_tried_again() -> None:
    async def story(place: Town) -> None:
        store, fails = place.store(), [True] * 3

        async def fail(_: str) -> None:
            if fails:
                fails.pop()
                raise StoreError("not there yet")

        store.before = fail
        node = place.node("n1", store=store)
        for _ in range(3):
            with pytest.raises(StoreError):
                await node.start()
        await node.start()
        await place.until(node.leads)

    town(story)


def test_a_store_of_a_newer_version_is_refused() -> None:
    async def story(place: Town) -> None:
        place.shelf.create(PLANE, b'{"format":2,"plane":"p"}')
        with pytest.raises(StoreUnfit, match="format 2"):
            await place.started("n1")

    town(story)


def test_a_damaged_log_is_named_at_the_start() -> None:
    async def story(place: Town) -> None:
        await (await place.leads("n1")).stop()
        place.shelf.put(entry_key(2), b"rubbish")
        with pytest.raises(Damaged, match=entry_key(2)):
            await place.started("n2")

    town(story)


def test_a_node_that_is_stopped_before_it_has_started_does_not_start_any_more() -> None:
    async def story(place: Town) -> None:
        node = place.node("n1")
        await node.stop()
        with pytest.raises(Conflict, match="told to end"):
            await node.start()
        assert node.state is NodeState.TERMINATED

    town(story)


def test_a_node_that_is_stopped_as_soon_as_it_is_seen_says_that_it_has_ended() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1")
        beats, answers = place.store(), asyncio.Event()

        async def slowly(_: str) -> None:
            await answers.wait()

        beats.before = slowly
        node = place.node("n2", beats=beats)
        starting = asyncio.ensure_future(node.start())
        await place.until(lambda: node.state is NodeState.HOT_STANDBY)
        stopping = asyncio.ensure_future(node.stop())
        await place.until(lambda: node.state is NodeState.TERMINATED)
        answers.set()
        await stopping
        said = msgspec.json.decode(place.shelf.get(node_key("n2")) or b"", type=Heartbeat)
        assert said.state == "TERMINATED"
        with pytest.raises(Conflict, match="told to end"):
            await starting

    town(story)


def test_a_node_that_is_stopped_while_it_reads_its_records_stays_ended() -> None:
    class Slow(Quiet):
        ready = asyncio.Event()

        async def reset(self, records: Any, seq: int) -> None:
            await self.ready.wait()

    async def story(place: Town) -> None:
        await place.leads("n1")
        tenant = Slow()
        node = place.node("n2", tenant=tenant)
        starting = asyncio.ensure_future(node.start())
        await place.until(lambda: place.shelf.get(node_key("n2")))
        await node.stop()
        tenant.ready.set()
        with pytest.raises(Conflict, match="told to end"):
            await starting
        assert node.state is NodeState.TERMINATED

    town(story)


def test_heartbeats_of_others_that_cannot_be_read_are_no_obstacle() -> None:
    async def story(place: Town) -> None:
        for i, data in enumerate((b"", b"{", b'{"instance":5}')):
            place.shelf.put(node_key(f"x{i}"), data)
        await place.leads("n1")

    town(story)


def test_its_own_name_is_known_to_all_rooms_after_it_was_changed() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1", name="web")
        second = await place.started("n2", name="web")
        await second.set_priority(3)
        assert b'"web-2"' in (place.shelf.get(node_key("n2")) or b"")
        await place.nodes[0].stop()
        await place.until(second.leads)
        assert second.history()[0]["name"] == "web-2"

    town(story)
