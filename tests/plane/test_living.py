"""Who lives, for somebody who takes no part: under virtual time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.plane.house import heartbeat, sim

from brookline.journal.keys import node_key
from brookline.plane.living import POLLS, living
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from brookline.testing.clock import SimClock


class Beats:
    """A store with heartbeats."""

    def __init__(self, clock: SimClock) -> None:
        self.clock = clock
        self.store = MemoryStore(Shelf(clock))

    async def put(self, instance: str, **more: Any) -> None:
        beat = heartbeat(instance, **more)
        await self.store.put(node_key(instance), msgspec.json.encode(beat))

    async def go_on(self, instance: str, period_s: float = 1.0) -> None:
        counter = 1
        while True:
            await self.clock.sleep(period_s)
            counter += 1
            await self.put(instance, counter=counter)

    async def look(self, **more: Any) -> tuple[list[str], float]:
        """Return who lives, and how long it took to see."""
        began = self.clock.monotonic()
        found = await living(self.store, self.clock, **more)
        return [one.instance for one in found], self.clock.monotonic() - began


@pytest.mark.parametrize("period_s", [0.2, 1.0, 3.0])
def test_one_whose_counter_rises_lives(period_s: float) -> None:
    async def story(clock: SimClock) -> None:
        beats, crew = Beats(clock), Crew("beats")
        await beats.put("n1")
        await beats.put("old")
        crew.spawn(beats.go_on("n1", period_s), "n1")
        found, _ = await beats.look()
        assert found == ["n1"]
        await crew.disband()

    sim(story)


def test_one_that_beats_seldom_is_watched_for_longer() -> None:
    async def story(clock: SimClock) -> None:
        beats, crew = Beats(clock), Crew("beats")
        await beats.put("n1", poll_ms=10_000)
        await beats.put("old")
        crew.spawn(beats.go_on("n1", 10.0), "n1")
        found, took = await beats.look()
        assert found == ["n1"]
        assert took < 10.5  # and not until it is over
        await crew.disband()

    sim(story)


def test_one_that_beats_quickly_may_be_held_up_for_a_moment() -> None:
    async def story(clock: SimClock) -> None:
        beats, crew = Beats(clock), Crew("beats")
        await beats.put("n1", poll_ms=200)
        crew.spawn(beats.go_on("n1", 2.5), "n1")
        found, _ = await beats.look()
        assert found == ["n1"]
        await crew.disband()

    sim(story)


def test_silence_takes_its_time() -> None:
    async def story(clock: SimClock) -> None:
        beats = Beats(clock)
        await beats.put("n1")
        found, took = await beats.look()
        assert found == []
        assert took >= POLLS

    sim(story)


def test_who_has_ended_or_is_proved_dead_is_not_watched() -> None:
    async def story(clock: SimClock) -> None:
        beats = Beats(clock)
        assert await beats.look() == ([], 0.0)
        await beats.put("n1", state="TERMINATED")
        await beats.put("n2")
        found, took = await beats.look(is_dead=lambda one: one.instance == "n2")
        assert (found, took) == ([], 0.0)

    sim(story)


def test_one_that_ends_while_it_is_watched_does_not_live() -> None:
    async def story(clock: SimClock) -> None:
        beats, crew = Beats(clock), Crew("beats")
        await beats.put("n1")

        async def end() -> None:
            await clock.sleep(0.5)
            await beats.put("n1", counter=2, state="TERMINATED")

        crew.spawn(end(), "n1")
        found, took = await beats.look()
        assert found == []
        assert took < 1.0
        await crew.disband()

    sim(story)
