from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.plane.house import sim

from brookline.plane.line import Line

if TYPE_CHECKING:
    from brookline.testing.clock import SimClock


class Ear:
    """Listens to a line."""

    def __init__(self, line: Line) -> None:
        self.heard: list[int] = []
        self.task = asyncio.ensure_future(self._listen(line))

    async def _listen(self, line: Line) -> None:
        async for tail in line.watch():
            self.heard.append(tail)


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_who_listens_hears_the_tail_at_once_and_after_each_commit() -> None:
    async def story(clock: SimClock) -> None:
        tail = [7]
        line = Line(lambda: tail[0], clock, 1.0)
        ears = [Ear(line), Ear(line)]
        await turns()
        tail[0] = 8
        line.say()
        await turns()
        assert [ear.heard for ear in ears] == [[7, 8], [7, 8]]
        line.close()
        await turns()
        assert all(ear.task.done() for ear in ears)

    sim(story)


def test_many_commits_at_once_are_one_word() -> None:
    async def story(clock: SimClock) -> None:
        tail = [7]
        line = Line(lambda: tail[0], clock, 1.0)
        ear = Ear(line)
        await turns()
        for tail[0] in range(8, 100):
            line.say()
        await turns()
        assert ear.heard == [7, 99]
        line.close()
        await turns()

    sim(story)


def test_without_commits_it_speaks_once_a_poll() -> None:
    async def story(clock: SimClock) -> None:
        line = Line(lambda: 7, clock, 1.0)
        ear = Ear(line)
        await clock.sleep(4.5)
        assert ear.heard == [7] * 5
        line.close()
        await turns()

    sim(story)


def test_a_closed_line_says_nothing_until_it_is_open_again() -> None:
    async def story(clock: SimClock) -> None:
        line = Line(lambda: 7, clock, 1.0)
        line.close()
        ear = Ear(line)
        await turns()
        assert (ear.heard, ear.task.done()) == ([], True)
        line.open()
        again = Ear(line)
        await turns()
        assert again.heard == [7]
        line.close()
        await turns()

    sim(story)


def test_who_hangs_up_is_forgotten() -> None:
    async def story(clock: SimClock) -> None:
        line = Line(lambda: 7, clock, 1.0)
        ear = Ear(line)
        await turns()
        ear.task.cancel()
        await turns()
        assert line._listeners == {}

    sim(story)
