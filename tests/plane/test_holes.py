"""A log with an entry that does not show: whole planes under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.plane.house import core, led_by, node, plane, standing_by
from tests.plane.stories import write

from brookline.journal.keys import entry_key
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


def lines(harness: PlaneHarness, words: str) -> int:
    return str(harness.transcript).count(words)


def test_a_candidate_waits_calmly_for_a_missing_entry_until_the_alarm() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await write(harness, "a")
        harness["a"].crash(silent=True)
        hidden = harness.shelf.get(entry_key(2))
        assert hidden is not None
        harness.shelf.delete(entry_key(2))
        await standing_by(harness, "b")
        began, seen = harness.loop.true_time(), set()
        while harness.loop.true_time() < began + 20:
            seen.add(node(harness, "b").state)
            await harness.sleep(0.05)

        assert seen == {NodeState.HOT_STANDBY}
        assert lines(harness, "entry is missing") == 1
        assert lines(harness, "fence not won") == 0
        assert entry_key(2) in node(harness, "b").trouble

        assert await harness.until(lambda: "gap" in core(harness, "b").alarm, 20)
        assert node(harness, "b").state is NodeState.FAILED

        harness.shelf.put(entry_key(2), hidden)
        assert await harness.until(lambda: harness.master() == "b", 20)
        assert lines(harness, "no entry is missing any more") == 1
        assert node(harness, "b").trouble == ""

    plane(story)
