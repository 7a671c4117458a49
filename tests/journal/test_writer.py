from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.journal.house import Journal, Mastership, draft, made, put, sim

from brookline.errors import (
    BrooklineError,
    Conflict,
    Fenced,
    NotMaster,
    Outcome,
    StoreError,
    Unavailable,
)
from brookline.journal.keys import JOURNAL, entry_key
from brookline.journal.queue import Committed, Decision
from brookline.stores.store import CREATED, EXISTS, FsyncFailed, Undecided
from brookline.wire.changes import Merge, Put
from brookline.wire.entries import Active, Batch, Fence, Resign


def add(record_id: str, number: int):
    """Decide to add a number to a record's list."""

    def decide(view):
        before = (view.get("list", record_id) or {}).get("of", [])
        return Decision([Put("list", record_id, {"of": [*before, number]})], len(before))

    return decide


class Gate:
    """Holds creates of entries until it is opened."""

    def __init__(self, master: Mastership) -> None:
        self.open = asyncio.Event()
        self.waiting = 0
        self.most = 0
        master.store.before = self._before

    async def _before(self, call: str) -> None:
        if call.startswith(f"create {JOURNAL}"):
            self.waiting += 1
            self.most = max(self.most, self.waiting)
            await self.open.wait()
            self.waiting -= 1


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


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


# --- answers that are not definite ----------------------------------------------------------


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


# --- the end ----------------------------------------------------------------------------------


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


# --- large payloads ---------------------------------------------------------------------------


def big(number: int) -> dict[str, str]:
    return {"text": str(number) * (1 << 20)}


def test_a_large_commit_is_one_entry_with_its_payload_in_a_blob_that_comes_first() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        await master.put("a", **big(1))
        creates = [call for call in master.store.calls if call.startswith("create")][1:]
        assert [call.split("/")[0] for call in creates] == ["create blob", "create journal"]
        entry = journal.entries()[-1]
        assert entry.header.blob == creates[0].split()[1]
        assert entry.size > 1 << 20
        assert (await journal.read()).records.get("item", "a") == big(1)
        await master.end()

    sim(story)


def test_the_key_of_a_blob_is_used_once_in_an_epoch() -> None:
    """A blob of the same bytes may be announced for collection, and its deletion come late."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()

        async def again() -> str:
            await master.writer.commit(lambda _: Decision([Put("item", "a", big(1))]))
            return journal.entries()[-1].header.blob

        blobs = [await again() for _ in range(3)]
        assert len(set(blobs)) == 3
        await master.end()

    sim(story)


def test_a_batch_that_would_grow_too_large_is_cut() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        half = {"text": "x" * (600 << 10)}
        told = await asyncio.gather(*(master.put(f"i{i}", **half) for i in range(4)))
        assert sorted(committed.seq for committed in told) == [2, 2, 3, 3]
        await master.end()

    sim(story)


def test_the_writer_goes_on_when_a_reader_of_its_node_was_first() -> None:
    """The line or a nudge may have the node read what it just wrote."""

    async def story(journal: Journal) -> None:
        master = await journal.leads()
        reader = journal.reader(master.replica)

        async def read_first(call: str) -> None:
            if call == f"settle {entry_key(2)}":
                await reader.glance()

        master.store.before = read_first
        master.store.outcomes = [(True, Undecided("?"))]
        assert (await master.put("a")).seq == 2
        assert (await master.put("b")).seq == 3
        await master.end()

    sim(story)


def test_commits_are_told_to_those_who_listen() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        seen: list[int] = []
        master.writer.on_commit = lambda: seen.append(master.replica.seq)
        await master.put("a")
        await master.put("b")
        assert seen == [2, 3]
        await master.end()

    sim(story)


def test_created_is_enough() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        master.store.outcomes = [(True, CREATED)]
        await master.writer.commit(lambda _: Decision([Merge("item", "a", {"x": 1})]))
        assert master.store.asked("settle") == 0
        await master.end()

    sim(story)


def test_the_house_makes_entries_as_the_writer_does() -> None:
    async def story(journal: Journal) -> None:
        master = await journal.leads()
        entry, _ = made(master.replica, draft())
        master.replica.check(entry)
        await master.end()

    sim(story)
