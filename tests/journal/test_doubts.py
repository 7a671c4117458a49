from __future__ import annotations

import asyncio

import pytest
from tests.journal.house import Gate, Journal, sim, turns

from brookline.errors import (
    Fenced,
    NotMaster,
    Outcome,
    StoreError,
    Unavailable,
)
from brookline.journal.keys import entry_key
from brookline.stores.store import EXISTS, FsyncFailed, Undecided
from brookline.wire.entries import Fence


@pytest.mark.parametrize("landed", [True, False], ids=["landed", "lost"])
def test_without_an_answer_the_same_bytes_are_sent_until_there_is_one(landed: bool) -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = [(landed, Undecided("?")), (False, Undecided("?"))]
        committed = await master.put("a")
        assert committed.seq == 2
        assert master.store.asked(f"create {entry_key(2)}") == 3
        assert [e.seq for e in journal.entries()] == [1, 2]
        await master.end()

    sim(story)


def test_own_bytes_that_were_there_already_are_made_durable_first() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = [(True, Undecided("?"))]
        await master.put("a")
        assert master.store.calls[-1] == f"settle {entry_key(2)}"
        await master.end()

    sim(story)


def test_another_ones_entry_ends_the_mastership() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        journal.append(master.replica, Fence("n2", "forced"), node="n2")
        with pytest.raises(Fenced):
            await master.put("a")
        with pytest.raises(Fenced):
            await master.running
        with pytest.raises(NotMaster) as refused:
            await master.put("b")
        assert refused.value.outcome is Outcome.NOT_DONE

    sim(story)


@pytest.mark.parametrize(
    "outcomes",
    [
        pytest.param([(False, EXISTS)], id="taken-then-absent"),
        pytest.param([(True, FsyncFailed("fsync failed"))], id="fsync-failed"),
    ],
)
def test_in_doubt_it_stops(outcomes: list) -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = outcomes
        with pytest.raises(Unavailable) as told:
            await master.put("a")
        assert told.value.outcome is Outcome.UNKNOWN
        with pytest.raises(Unavailable, match="in doubt"):
            await master.running
        assert master.store.asked("create") <= 2 + 1

    sim(story)


def test_a_slot_that_cannot_be_read_is_asked_for_until_it_can() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = [(True, Undecided("?"))]
        fails = [StoreError("no")] * 5

        async def before(call: str) -> None:
            if call.startswith("get") and fails:
                raise fails.pop()

        master.store.before = before
        assert (await master.put("a")).seq == 2
        await master.end()

    sim(story)


def test_who_waits_in_vain_is_told_which_it_is() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(wait_s=3.0, most_items=2)
        gate = Gate(master)
        sent = asyncio.ensure_future(master.put("sent"))
        await turns()
        sealed = [asyncio.ensure_future(master.put(f"sealed{i}")) for i in range(2)]
        await turns()
        queued = asyncio.ensure_future(master.put("queued"))
        await turns()
        await journal.clock.sleep(3.0)
        master.writer.expire()
        told = await asyncio.gather(sent, *sealed, queued, return_exceptions=True)
        assert [error.outcome.value for error in told] == ["unknown"] * 3 + ["not-done"]
        gate.open.set()
        await master.end()
        # What was called unknown was done in this case; what was called not done never is.
        assert list((await journal.read()).records.ids("item")) == ["sent", "sealed0", "sealed1"]

    sim(story)


def test_who_waits_in_vain_is_told_what_the_store_said() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(wait_s=3.0, most_items=1)
        master.store.outcomes = [(False, Undecided("no space is left"))] * 100
        sent = asyncio.ensure_future(master.put("sent"))
        await turns()
        sealed, queued = (asyncio.ensure_future(master.put(name)) for name in ("b", "c"))
        await journal.clock.sleep(3.0)
        master.writer.expire()
        for told, rest in ((sent, ""), (sealed, ""), (queued, "; nothing was sent")):
            with pytest.raises(Unavailable) as error:
                await told
            said = "the store has not answered in time: no space is left"
            assert error.value.message == said + rest
        master.store.outcomes.clear()
        await master.end()

    sim(story)


def test_nobody_is_answered_too_early() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(wait_s=3.0)
        gate = Gate(master)
        sent = asyncio.ensure_future(master.put("sent"))
        await journal.clock.sleep(2.9)
        master.writer.expire()
        await turns()
        assert not sent.done()
        gate.open.set()
        await sent
        await master.end()

    sim(story)


def test_the_age_of_an_append_counts_from_its_sending() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=1)
        gate = Gate(master)
        callers = [asyncio.ensure_future(master.put("a"))]
        await turns()
        callers.append(asyncio.ensure_future(master.put("b")))
        await journal.clock.sleep(4.0)
        assert master.writer.undecided_since == journal.clock.monotonic() - 4.0
        # The second was sealed four seconds ago, but is sent only now.
        master.writer.on_commit = gate.open.clear
        gate.open.set()
        await callers[0]
        await turns()
        assert master.writer.undecided_since == journal.clock.monotonic()
        master.writer.on_commit = lambda: None
        gate.open.set()
        await asyncio.gather(*callers)
        assert master.writer.undecided_since is None
        await master.end()

    sim(story)
