from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import Journal, sim

from brookline.errors import NotMaster, Outcome, Unavailable
from brookline.journal.queue import Decision, Queue, Waiting


def waiting(since: float = 0.0) -> Waiting:
    future = asyncio.get_running_loop().create_future()
    return Waiting(future, since, decide=lambda _: Decision([]))


def outcome(one: Waiting) -> Outcome | None:
    if not one.future.done():
        return None
    error = one.future.exception()
    assert isinstance(error, Unavailable)
    return error.outcome


def test_first_come_first_out() -> None:
    async def story(_: Journal) -> None:
        queue, lot = Queue(), [waiting() for _ in range(3)]
        for one in lot:
            queue.add(one)
        assert [queue.pop() for _ in lot] == lot
        assert queue.first() is None

    sim(story)


def test_who_waits_no_more_is_passed_over() -> None:
    async def story(_: Journal) -> None:
        queue, lot = Queue(), [waiting() for _ in range(3)]
        for one in lot:
            queue.add(one)
        lot[0].future.cancel()
        assert queue.first() is lot[1]
        assert len(queue) == 2

    sim(story)


def test_those_who_waited_too_long_are_told_that_nothing_was_done() -> None:
    async def story(_: Journal) -> None:
        queue, lot = Queue(), [waiting(since) for since in (1.0, 2.0, 3.0)]
        for one in lot:
            queue.add(one)
        queue.expire(2.0, "the disk is full")
        assert [outcome(one) for one in lot] == [Outcome.NOT_DONE, Outcome.NOT_DONE, None]
        assert list(queue) == [lot[2]]
        with pytest.raises(Unavailable, match="the disk is full; nothing was sent"):
            lot[0].future.result()

    sim(story)


def test_closing_refuses_all() -> None:
    async def story(_: Journal) -> None:
        queue, one = Queue(), waiting()
        queue.add(one)
        queue.close("over")
        assert outcome(one) is Outcome.NOT_DONE
        with pytest.raises(NotMaster, match="over"):
            queue.add(waiting())

    sim(story)


def test_shutting_refuses_only_who_comes() -> None:
    async def story(_: Journal) -> None:
        queue, one = Queue(), waiting()
        queue.add(one)
        queue.shut("over")
        assert queue.first() is one
        with pytest.raises(NotMaster) as refused:
            queue.add(waiting())
        assert refused.value.outcome is Outcome.NOT_DONE

    sim(story)


def test_a_refusal_of_somebody_who_left_is_no_error() -> None:
    async def story(_: Journal) -> None:
        one = waiting()
        one.future.cancel()
        one.refuse(NotMaster())
        assert one.future.cancelled()

    sim(story)
