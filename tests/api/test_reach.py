"""Whether nodes reach their master, as `ha/states` tells it on real listeners."""

from __future__ import annotations

import pytest
from tests.api.house import until

pytestmark = pytest.mark.slow


async def test_a_standby_says_that_it_reaches_the_master_and_the_master_says_nothing(pair):
    master, standby = pair
    own = standby.node.identity.instance

    def says_so() -> bool:
        said = master.node.find_member(own)
        return said is not None and said.line == master.node.identity.instance

    await until(says_so)

    for one in pair:
        nodes = (await one.get("/server/ha/states"))["nodes"]
        assert nodes[own]["reachesMaster"] is True
        assert nodes[master.node.identity.instance]["reachesMaster"] is None
