"""The memory store's faults: each does what it says, and a seed tells one story."""

from __future__ import annotations

import asyncio
import random

import pytest

from brookline.errors import StoreError
from brookline.stores.faults import NEVER, PROMPT, Fate, Odds, RandomFaults
from brookline.stores.memory import MemoryStore
from brookline.stores.shelf import Shelf
from brookline.stores.store import CREATED, EXISTS, Exists, Undecided

KEY = "journal/0000000/0000000001"


class Scripted:
    """Faults as a test lists them: fates in the order of requests, then all is well."""

    def __init__(self, *fates, list_lag_s=0.0, absence_lag_s=0.0, conflict=False):
        self.fates = list(fates)
        self.listing = list_lag_s
        self.absence = absence_lag_s
        self.conflict = conflict

    def fate(self, handle, operation, key):
        return self.fates.pop(0) if self.fates else PROMPT

    def list_lag_s(self, key):
        return self.listing

    def absence_lag_s(self, handle, key):
        return self.absence

    def conflicts(self, handle, key):
        return self.conflict


@pytest.fixture
def shelf(step_clock):
    return Shelf(step_clock)


@pytest.fixture
def witness(shelf):
    return MemoryStore(shelf, "witness")


@pytest.fixture
def connect(shelf, step_clock):
    """Open a handle with some faults."""

    def open_handle(*fates, **lags):
        return MemoryStore(
            shelf, "subject", faults=Scripted(*fates, **lags), later=step_clock.call_later
        )

    return open_handle


LOST_ANSWER = Fate(lands_s=0.1, heard=False, gives_up_s=1.0)
LOST_REQUEST = Fate(lands_s=NEVER, heard=False, gives_up_s=1.0)
LATE = Fate(lands_s=5.0, heard=False, gives_up_s=1.0)


async def outcome_of(call, clock, seconds=1.0):
    task = asyncio.ensure_future(call)
    await clock.advance(seconds)
    assert task.done()
    return await task


async def test_a_delay_holds_up_the_effect_and_the_answer(connect, witness, step_clock):
    store = connect(Fate(lands_s=2.0, answer_s=3.0))
    task = asyncio.ensure_future(store.create(KEY, b"x"))
    await step_clock.advance(1.9)
    assert await witness.get(KEY) is None
    await step_clock.advance(0.2)
    assert await witness.get(KEY) == b"x"
    assert not task.done()
    await step_clock.advance(3.0)
    assert await task == CREATED


async def test_a_lost_answer_is_undecided_though_it_happened(connect, witness, step_clock):
    store = connect(LOST_ANSWER)
    assert isinstance(await outcome_of(store.create(KEY, b"x"), step_clock), Undecided)
    assert await witness.get(KEY) == b"x"
    assert await store.create(KEY, b"x") == EXISTS


async def test_a_lost_request_is_undecided_and_never_happens(connect, witness, step_clock):
    store = connect(LOST_REQUEST)
    assert isinstance(await outcome_of(store.create(KEY, b"x"), step_clock), Undecided)
    await step_clock.advance(1000)
    assert await witness.get(KEY) is None


@pytest.mark.parametrize(
    "fate", [LOST_ANSWER, LOST_REQUEST, LATE], ids=["answer", "request", "late"]
)
async def test_other_calls_without_an_answer_raise(connect, step_clock, fate):
    store = connect(*[fate] * 4)
    for call in (store.get(KEY), store.put(KEY, b""), store.delete(KEY), store.list("")):
        with pytest.raises(StoreError, match="did not answer"):
            await outcome_of(call, step_clock)


async def test_a_late_create_lands_after_its_sender_gave_up(connect, witness, step_clock):
    store = connect(LATE)
    assert isinstance(await outcome_of(store.create(KEY, b"x"), step_clock), Undecided)
    assert await witness.get(KEY) is None
    await step_clock.advance(4.0)
    assert await witness.get(KEY) == b"x"


async def test_a_late_create_finds_the_slot_taken_by_who_came_first(connect, witness, step_clock):
    store = connect(LATE)
    await outcome_of(store.create(KEY, b"late"), step_clock)
    assert await witness.create(KEY, b"first") == CREATED
    await step_clock.advance(10.0)
    assert await witness.get(KEY) == b"first"


@pytest.mark.parametrize(("conflict", "told"), [(True, Undecided), (False, Exists)])
async def test_a_create_that_met_another_one_of_its_key_may_be_told_neither(
    connect, witness, step_clock, conflict, told
):
    store = connect(Fate(lands_s=2.0), conflict=conflict)
    task = asyncio.ensure_future(store.create(KEY, b"second"))
    await step_clock.advance(1.0)
    assert await witness.create(KEY, b"first") == CREATED
    await step_clock.advance(2.0)
    assert isinstance(await task, told)
    assert await witness.get(KEY) == b"first"
    assert await store.create(KEY, b"second") == EXISTS, "it is there since before"


async def test_a_late_put_and_a_late_delete_land_too(connect, witness, step_clock):
    store = connect(LATE, LATE)
    with pytest.raises(StoreError):
        await outcome_of(store.put("node/a", b"late"), step_clock)
    await witness.put("node/a", b"newer")
    await step_clock.advance(10.0)
    assert await witness.get("node/a") == b"late"
    with pytest.raises(StoreError):
        await outcome_of(store.delete("node/a"), step_clock)
    await step_clock.advance(10.0)
    assert await witness.get("node/a") is None


@pytest.mark.parametrize(
    "fate", [Fate(lands_s=2.0), LATE, LOST_ANSWER], ids=["slow", "late", "lost-answer"]
)
async def test_what_was_sent_lands_though_its_sender_crashed(connect, witness, step_clock, fate):
    store = connect(fate)
    sender = asyncio.ensure_future(store.create(KEY, b"x"))
    await step_clock.advance(0.05)
    sender.cancel()
    await asyncio.wait([sender])
    assert await witness.get(KEY) is None
    await step_clock.advance(10.0)
    assert await witness.get(KEY) == b"x"


async def test_a_copy_of_a_request_lands_again(connect, witness, step_clock):
    store = connect(Fate(lands_s=0.1, again_s=5.0))
    assert await outcome_of(store.create(KEY, b"x"), step_clock) == CREATED
    await witness.delete(KEY)
    await step_clock.advance(10.0)
    assert await witness.get(KEY) == b"x"


async def test_the_answer_to_the_copy_of_a_create_is_exists_with_own_bytes(connect, step_clock):
    store = connect(Fate(lands_s=0.1, again_s=0.2, echo=True))
    assert await outcome_of(store.create(KEY, b"x"), step_clock) == EXISTS
    assert await store.get(KEY) == b"x"


async def test_lists_show_new_and_deleted_names_late(connect, witness, step_clock):
    store = connect(list_lag_s=3.0)
    await witness.create("node/old", b"x")
    await store.create("node/new", b"x")
    await store.delete("node/old")
    await store.put("node/old", b"again")
    assert await witness.list("node/") == ["node/old"]
    assert await witness.get("node/new") == b"x"
    await store.delete("node/old")
    assert await witness.list("node/") == ["node/old"]
    assert await witness.list("node/", after="node/old") == []
    await step_clock.advance(3.1)
    assert await witness.list("node/") == ["node/new"]


async def test_a_handle_remembers_that_a_key_was_absent(connect, witness, step_clock):
    store = connect(absence_lag_s=3.0)
    assert await store.get(KEY) is None
    await witness.create(KEY, b"x")
    assert await store.get(KEY) is None
    assert await witness.get(KEY) == b"x"
    await step_clock.advance(3.1)
    assert await store.get(KEY) == b"x"


@pytest.mark.parametrize("call", ["create", "put"])
async def test_a_handle_that_writes_a_key_forgets_that_it_was_absent(connect, call):
    store = connect(absence_lag_s=3.0)
    assert await store.get(KEY) is None
    await getattr(store, call)(KEY, b"x")
    assert await store.get(KEY) == b"x"


async def test_an_outage_and_cuts_begin_and_end_as_the_schedule_says(shelf, witness, step_clock):
    faults = RandomFaults(random.Random(1), Odds(patience_s=0.5))
    store = MemoryStore(shelf, "a", faults=faults, later=step_clock.call_later)
    faults.down = True
    assert isinstance(await outcome_of(store.create(KEY, b"x"), step_clock), Undecided)
    faults.mend()
    assert await store.create(KEY, b"x") == CREATED
    faults.unreachable.add("a")
    with pytest.raises(StoreError):
        await outcome_of(store.put("node/a", b"1"), step_clock)
    assert await witness.get("node/a") is None
    faults.mend()
    faults.unheard.add("a")
    with pytest.raises(StoreError):
        await outcome_of(store.put("node/a", b"2"), step_clock)
    assert await witness.get("node/a") == b"2"
    faults.mend()
    faults.unreachable.add("another")
    assert await store.get("node/a") == b"2"


ALL_ODDS = Odds(
    travel_s=0.2,
    lost_answer=0.1,
    lost_request=0.1,
    late=0.1,
    again=0.2,
    list_lag=0.3,
    absence=0.3,
)


async def story(seed, clock):
    """Let three handles do some hundred calls under all faults; return all answers."""
    faults = RandomFaults(random.Random(seed), ALL_ODDS)
    shelf = Shelf(clock)
    told = []

    async def node(name):
        dice = random.Random(f"{seed} {name}")
        store = MemoryStore(shelf, name, faults=faults, later=clock.call_later)
        for number in range(60):
            key = f"node/{dice.randrange(8)}"
            calls = [
                lambda: store.create(key, name.encode()),  # noqa: B023
                lambda: store.get(key),  # noqa: B023
                lambda: store.put(key, str(number).encode()),  # noqa: B023
                lambda: store.list("node/"),
                lambda: store.delete(key),  # noqa: B023
            ]
            try:
                told.append((clock.now, name, await dice.choice(calls)()))
            except StoreError as problem:
                told.append((clock.now, name, problem.message))

    nodes = [asyncio.ensure_future(node(name)) for name in "abc"]
    await clock.advance(600)
    await asyncio.gather(*nodes)
    return told


async def test_a_seed_tells_the_same_story_each_time(step_clock):
    begin = step_clock.now
    stories = []
    for seed in (1, 1, 2):
        step_clock.now = begin
        stories.append(await story(seed, step_clock))
    assert stories[0] == stories[1]
    assert stories[0] != stories[2]
    assert len(stories[0]) == 180


def test_odds_are_kept():
    dice = RandomFaults(random.Random(3), ALL_ODDS)
    fates = [dice.fate("a", "create", KEY) for _ in range(10_000)]
    unheard = [fate for fate in fates if not fate.heard]
    lost = [fate for fate in unheard if fate.lands_s == NEVER]
    late = [fate for fate in unheard if fate.gives_up_s < fate.lands_s < NEVER]
    copied = [fate for fate in fates if fate.again_s < NEVER]
    counts = [len(unheard), len(lost), len(late), len(copied)]
    expected = [2710, 900, 810, 1458]
    assert counts == pytest.approx(expected, rel=0.15)
    assert any(fate.echo for fate in copied)
    assert all(RandomFaults(random.Random(3)).fate("a", "get", KEY) is PROMPT for _ in range(9))


def test_an_answer_to_what_never_lands_cannot_be_heard():
    with pytest.raises(ValueError, match="never lands"):
        Fate(lands_s=NEVER)
    with pytest.raises(ValueError, match="never lands"):
        Fate(echo=True)
