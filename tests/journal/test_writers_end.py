from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import Gate, Journal, sim, turns

from brookline.errors import (
    NotMaster,
    Outcome,
)
from brookline.wire.entries import Active, Batch, Fence, Resign


def test_closing_refuses_what_was_not_sealed_and_finishes_what_was() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        gate = Gate(master)
        sent = asyncio.ensure_future(master.put("sent"))
        await turns()
        queued = asyncio.ensure_future(master.put("queued"))
        await turns()
        master.writer.close("over")
        with pytest.raises(NotMaster) as refused:
            await queued
        assert refused.value.outcome is Outcome.NOT_DONE
        gate.open.set()
        assert (await sent).seq == 2
        await master.running

    sim(story)


def test_cancelling_tells_those_whose_bytes_were_sent_that_it_is_unknown() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=1)
        Gate(master)
        callers = [asyncio.ensure_future(master.put("sent"))]
        for name in ("sealed", "queued"):
            await turns()
            callers.append(asyncio.ensure_future(master.put(name)))
        await turns()
        master.running.cancel()
        told = await asyncio.gather(*callers, return_exceptions=True)
        assert [error.outcome.value for error in told] == ["unknown", "unknown", "not-done"]

    sim(story)


def test_nothing_follows_the_last_entry() -> None:
    """What was asked for while `resign` was on its way was written behind it."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        gate = Gate(master)
        before = asyncio.ensure_future(master.put("before"))
        await turns()
        with_it = asyncio.ensure_future(master.put("with it"))
        await turns()
        last = asyncio.ensure_future(master.writer.append_last(Resign("n2")))
        await turns()
        with pytest.raises(NotMaster) as refused:
            await master.put("after")
        assert refused.value.outcome is Outcome.NOT_DONE
        gate.open.set()
        await asyncio.gather(before, with_it, last)
        await master.running
        payloads = [type(entry.payload) for entry in journal.entries()]
        assert payloads == [Fence, Batch, Batch, Resign]

    sim(story)


def test_a_payload_of_its_own_comes_in_its_turn() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        one = asyncio.ensure_future(master.put("one"))
        await turns(1)
        own = asyncio.ensure_future(master.writer.append(Active()))
        await turns(1)
        other = asyncio.ensure_future(master.put("other"))
        told = await asyncio.gather(one, own, other)
        assert [committed.seq for committed in told] == [2, 3, 4]
        await master.end()

    sim(story)
