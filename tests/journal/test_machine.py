"""A machine that writes a log in every way it knows, and checks what every reader makes of it."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tests.journal.house import PLANE, Journal, Mastership

from brookline.errors import Conflict, Unavailable
from brookline.journal import snapshot
from brookline.journal.keys import SNAPSHOT, entry_key, snapshot_seq
from brookline.journal.queue import Decision
from brookline.journal.records import Records
from brookline.journal.replica import Replica
from brookline.stores.store import Undecided
from brookline.testing.clock import SimClock
from brookline.testing.loop import SimLoop
from brookline.wire.changes import Change, Drop, Merge, Put

IDS = st.sampled_from("abcd")
VALUES = st.dictionaries(st.sampled_from("xy"), st.integers(0, 9), max_size=2)
CHANGES = st.one_of(
    st.builds(Put, st.just("item"), IDS, VALUES),
    st.builds(Merge, st.just("item"), IDS, VALUES, st.just(("x",))),
    st.builds(Drop, st.just("item"), IDS),
)
REQUESTS = st.lists(CHANGES, min_size=1, max_size=3)


def copied(records: Records) -> dict[str, list[tuple[str, object]]]:
    return {kind: list(of.items()) for kind, of in records.kinds().items() if of}


class Log(RuleBasedStateMachine):
    """Masters come and go; what they commit is compared with the plainest model there is."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = SimLoop()
        self.journal = Journal(SimClock(self.loop.true_time))
        self.master: Mastership | None = None
        self.followers: list[Replica] = []
        self.states: dict[int, object] = {}
        self.nodes = 0

    def run(self, work):
        return self.loop.run_until_complete(work)

    def caught(self, work):
        async def catch() -> object:
            return (await asyncio.gather(work, return_exceptions=True))[0]

        return self.run(catch())

    def teardown(self) -> None:
        if self.master is not None:
            self.master.running.cancel()
            self.caught(self.master.running)
        assert self.loop.accidents == []
        self.loop.close()

    @initialize()
    def begin(self) -> None:
        self.take_over()

    @rule()
    def take_over(self) -> None:
        """Another node fences; the old master learns of it at its next append."""
        former = self.master
        self.nodes += 1
        self.master = self.run(self.journal_leads())
        if former is not None:
            assert isinstance(self.caught(former.put("late")), Unavailable)
            assert isinstance(self.caught(former.running), Unavailable)
        self.note()

    async def journal_leads(self) -> Mastership:
        return await self.journal.leads(f"n{self.nodes}", most_items=2)

    @rule(
        requests=st.lists(REQUESTS, min_size=1, max_size=6),
        lost=st.sampled_from([None, True, False]),
    )
    def write(self, requests: list[list[Change]], lost: bool | None) -> None:
        """Several callers at once; perhaps the store's first answer is lost."""
        assert self.master is not None
        if lost is not None:
            self.master.store.outcomes = [(lost, Undecided("?"))]
        model = Records()
        for kind, of in self.master.replica.records.kinds().items():
            for record_id, value in of.items():
                model.put(kind, record_id, value)
        seen: list[object] = []

        async def call(changes: list[Change]) -> None:
            def decide(view):
                seen.append([(i, view.get("item", i)) for i in view.ids("item")])
                return Decision(changes)

            await self.master.writer.commit(decide)

        async def all_of_them() -> None:
            await asyncio.gather(*(call(changes) for changes in requests))

        self.run(all_of_them())
        for changes, shown in zip(requests, seen, strict=True):
            assert shown == [(i, model.get("item", i)) for i in model.ids("item")]
            model.apply(changes)
        assert copied(self.master.replica.records) == copied(model)
        self.note()

    @rule()
    def refuse(self) -> None:
        assert self.master is not None

        def decide(_):
            raise Conflict("no")

        before = self.master.replica.at
        assert isinstance(self.caught(self.master.writer.commit(decide)), Conflict)
        assert self.master.replica.at == before

    @rule()
    def snapshot(self) -> None:
        assert self.master is not None
        key, data = self.run(snapshot.encode(self.master.replica, self.journal.clock))
        self.journal.shelf.create(key, data)

    @rule()
    def collect(self) -> None:
        """Delete what the last-but-one snapshot makes superfluous."""
        snapshots = self.journal.shelf.keys(SNAPSHOT, "")
        if len(snapshots) < 2:
            return
        for entry in self.journal.entries():
            if entry.seq <= snapshot_seq(snapshots[-2]) and not entry.is_fence:
                self.journal.shelf.delete(entry_key(entry.seq))

    @rule()
    def follow(self) -> None:
        """Somebody begins to follow the log."""
        if len(self.followers) < 4:
            self.followers.append(Replica(PLANE))

    @rule(which=st.integers(0, 3), through=st.booleans())
    def read_on(self, which: int, through: bool) -> None:
        if which < len(self.followers):
            reader = self.journal.reader(self.followers[which])
            self.run(reader.catch_up() if through else reader.glance(self.followers[which].seq + 1))

    def note(self) -> None:
        assert self.master is not None
        self.states[self.master.replica.seq] = copied(self.master.replica.records)

    @invariant()
    def every_follower_shows_a_prefix(self) -> None:
        for replica in self.followers:
            if replica.seq in self.states:
                assert copied(replica.records) == self.states[replica.seq]

    @invariant()
    def a_fresh_reader_shows_what_the_master_does(self) -> None:
        if self.master is not None:
            fresh = self.run(self.journal.read())
            assert fresh.at == self.master.replica.at
            assert copied(fresh.records) == copied(self.master.replica.records)


pytestmark = pytest.mark.slow
Log.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_any_log = Log.TestCase
