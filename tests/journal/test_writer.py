from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.journal.house import Gate, Journal, put, sim, turns

from brookline.errors import (
    BrooklineError,
    Conflict,
    Fenced,
    Outcome,
    Unavailable,
)
from brookline.journal.queue import Committed, Decision
from brookline.wire.changes import Put
from brookline.wire.entries import Fence


def add(record_id: str, number: int):
    """Decide to add a number to a record's list."""

    def decide(view):
        before = (view.get("list", record_id) or {}).get("of", [])
        return Decision([Put("list", record_id, {"of": [*before, number]})], len(before))

    return decide


def test_a_commit_is_durable_and_applied_when_it_is_answered() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        committed = await master.put("a", x=1)
        assert committed == Committed("a", 2, 1)
        assert master.replica.records.get("item", "a") == {"x": 1}
        assert (await journal.read()).records.get("item", "a") == {"x": 1}
        await master.end()

    sim(story)


def test_the_request_and_its_user_are_in_the_entry() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.writer.commit(lambda _: Decision([put("a")]), request="r1", user="ann")
        (item,) = journal.entries()[-1].items()
        assert (item.request, item.user) == ("r1", "ann")
        await master.end()

    sim(story)


def test_what_queues_up_goes_into_the_next_entry() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        gate = Gate(master)
        first = asyncio.ensure_future(master.put("first"))
        await turns()
        others = [asyncio.ensure_future(master.put(f"i{i}")) for i in range(50)]
        await turns()
        gate.open.set()
        assert (await first).seq == 2
        assert {one.seq for one in await asyncio.gather(*others)} == {3}
        assert gate.most == 1
        await master.end()

    sim(story)


def test_callers_who_come_again_at_once_share_one_entry() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        gate = Gate(master)

        async def caller(number: int) -> None:
            for turn in range(5):
                await master.put(f"i{number}", turn=turn)
                await asyncio.sleep(0)  # as long as the answer and the next request take

        half = [asyncio.ensure_future(caller(number)) for number in range(8)]
        await turns()
        half += [asyncio.ensure_future(caller(number)) for number in range(8, 16)]
        await turns()
        gate.open.set()
        await asyncio.gather(*half)
        sizes = [len(entry.items()) for entry in journal.entries()[1:]]
        assert sizes == [8, 16, 16, 16, 16, 8]
        await master.end()

    sim(story)


def test_decisions_see_what_was_decided_before_them_in_the_same_entry() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        lots = await asyncio.gather(*(master.writer.commit(add("l", i)) for i in range(10)))
        assert [lot.answer for lot in lots] == list(range(10))
        assert master.replica.records.get("list", "l") == {"of": list(range(10))}
        await master.end()

    sim(story)


def test_decisions_see_the_append_in_flight() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=2)
        gate = Gate(master)
        waiting = [asyncio.ensure_future(master.writer.commit(add("l", 0)))]
        await turns()
        # Two make a full batch, which is sealed while the first is on its way.
        waiting += [asyncio.ensure_future(master.writer.commit(add("l", i))) for i in (1, 2)]
        await turns()
        gate.open.set()
        answers = [one.answer for one in await asyncio.gather(*waiting)]
        assert answers == [0, 1, 2]
        assert master.replica.records.get("list", "l") == {"of": [0, 1, 2]}
        await master.end()

    sim(story)


def test_batches_sealed_behind_one_another_form_no_chain() -> None:
    """Each view lay over the one before for as long as the load lasted."""

    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=1)
        number = itertools.count()

        async def caller() -> None:
            for _ in range(300):
                await master.writer.commit(add("l", next(number)))

        await asyncio.gather(*(caller() for _ in range(8)))
        assert master.replica.records.get("list", "l") == {"of": list(range(2400))}
        await master.end()

    sim(story)


def test_a_refusal_built_on_what_is_not_committed_waits_for_the_commit() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=1)
        gate = Gate(master)

        def once(view):
            if view.get("item", "a") is not None:
                raise Conflict("it is there")
            return Decision([put("a")])

        first = asyncio.ensure_future(master.writer.commit(once))
        await turns()
        second = asyncio.ensure_future(master.writer.commit(once))
        await turns(50)
        assert not second.done()
        gate.open.set()
        await first
        with pytest.raises(Conflict):
            await second
        await master.end()

    sim(story)


def test_nobody_is_told_of_a_decision_built_on_an_append_that_failed() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads(most_items=1)
        gate = Gate(master)

        def once(view):
            if view.get("item", "a") is not None:
                raise Conflict("it is there")
            return Decision([put("a")])

        callers = [asyncio.ensure_future(master.writer.commit(once))]
        await turns()
        callers.append(asyncio.ensure_future(master.writer.commit(once)))
        await turns()
        journal.append(master.replica, Fence("n2", "forced"), node="n2")
        gate.open.set()
        for caller in callers:
            with pytest.raises(Fenced) as refused:
                await caller
            assert refused.value.outcome is Outcome.UNKNOWN
        with pytest.raises(Fenced):
            await master.running

    sim(story)


def test_a_refusal_changes_nothing_and_the_others_go_on() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()

        def refuse(_):
            raise Conflict("no")

        told = await asyncio.gather(
            master.put("a"), master.writer.commit(refuse), master.put("b"), return_exceptions=True
        )
        assert isinstance(told[1], Conflict)
        assert [one.seq for one in (told[0], told[2])] == [2, 2]
        await master.end()

    sim(story)


def test_refused_all_alike_nothing_is_written() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        told = await master.writer.commit(lambda _: Decision([], "as you were"))
        assert told == Committed("as you were", 1, 1)
        assert len(journal.entries()) == 1
        await master.end()

    sim(story)


@pytest.mark.parametrize(
    "decide",
    [
        pytest.param(lambda _: 1 // 0, id="raises"),
        pytest.param(lambda _: None, id="decides-nothing"),
        pytest.param(lambda _: Decision([Put("item", "a", {"x": object()})]), id="no-json"),
        pytest.param(
            lambda _: Decision([put("a"), Put("item", "b", {"x": {1}, "y": 2j})]), id="half"
        ),
        pytest.param(lambda _: Decision(["what?"]), id="no-change"),
    ],
)
def test_a_faulty_decision_is_refused_alone(decide) -> None:
    """What could not be encoded ended the mastership of the one that was asked."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        bad, good = await asyncio.gather(
            master.writer.commit(decide), master.put("good"), return_exceptions=True
        )
        assert isinstance(bad, BrooklineError)
        assert not isinstance(bad, Unavailable)  # repeating it would not help
        assert good.answer == "good"
        assert list(master.replica.records.ids("item")) == ["good"]
        await master.end()

    sim(story)


def test_the_master_shows_what_everybody_will_read() -> None:
    """A tuple is a list to those who read the entry, and not-a-number is nothing."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.put("a", pair=(1, 2), keys={3: "x"}, odd=float("nan"))
        shown = master.replica.records.get("item", "a")
        assert shown == {"pair": [1, 2], "keys": {"3": "x"}, "odd": None}
        assert (await journal.read()).records.get("item", "a") == shown
        await master.end()

    sim(story)


def test_a_value_that_its_maker_changes_later_stays_as_it_was() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        value = {"x": [1]}
        await master.writer.commit(lambda _: Decision([Put("item", "a", value)]))
        value["x"].append(2)
        assert master.replica.records.get("item", "a") == {"x": [1]}
        await master.end()

    sim(story)


def test_a_caller_who_left_before_it_was_sealed_changed_nothing() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        gate = Gate(master)
        first = asyncio.ensure_future(master.put("first"))
        await turns()
        left = asyncio.ensure_future(master.put("left"))
        await turns()
        left.cancel()
        await turns()
        gate.open.set()
        await first
        await master.end()
        assert list((await journal.read()).records.ids("item")) == ["first"]

    sim(story)
