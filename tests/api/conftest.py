from __future__ import annotations

import pytest
from tests.api.house import House, until

from brookline.plane.states import NodeState
from brookline.stores.shelf import Shelf
from brookline.values.clock import SystemClock

PLAN = """
name: shop
location: localhost
services:
- type: org.example.Widget
  name: web
  id: web
  brooklyn.config:
    widget.colour: red
- type: basic-entity
  name: db
"""


@pytest.fixture
def shelf():
    return Shelf(SystemClock())


@pytest.fixture
async def make(shelf, tmp_path):
    """Makes nodes on one store, and ends them."""
    made = []

    async def start(**more):
        house = House(shelf, tmp_path, name=f"n{len(made) + 1}", **more)
        made.append(house)
        return await house.start()

    yield start
    for house in reversed(made):
        await house.stop()


@pytest.fixture
async def house(make):
    """One node that leads."""
    return await (await make()).leads()


@pytest.fixture
async def pair(make):
    """A master, and a hot standby that would follow it."""
    master = await (await make()).leads()
    standby = await make()
    await until(lambda: standby.node.state is NodeState.HOT_STANDBY and standby.node.master())
    await until(lambda: [one for one in master.node.members() if one.rank is not None])
    return master, standby


@pytest.fixture
async def shop(house):
    """A node with an application: its node and the ids of its entities by name."""
    app = await house.deploy(PLAN)
    listed = await house.get(f"/applications/{app}/entities")
    return house, {"shop": app, **{one["name"]: one["id"] for one in listed}}
