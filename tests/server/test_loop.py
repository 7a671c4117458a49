from __future__ import annotations

import asyncio
import socket

import pytest

from brookline.server.loop import LONGEST_WAIT_S, Standstill, new_loop
from brookline.values.clock import SystemClock


class Clock(SystemClock):
    """The machine's clock, which a test moves on as a stop of the process would."""

    def __init__(self) -> None:
        self.jumped = 0.0

    def boottime(self) -> float:
        return super().boottime() + self.jumped


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def standstill(clock) -> Standstill:
    return Standstill(clock, 10.0)


def test_a_stop_is_noticed_once_and_tells_who_wants_to_know(clock, standstill):
    told: list[int] = []
    standstill.hooks.append(lambda: told.append(standstill.age))

    clock.jumped = 9.9
    assert not standstill.check()
    clock.jumped = 10.1
    assert standstill.check()
    assert not standstill.check()
    assert not standstill.tick()

    assert told == [1]


def test_iterations_that_are_short_are_no_stop(clock, standstill):
    for _ in range(10):
        clock.jumped += 5
        assert not standstill.tick()

    assert standstill.age == 0
    assert standstill.ticks == 10


def test_waiting_for_events_is_no_stop_however_short_the_limit(clock):
    standstill = Standstill(clock, 0.0)
    clock.jumped = LONGEST_WAIT_S

    assert not standstill.check()


def in_loop(standstill, main):
    with asyncio.Runner(loop_factory=lambda: new_loop(standstill)) as runner:
        runner.run(main)


def test_the_loop_ticks_although_nothing_happens(standstill):
    async def main():
        before = standstill.ticks
        await asyncio.sleep(2.2 * LONGEST_WAIT_S)
        assert standstill.ticks - before >= 2

    in_loop(standstill, main())


def test_events_of_a_round_after_a_stop_come_after_the_hook_and_are_not_lost(clock, standstill):
    async def main():
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        told: list[str] = []
        standstill.hooks.append(lambda: told.append("hook"))
        loop = asyncio.get_running_loop()
        readable = asyncio.Event()

        def on_readable():
            told.append("event")
            loop.remove_reader(ours)
            readable.set()

        loop.add_reader(ours, on_readable)
        theirs.send(b"x")
        clock.jumped += 60
        await readable.wait()

        assert told == ["hook", "event"]
        ours.close()
        theirs.close()

    in_loop(standstill, main())


def test_a_hook_may_close_what_was_ready(clock, standstill):
    async def main():
        ours, theirs = socket.socketpair()
        ours.settimeout(0)
        told: list[str] = []
        loop = asyncio.get_running_loop()
        loop.add_reader(ours, told.append, "event")
        standstill.hooks.append(lambda: loop.remove_reader(ours))
        theirs.send(b"x")
        clock.jumped += 60
        await asyncio.sleep(2 * LONGEST_WAIT_S)

        assert told == []
        ours.close()
        theirs.close()

    in_loop(standstill, main())
