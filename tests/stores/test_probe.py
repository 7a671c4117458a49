"""The probe: passes honest stores, and finds those that lie."""

from __future__ import annotations

import dataclasses
import itertools
import random

import pytest

from brookline.errors import StoreError, StoreUnfit
from brookline.stores.directory import DirectoryStore
from brookline.stores.faults import Odds, RandomFaults
from brookline.stores.keeping import Keeping
from brookline.stores.memory import MemoryStore
from brookline.stores.probe import QUICK, WHOLE, probe, require_fit
from brookline.stores.report import ADVICE, Property, Verdict, summarize
from brookline.stores.shelf import Shelf
from brookline.stores.store import CREATED, EXISTS, Created, Undecided
from brookline.values.clock import SystemClock


class Liar(MemoryStore):
    """A memory store; those below break one promise each."""


class TwoWinners(Liar):
    """Tells the first two who create a key that they won."""

    told = None

    async def create(self, key, data):
        self.told = self.told or {}
        outcome = await super().create(key, data)
        self.told[key] = self.told.get(key, 0) + 1
        return CREATED if self.told[key] == 2 else outcome


class Overwriting(Liar):
    """Creates by put, as `rename` would."""

    async def create(self, key, data):
        await self.put(key, data)
        return CREATED


class OverwritingInSilence(Liar):
    """Refuses a second create, but takes its bytes."""

    async def create(self, key, data):
        outcome = await super().create(key, data)
        await self.put(key, data)
        return outcome


class Mistaken(Liar):
    """Keeps the bytes of somebody else than the one it told."""

    async def create(self, key, data):
        return await super().create(key, data if "race" not in key else b"torn")


class Forgetful(Liar):
    """Does not show what was just created until somebody asked twice."""

    asked = None

    async def get(self, key):
        self.asked = self.asked or set()
        if "life" in key and key not in self.asked:
            self.asked.add(key)
            return None
        return await super().get(key)


class Blind(Liar):
    """Never lists what it holds."""

    async def list(self, prefix, after=""):
        return []


class Nostalgic(Liar):
    """Goes on to list what was deleted."""

    async def delete(self, key):
        self.gone = {*getattr(self, "gone", ()), key}
        await super().delete(key)

    async def list(self, prefix, after=""):
        return sorted({*await super().list(prefix, after), *getattr(self, "gone", ())})


class Grieving(Nostalgic):
    """Refuses a second life, as a versioned bucket may that takes delete markers for objects."""

    list = MemoryStore.list

    async def create(self, key, data):
        return EXISTS if key in getattr(self, "gone", ()) else await super().create(key, data)


class Filling(Nostalgic):
    """Is full when a key is to be created again: that says nothing of deleted keys."""

    list = MemoryStore.list

    async def create(self, key, data):
        if key in getattr(self, "gone", ()):
            return Undecided("No space left on device")
        return await super().create(key, data)


class Undead(Liar):
    """Can still be asked for what was deleted, and lists it no more."""

    async def delete(self, key):
        self.last = {**getattr(self, "last", {}), key: await self.get(key)}
        await super().delete(key)

    async def get(self, key):
        return await super().get(key) or getattr(self, "last", {}).get(key)


class Linkless(Liar):
    """A file system without hard links."""

    async def create(self, key, data):
        return Undecided("Operation not permitted")


class Caching(Liar):
    """Shows the first bytes that it ever saw under a key, for ever."""

    async def get(self, key):
        self.seen = getattr(self, "seen", {})
        found = await super().get(key)
        if key.endswith("put") and found is not None:
            return self.seen.setdefault(key, found)
        return found


class NegativeCaching(Liar):
    """Takes a key for absent that it once found absent, as an NFS client may for a minute."""

    async def get(self, key):
        self.absent = getattr(self, "absent", set())
        if "seen" in key and (key in self.absent or await super().get(key) is None):
            self.absent.add(key)
            return None
        return await super().get(key)


class Expiring(Liar):
    """A bucket with a rule that deletes what is old."""

    async def keeping(self):
        return Keeping(loses="the rule 'tidy' deletes objects")


LIARS = [
    (TwoWinners, Property.ONE_WINNER),
    (Overwriting, Property.ONE_WINNER),
    (OverwritingInSilence, Property.WINNERS_BYTES),
    (Mistaken, Property.WINNERS_BYTES),
    (Forgetful, Property.READS_OWN),
    (Blind, Property.LISTS_NEW),
    (Nostalgic, Property.LISTS_GONE),
    (Grieving, Property.RECREATES),
    (Filling, Property.DEFINITE),
    (Undead, Property.RECREATES),
    (Linkless, Property.DEFINITE),
    (Caching, Property.SHOWS_PUT),
    (NegativeCaching, Property.SHOWS_CREATE),
    (Expiring, Property.LASTS),
]


@pytest.mark.parametrize("size", [QUICK, WHOLE], ids=["quick", "whole"])
@pytest.mark.parametrize(("liar", "lacking"), LIARS)
async def test_a_store_that_lies_is_found_and_refused(hasty_clock, liar, lacking, size):
    shelf = Shelf(hasty_clock)
    report = await probe(liar(shelf), liar(shelf), clock=hasty_clock, size=size)
    assert [found.subject for found in report.failures] == [lacking]
    assert not report.fit
    with pytest.raises(StoreUnfit) as refused:
        require_fit(report)
    assert lacking.value in refused.value.message
    assert ADVICE[lacking] in refused.value.message
    assert refused.value.data == {"property": lacking.name}


async def test_a_store_that_overwrites_when_nobody_races_is_found(hasty_clock):
    class Sly(MemoryStore):
        async def create(self, key, data):
            if "life" in key and data == b"another":
                await self.put(key, data)
                return CREATED
            return await super().create(key, data)

    shelf = Shelf(hasty_clock)
    report = await probe(Sly(shelf), Sly(shelf), clock=hasty_clock, size=QUICK)
    assert [found.subject for found in report.failures] == [Property.REFUSES]


async def test_a_memory_store_is_fit(hasty_clock):
    shelf = Shelf(hasty_clock)
    report = await probe(MemoryStore(shelf), MemoryStore(shelf), clock=hasty_clock)
    of_buckets = {Property.LASTS, Property.FORGETS}
    assert {found.subject for found in report.findings} == set(Property) - of_buckets
    assert {found.verdict for found in report.findings} == {Verdict.HOLDS}
    assert {found.advice for found in report.findings} == {""}
    assert (report.size, report.plane, report.left_behind) == ("whole", False, 0)
    assert report.create.count == 40
    require_fit(report)
    assert len(shelf) == 0


@pytest.mark.slow
@pytest.mark.parametrize("size", [QUICK, WHOLE], ids=["quick", "whole"])
async def test_a_directory_is_fit(tmp_path, size):
    stores = [await DirectoryStore.open(tmp_path) for _ in range(2)]
    await stores[0].create("plane", b"{}")
    report = await probe(*stores, clock=SystemClock(), size=size)
    require_fit(report)
    assert report.plane
    assert 0 < report.create.median_ms <= report.create.p99_ms
    assert await stores[0].list("") == ["plane"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["plane", "probe"]
    assert list((tmp_path / "probe").iterdir()) == []
    for store in stores:
        await store.close()


async def test_a_delay_that_can_be_borne_is_measured(hasty_clock):
    shelf = Shelf(hasty_clock)
    lags = Odds(list_lag=1.0, list_lag_s=4.0, absence=1.0, absence_s=0.5)
    faults = RandomFaults(random.Random(5), lags)
    stores = [MemoryStore(shelf, name, faults=faults) for name in "ab"]
    report = await probe(*stores, clock=hasty_clock)
    found = {each.subject: each for each in report.findings}
    assert found[Property.LISTS_NEW].verdict is Verdict.SLOW
    assert 1000 < found[Property.LISTS_NEW].lag_ms < 4500
    assert "lookupcache" in found[Property.LISTS_NEW].advice
    assert found[Property.SHOWS_CREATE].verdict is Verdict.HOLDS
    assert 100 < found[Property.SHOWS_CREATE].lag_ms < 1000
    assert found[Property.SHOWS_PUT].lag_ms == 0
    require_fit(report)


@pytest.mark.parametrize(
    ("keeping", "verdicts"),
    [
        (Keeping(), {Property.LASTS: Verdict.HOLDS}),
        (Keeping(unread="403 AccessDenied"), {Property.LASTS: Verdict.DOUBTFUL}),
        (
            Keeping(hoards="it keeps versions"),
            {Property.LASTS: Verdict.HOLDS, Property.FORGETS: Verdict.DOUBTFUL},
        ),
    ],
    ids=["nothing", "unread", "versions"],
)
async def test_what_is_doubtful_is_said_with_advice_and_not_refused(hasty_clock, keeping, verdicts):
    class Bucket(MemoryStore):
        async def keeping(self):
            return keeping

    shelf = Shelf(hasty_clock)
    report = await probe(Bucket(shelf), Bucket(shelf), clock=hasty_clock, size=QUICK)
    told = [each for each in report.findings if each.subject in (Property.LASTS, Property.FORGETS)]
    assert {each.subject: each.verdict for each in told} == verdicts
    assert all(bool(each.advice) is (each.verdict is Verdict.DOUBTFUL) for each in told)
    require_fit(report)


class Recording:
    """Writes down which keys each call touches."""

    def __init__(self, store, calls):
        self._store = store
        self._calls = calls

    def __getattr__(self, name):
        if not hasattr(self._store, name):
            raise AttributeError(name)

        def call(key, *args):
            self._calls.append((name, key))
            return getattr(self._store, name)(key, *args)

        return call


async def test_it_reads_the_plane_first_and_touches_nothing_but_its_own_keys(hasty_clock):
    shelf, calls = Shelf(hasty_clock), []
    for key in ("plane", "journal/0000000/0000000001", "probe/another/1"):
        shelf.put(key, b"held")
    store = Recording(MemoryStore(shelf), calls)
    report = await probe(store, store, clock=hasty_clock, size=QUICK)
    assert report.plane
    assert calls[0] == ("get", "plane")
    own = {key.split("/")[1] for _, key in calls[1:] if key.startswith("probe/")}
    assert len(own) == 1
    assert all(key.startswith(f"probe/{min(own)}/") for _, key in calls[1:])
    assert shelf.keys("", "") == ["journal/0000000/0000000001", "plane", "probe/another/1"]


async def test_it_cleans_up_after_a_failure_too(hasty_clock):
    shelf = Shelf(hasty_clock)
    await probe(Blind(shelf), Blind(shelf), clock=hasty_clock)
    assert len(shelf) == 0


async def test_it_says_what_it_could_not_remove(hasty_clock):
    class Keeping(MemoryStore):
        async def delete(self, key):
            if "race" in key:
                raise StoreError("may not delete")
            await super().delete(key)

    shelf = Shelf(hasty_clock)
    report = await probe(Keeping(shelf), Keeping(shelf), clock=hasty_clock, size=QUICK)
    assert report.fit
    assert report.left_behind == QUICK.rounds == len(shelf)


async def test_a_store_without_an_answer_is_not_called_unfit(hasty_clock):
    faults = RandomFaults(random.Random(1))
    store = MemoryStore(Shelf(hasty_clock), faults=faults)
    faults.down = True
    with pytest.raises(StoreError) as raised:
        await probe(store, store, clock=hasty_clock)
    assert not isinstance(raised.value, StoreUnfit)


async def test_lost_answers_to_creates_are_no_failure(hasty_clock):
    dice = random.Random(4)

    class Lossy(MemoryStore):
        async def create(self, key, data):
            outcome = await super().create(key, data)
            lost = isinstance(outcome, Created) and dice.random() < 0.5
            return Undecided("no answer") if lost else outcome

    shelf = Shelf(hasty_clock)
    report = await probe(Lossy(shelf), Lossy(shelf), clock=hasty_clock)
    require_fit(report)
    assert len(shelf) == 0


def test_every_property_has_advice():
    assert set(ADVICE) == set(Property)


@pytest.mark.parametrize(
    ("count", "median", "p99"),
    [(0, 0, 0), (1, 0, 0), (3, 1000, 2000), (101, 50_000, 99_000)],
    ids=["none", "one", "three", "many"],
)
def test_latencies_are_summed_up(count, median, p99):
    durations = list(itertools.islice(itertools.count(), count))
    assert dataclasses.astuple(summarize(durations[::-1])) == (count, median, p99)
