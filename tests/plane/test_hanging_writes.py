"""A store that answers reads and lets writes hang: a frozen disk, a lock of the server's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.plane.house import led_by, node, plane, standing_by

from brookline.stores.faults import Fate
from brookline.testing.harness import QUICK
from brookline.testing.planned import Plan

if TYPE_CHECKING:
    from brookline.testing.harness import PlaneHarness


def hang(harness: PlaneHarness, *names: str, seconds: float) -> None:
    """Let the next heartbeats of some nodes take so long."""
    fate = Fate(seconds, heard=True, gives_up_s=seconds)
    for name in names:
        plan = Plan(handle=f"{name}/heart", operation="put", prefix="node/", fate=fate)
        harness.faults.plan(plan)


@pytest.mark.parametrize("polls", [1.5, 3])
def test_nobody_is_elected_while_all_heartbeats_hang(polls: float) -> None:
    hangs_s = polls * QUICK.timeout_s

    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        await harness.sleep(3)
        hang(harness, "a", "b", seconds=hangs_s)
        await harness.sleep(hangs_s + 3 * QUICK.timeout_s)

        assert harness.master() == "a"
        assert node(harness, "b").epoch == 1

    plane(story)


def test_who_can_write_replaces_one_whose_heartbeats_hang() -> None:
    async def story(harness: PlaneHarness) -> None:
        await led_by(harness, "a")
        await standing_by(harness, "b")
        await harness.sleep(3)
        hang(harness, "a", seconds=30)

        assert await harness.until(lambda: harness.master() == "b", 2 * QUICK.timeout_s)

    plane(story)
