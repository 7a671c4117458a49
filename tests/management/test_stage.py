from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from brookline.entities.stock import BasicApplication, BasicEntity
from brookline.journal.records import Records
from brookline.management.stage import Stage
from brookline.model.live import Live
from brookline.model.types import Types
from brookline.operations.tasks import Tasks
from brookline.wire.changes import Drop, Merge, Put

if TYPE_CHECKING:
    from brookline.wire.changes import Change

MANY = 1_000


class BusyClock:
    """Each look at it takes a tenth of a second; it notes what is shown whenever it sleeps."""

    def __init__(self, live: Live) -> None:
        self.live = live
        self.now = 0.0
        self.shown: list[int] = []

    def monotonic(self) -> float:
        self.now += 0.1
        return self.now

    def boottime(self) -> float:
        return self.now

    def wall_ms(self) -> int:
        return 0

    async def sleep(self, seconds: float) -> None:
        assert seconds == 0
        self.shown.append(len(self.live))


def entities(count: int) -> list[Change]:
    app: dict[str, object] = {"app": "a", "parent": "", "type": BasicApplication.TYPE, "name": "A"}
    one: dict[str, object] = {"app": "a", "parent": "a", "type": BasicEntity.TYPE, "name": "E"}
    return [Put("entity", "a", app), *(Put("entity", f"e{i}", dict(one)) for i in range(count))]


class House:
    def __init__(self) -> None:
        self.live = Live(Types([BasicApplication, BasicEntity]))
        self.tasks = Tasks()
        self.clock = BusyClock(self.live)
        self.stage = Stage(self.live, self.tasks, self.clock)
        self.records = Records()

    async def apply(self, *changes: Change, large: bool = False) -> None:
        prepared = await self.stage.prepare(changes) if large else None
        self.records.apply(changes)
        self.stage.publish(changes, prepared, 1)


@pytest.fixture
async def house() -> House:
    house = House()
    await house.stage.reset(house.records, 0)
    return house


async def test_a_large_entry_is_built_in_slices_and_shown_at_one_moment(house: House) -> None:
    await house.apply(*entities(MANY), Merge("sensors", "e5", {"x": 1}), large=True)
    assert house.clock.shown == [0] * (MANY // 64)
    assert len(house.live) == MANY + 1
    e5 = house.live.entity("e5")
    assert e5 is not None
    assert e5.sensors["x"] == 1
    assert len(house.live.applications()[0].children) == MANY


async def test_an_entity_that_a_later_change_of_the_entry_touches_is_shown_as_it_ends(
    house: House,
) -> None:
    rename = Merge("entity", "e3", {"name": "renamed"})
    await house.apply(*entities(MANY), rename, Drop("entity", "e4"), large=True)
    e3 = house.live.entity("e3")
    assert e3 is not None
    assert e3.name == "renamed"
    assert house.live.entity("e4") is None


async def test_a_replay_shows_what_was_there_until_it_is_done(house: House) -> None:
    await house.apply(*entities(3))
    other = Records()
    other.apply([*entities(MANY), Put("location", "l", {"name": "here"})])
    task = {"name": "start", "status": "completed", "entity": "a", "submitted": 1}
    other.apply([Put("task", "t1", task)])
    await house.stage.reset(other, 5)
    assert house.clock.shown == [4] * (MANY // 64)
    assert len(house.live) == MANY + 1
    assert house.live.location("l") is not None
    assert house.tasks.get("t1").name == "start"
    other.apply([change := Merge("sensors", "a", {"x": 1})])
    house.stage.publish([change], None, 6)
    assert house.live.applications()[0].sensors["x"] == 1


async def test_all_kinds_of_changes_are_followed(house: House) -> None:
    task = {"name": "start", "status": "running", "entity": "a", "submitted": 1}
    await house.apply(*entities(2), Put("task", "t1", task), Put("location", "l", {"name": "x"}))
    assert [task.id for task in house.tasks.of_entity("a")] == ["t1"]
    await house.apply(
        Drop("task", "t1"), Drop("location", "l"), Drop("sensors", "e0"), Drop("entity", "e0")
    )
    assert house.tasks.find("t1") is None
    assert house.live.location("l") is None
    assert [child.id for child in house.live.applications()[0].children] == ["e1"]


async def test_what_is_forgotten_is_not_shown(house: House) -> None:
    await house.apply(*entities(2))
    house.stage.forget()
    assert len(house.live) == 0
    await house.stage.reset(house.records, 1)
    assert len(house.live) == 3
