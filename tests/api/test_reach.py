"""Whether nodes reach their master, as `ha/states` tells it on real listeners."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.api.house import until
from tests.plane.house import heartbeat

from brookline.journal.keys import node_key

if TYPE_CHECKING:
    from brookline.plane.node import PlaneNode

pytestmark = pytest.mark.slow


async def test_a_standby_says_that_it_reaches_the_master_and_the_master_says_nothing(pair):
    ids = [each.node.identity.instance for each in pair]

    def says_so(node: PlaneNode) -> bool:
        said = node.find_member(ids[1])
        return said is not None and said.line == ids[0] and not said.unreached_ms

    for one in pair:
        await until(lambda node=one.node: says_so(node))
        nodes = (await one.get("/server/ha/states"))["nodes"]
        assert nodes[ids[1]]["reachesMaster"] is True
        assert nodes[ids[0]]["reachesMaster"] is None


@pytest.mark.parametrize(("unreached_ms", "reaches"), [(100, True), (101, False)])
async def test_a_node_that_has_missed_the_master_for_less_than_a_beat_is_not_called_cut_off(
    house, shelf, unreached_ms, reaches
):
    line = house.node.identity.instance
    said = heartbeat("other", line=line, unreached_ms=unreached_ms, poll_ms=100)
    shelf.put(node_key("other"), msgspec.json.encode(said))
    await until(lambda: house.node.find_member("other"))
    nodes = (await house.get("/server/ha/states"))["nodes"]
    assert nodes["other"]["reachesMaster"] is reaches
