"""What a plane shows of its nodes, each story a whole plane under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from tests.plane.house import led_by, node, plane, standing_by, town
from tests.plane.stories import on

from brookline.journal.keys import node_key
from brookline.plane.states import Mode, NodeState
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from tests.plane.house import Town

    from brookline.testing.harness import PlaneHarness


def stands_by(harness: PlaneHarness, name: str) -> bool:
    found = harness[name].node
    return found is not None and found.state is NodeState.HOT_STANDBY


def states(harness: PlaneHarness, name: str) -> list[NodeState]:
    return [member.state for member in node(harness, name).members()]


def masters(harness: PlaneHarness, name: str) -> list[str]:
    members = node(harness, name).members()
    return [each.heartbeat.name for each in members if each.state is NodeState.MASTER]


def test_one_that_has_loaded_its_copy_says_so_without_waiting_for_a_poll() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        harness["b"].start()
        assert await harness.until(lambda: stands_by(harness, "b"), within_s=5)
        await harness.sleep(0.1)
        await node(harness, "a")._observer.look()
        seen = node(harness, "a").find_member(node(harness, "b").identity.instance)
        assert seen is not None
        assert seen.state == "HOT_STANDBY"

    plane(story)


def test_one_that_has_just_read_the_log_does_not_lag_however_long_its_start_took() -> None:
    async def story(place: Town) -> None:
        await place.leads("n1", name="web")
        second = await place.started("n2", name="web")  # it takes two polls to find another name
        assert second._core.heartbeat().lag_ms == 0

    town(story)


def test_a_node_shows_itself_though_the_store_shows_nobody() -> None:
    async def story(place: Town) -> None:
        waiting = place.node("n1")
        waiting.wait_for_store("it is not mounted")
        [me] = waiting.members()
        assert (me.is_me, me.state, waiting.trouble) == (
            True, NodeState.INITIALIZING, "it is not mounted"
        )  # fmt: skip
        node = await place.leads("n2")
        assert node.trouble == ""
        for instance in ("n1", "n2"):
            place.shelf.delete(f"node/{instance}")
        await node._observer.look()
        assert [each.heartbeat.instance for each in node.members()] == ["n2"]

    town(story)


def test_there_are_never_two_masters_when_one_has_died() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c")
        harness["a"].crash()
        seen = set()
        assert await harness.until(
            lambda: seen.update({tuple(masters(harness, n)) for n in "bc"}) or harness.master(),
            within_s=20,
        )
        for _ in range(100):
            seen.update({tuple(masters(harness, name)) for name in "bc"})
            await harness.sleep(0.1)
        assert ("b",) in seen or ("c",) in seen
        assert all(len(each) <= 1 for each in seen), seen
        for name in "bc":
            assert sorted(s.value for s in states(harness, name)) == [
                "FAILED", "HOT_STANDBY", "MASTER"
            ]  # fmt: skip

    plane(story, "abc")


def test_one_whose_death_is_proved_has_failed_at_once() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        harness["a"].crash()
        assert await harness.until(lambda: harness.master() == "b", within_s=3)
        assert sorted(state.value for state in states(harness, "b")) == ["FAILED", "MASTER"]

    plane(story, one_machine=True)


def test_the_master_of_the_log_is_a_master_in_the_list() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        host = harness["b"].host
        assert host is not None
        await host.spawn(node(harness, "b").set_mode(Mode.MASTER), "test")
        for name in "ab":
            members = node(harness, name).members()
            [master] = [each for each in members if each.is_master]
            assert (master.heartbeat.name, master.state) == ("b", NodeState.MASTER)
            assert masters(harness, name) == ["b"]

    plane(story)


def test_who_lives_is_not_forgotten_for_a_moment_and_who_ended_is() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b", "c", "d")
        await on(harness, "c", node(harness, "c").stop())
        harness["d"].crash(silent=True)
        await harness.sleep(4)

        await on(harness, "a", node(harness, "a").clear(None))

        listed = {m.heartbeat.name for m in node(harness, "a").members()}
        assert listed == {"a", "b"}
        await on(harness, "a", node(harness, "a").clear("b"))
        assert {m.heartbeat.name for m in node(harness, "a").members()} == {"a", "b"}
        assert node(harness, "a").find_member("b1") is not None

    plane(story, "abcd")


def test_one_that_has_handed_over_does_not_lag_by_the_length_of_its_mastership() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await harness.sleep(20)
        await on(harness, "a", node(harness, "a").set_mode(Mode.HOT_BACKUP))
        said = msgspec.json.decode(harness.shelf.get(node_key("a1")) or b"", type=Heartbeat)
        assert (said.state, said.lag_ms < 1000) == ("HOT_BACKUP", True)

    plane(story, "a")
