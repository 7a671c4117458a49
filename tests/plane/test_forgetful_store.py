"""A store that forgets what it acknowledged, as an asynchronous export of NFS does when it crashes.

That cannot be prevented. But nobody may go on as if nothing had happened.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.plane.house import core, led_by, node, standing_by
from tests.plane.stories import write

from brookline.journal.keys import entry_key
from brookline.plane.states import NodeState
from brookline.testing.harness import PlaneHarness, PlaneOptions

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


def forgotten(story: Callable[[PlaneHarness], Coroutine[Any, Any, None]]) -> None:
    """Run a story in which a write is lost: the oracle would not forgive that."""
    harness = PlaneHarness(PlaneOptions(nodes=("a", "b")))
    harness.run(story(harness))


def forget_last(harness: PlaneHarness, name: str) -> str:
    """Take the last entry of a node's log away; return its key."""
    key = entry_key(node(harness, name).replica.seq)
    harness.shelf.delete(key)
    return key


def test_the_old_master_halts_when_another_has_gone_on_from_an_earlier_entry() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await write(harness, "a")
        forget_last(harness, "a")
        harness["b"].start()
        await harness.sleep(3)
        harness.network.lies.add(("b", "a"))
        assert harness["a"].host is not None
        harness.network.break_connections(harness["a"].host)

        assert await harness.until(harness["b"].leads, 20)
        assert await harness.until(lambda: core(harness, "a").alarm, 20)
        assert "does not continue the log" in core(harness, "a").alarm
        assert node(harness, "a").state is NodeState.FAILED

    forgotten(story)


def test_a_newcomer_does_not_lead_past_what_was_forgotten() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await write(harness, "a")
        key = forget_last(harness, "a")
        await write(harness, "a", "r2")
        harness["a"].crash(silent=True)
        await standing_by(harness, "b")

        assert await harness.until(lambda: "gap" in core(harness, "b").alarm, 90)
        assert key in core(harness, "b").alarm
        assert not harness["b"].leads()

    forgotten(story)
