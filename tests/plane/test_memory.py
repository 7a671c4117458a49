"""What a master forgets of requests, under virtual time."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest
from tests.plane.house import sim

from brookline.errors import NotMaster
from brookline.journal.queue import Committed
from brookline.journal.replica import Replica
from brookline.plane.memory import TASK, Forgetting
from brookline.plane.requests import KIND
from brookline.plane.settings import PlaneSettings
from brookline.values.crew import Crew
from brookline.wire.changes import Merge, Put

if TYPE_CHECKING:
    from brookline.testing.clock import SimClock

SETTINGS = PlaneSettings(ids_per_user=5)


class Master:
    """A replica whose requests are forgotten in time."""

    def __init__(self, clock: SimClock, settings: PlaneSettings = SETTINGS) -> None:
        self.clock = clock
        self.replica = Replica("p")
        self.commits = 0
        self.refuses = False
        self.crew = Crew("master")
        self.work = Forgetting(self.replica, clock, settings=settings, commit=self.commit)

    def begin(self) -> None:
        self.crew.spawn(self.work.run(), "forgetting")

    async def commit(self, decide) -> Committed:
        if self.refuses:
            raise NotMaster
        self.commits += 1
        self.replica.records.apply(decide(self.replica.records).changes)
        return Committed(None, self.commits, 1)

    def remember(self, *ids: str, **more: str) -> None:
        for own in ids:
            self.replica.records.apply([Put(KIND, own, {"status": 204, **more})])

    @property
    def remembered(self) -> list[str]:
        return list(self.replica.records.all(KIND))


def master(story, settings: PlaneSettings = SETTINGS) -> None:
    async def told(clock: SimClock) -> None:
        one = Master(clock, settings)
        one.begin()
        await story(one)
        await one.crew.disband()

    sim(told)


def test_a_request_is_forgotten_when_its_life_is_over_and_not_before():
    async def story(one: Master) -> None:
        one.remember("ann/made")
        one.remember("ann/=given")
        await one.clock.sleep(299)
        assert one.remembered == ["ann/made", "ann/=given"]
        await one.clock.sleep(12)
        assert one.remembered == ["ann/=given"]

    master(story)


def test_what_is_due_is_dropped_together_once_a_second():
    async def story(one: Master) -> None:
        for second in range(4):
            one.remember(*(f"ann/{second}-{number}" for number in range(50)))
            await one.clock.sleep(1)
        one.remember("ann/last")
        await one.clock.sleep(320)
        assert one.remembered == ["ann/last"]
        assert one.commits <= 2

    master(story, dataclasses.replace(SETTINGS, ids_per_user=1000))


def test_of_a_user_with_too_many_the_oldest_are_forgotten():
    async def story(one: Master) -> None:
        one.remember("bob/0", *(f"ann/{number}" for number in range(8)))
        await one.clock.sleep(2)
        assert one.remembered == ["bob/0", *(f"ann/{number}" for number in range(3, 8))]

    master(story)


def test_the_last_one_stays_until_there_is_another():
    async def story(one: Master) -> None:
        one.remember("ann/1")
        await one.clock.sleep(1000)
        assert one.remembered == ["ann/1"]
        one.remember("ann/2")
        await one.clock.sleep(320)
        assert one.remembered == ["ann/2"]

    master(story)


def test_a_new_master_counts_from_when_it_first_saw_them():
    async def story(clock: SimClock) -> None:
        one = Master(clock)
        one.remember("ann/1", "ann/2")
        await clock.sleep(10_000)
        one.begin()
        await clock.sleep(290)
        assert one.remembered == ["ann/1", "ann/2"]
        await clock.sleep(30)
        assert one.remembered == ["ann/2"]
        await one.crew.disband()

    sim(story)


def test_a_request_is_remembered_as_long_as_its_task_runs_and_for_a_while_afterwards():
    async def story(one: Master) -> None:
        records = one.replica.records
        records.apply([Put(TASK, "t", {"status": "running"})])
        one.remember("ann/1", task="t")
        one.remember("ann/2")
        await one.clock.sleep(10_000)
        assert one.remembered == ["ann/1", "ann/2"]
        records.apply([Merge(TASK, "t", {"status": "completed", "ended": 1})])
        await one.clock.sleep(290)
        assert one.remembered == ["ann/1", "ann/2"]
        await one.clock.sleep(700)
        assert one.remembered == ["ann/2"]

    master(story)


def test_what_could_not_be_forgotten_is_tried_again():
    async def story(one: Master) -> None:
        one.remember("ann/1", "ann/2")
        one.refuses = True
        await one.clock.sleep(400)
        assert one.remembered == ["ann/1", "ann/2"]
        one.refuses = False
        await one.clock.sleep(15)
        assert one.remembered == ["ann/2"]

    master(story)


@pytest.mark.parametrize("jump_s", [-86_400, 86_400])
def test_wall_clocks_do_not_matter(jump_s):
    async def story(one: Master) -> None:
        one.remember("ann/1", "ann/2")
        await one.clock.sleep(100)
        one.clock.jump_wall(jump_s)
        await one.clock.sleep(150)
        assert one.remembered == ["ann/1", "ann/2"]
        await one.clock.sleep(100)
        assert one.remembered == ["ann/2"]

    master(story)


@pytest.mark.parametrize("given", [True, False])
@pytest.mark.parametrize(
    ("write_wait_s", "poll_s", "least_s"), [(10, 1, 300), (600, 1, 2400), (10, 10, 1200)]
)
def test_a_request_is_remembered_longer_than_anybody_may_repeat_it(
    given, write_wait_s, poll_s, least_s
):
    settings = PlaneSettings(write_wait_s=write_wait_s, poll_s=poll_s)

    assert settings.id_life_s(given=given) >= least_s
    assert settings.id_life_s(given=True) == 86_400
