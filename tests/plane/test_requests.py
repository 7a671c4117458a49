"""Requests that are remembered: matched, joined and forgotten."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec import structs

from brookline.errors import Conflict, KeyReused
from brookline.journal.queue import Decision
from brookline.journal.records import Overlay, Records
from brookline.plane.peers import Request
from brookline.plane.requests import KIND, Ages, Known, digest_of, find, is_given, once, record_id
from brookline.wire.changes import Drop, Put

REQUEST = Request(
    id="k",
    method="POST",
    path="/v1/x?a=1",
    headers=(("accept", "*/*"), ("content-type", "application/json")),
    body=b"1",
    user="ann",
    from_client=True,
)


def writes(view):
    return Decision([Put("thing", "t", {})], "made")


def done(records, request=REQUEST, decide=writes, tell=lambda answer: {"body": answer}):
    """Do a request, or find that it was done."""
    decision = once(request, decide, tell)(records)
    records.apply(decision.changes)
    return decision


@pytest.fixture
def records():
    return Records()


def test_what_is_changed_and_that_it_was_asked_for_are_one_decision(records):
    decision = done(records)

    assert decision.answer == "made"
    assert decision.changes == (
        Put("thing", "t", {}),
        Put(KIND, "ann/=k", {"hash": digest_of(REQUEST), "body": "made"}),
    )


def test_of_one_whose_id_was_made_at_a_door_only_the_answer_is_kept(records):
    made = structs.replace(REQUEST, from_client=False)

    decision = done(records, made)

    assert decision.changes[1:] == (Put(KIND, "ann/k", {"body": "made"}),)
    assert isinstance(done(records, made).answer, Known)
    assert done(records).answer == "made"  # a client's key is never an id of a door


def test_the_same_request_again_changes_nothing_and_has_the_same_answer(records):
    done(records)

    again = done(records)

    assert again.changes == ()
    assert again.answer == Known(find(records, REQUEST))
    assert again.answer.record["body"] == "made"


def test_two_of_one_id_in_the_same_batch_are_one(records):
    batch = Overlay(records)
    first = once(REQUEST, writes, lambda answer: {"body": answer})(batch)
    batch.apply(first.changes)

    second = once(REQUEST, writes, lambda answer: {"body": answer})(batch)

    assert second.changes == ()
    assert second.answer.record["body"] == "made"


def test_what_is_refused_is_not_remembered(records):
    def refuse(view):
        raise Conflict("no")

    with pytest.raises(Conflict):
        done(records, decide=refuse)

    assert done(records).answer == "made"


@pytest.mark.parametrize(
    "change",
    [
        {"body": b"2"},
        {"path": "/v1/x?a=2"},
        {"method": "PUT"},
        {"headers": (("content-type", "text/yaml"),)},
    ],
    ids=["body", "path", "method", "type"],
)
def test_another_request_of_the_same_id_is_refused(records, change):
    done(records)
    other = structs.replace(REQUEST, **change)

    with pytest.raises(KeyReused, match="the Idempotency-Key 'k' was used for another request"):
        done(records, other)
    with pytest.raises(KeyReused):
        find(records, other)


def test_headers_that_change_nothing_do_not_matter(records):
    done(records)

    other = structs.replace(REQUEST, headers=(("content-type", "application/json"),))

    assert isinstance(done(records, other).answer, Known)


@pytest.mark.parametrize(
    ("user", "key"), [("bob", "k"), ("", "ann/k"), ("ann/k", ""), ("a", "nn/k")]
)
def test_ids_are_per_user(records, user, key):
    done(records)

    assert done(records, structs.replace(REQUEST, user=user, id=key)).answer == "made"


def test_no_name_of_a_user_leads_to_the_requests_of_another():
    names = ["a", "a/b", "a%2Fb", "a%", "a%25", "a=", ""]
    keys = ["k", "b/k", "/k", "2Fb/k", "=k"]

    ids = [
        record_id(structs.replace(REQUEST, user=name, id=key, from_client=given))
        for name in names
        for key in keys
        for given in (True, False)
        if given or not key.startswith("=")  # doors make none of these
    ]

    assert len(set(ids)) == len(ids)
    assert sum(map(is_given, ids)) == len(names) * len(keys)


def test_a_request_that_was_forgotten_is_as_new(records):
    done(records)
    records.apply([Drop(KIND, "ann/=k")])

    assert done(records).answer == "made"


class TestAges:
    def test_nothing_is_taken_before_its_time(self):
        ages = Ages(10)
        ages.add(100.0, "ann/1")

        assert ages.take(109.9, 10) == []
        assert [aged.id for aged in ages.take(110.0, 10)] == ["ann/1"]
        assert len(ages) == 0

    def test_the_oldest_of_a_user_who_has_too_many_are_taken(self):
        ages = Ages(3)
        for number in range(5):
            ages.add(100.0, f"ann/{number}")
        ages.add(100.0, "bob/0")

        assert ages.take(0.0, 10) == [("ann/0", True), ("ann/1", True)]
        assert len(ages) == 4

    def test_those_of_doors_go_before_those_that_clients_gave(self):
        ages = Ages(2)
        ages.add(90_000.0, "ann/given")
        ages.add(300.0, "ann/made")
        ages.add(300.0, "ann/made2")

        assert [aged.id for aged in ages.take(0.0, 10)] == ["ann/made"]

    def test_not_more_are_taken_than_asked_for(self):
        ages = Ages(1000)
        for number in range(25):
            ages.add(10.0 * (number % 5), f"ann/{number}")

        taken = [ages.take(1_000.0, 10) for _ in range(4)]

        assert [len(some) for some in taken] == [10, 10, 5, 0]
        assert len({aged.id for some in taken for aged in some}) == 25


class RequestRecords(RuleBasedStateMachine):
    """A plane's memory against what should be: a table of what was done, with which answer.

    A few users repeat and reuse a few keys while time passes and masters forget.
    """

    MOST = 4
    LIVES = {True: 86_400.0, False: 300.0}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self.records = Records()
        self.now = 1_000.0
        self.done: dict[str, tuple[bytes, str]] = {}
        self.seen: dict[str, float] = {}
        self.count = 0
        self.ages = Ages(self.MOST)

    @rule(
        user=st.sampled_from(["ann", "bob", "a/b", ""]),
        key=st.sampled_from(["1", "2", "3", "/1"]),
        body=st.sampled_from([b"x", b"y"]),
        given=st.booleans(),
    )
    def ask(self, user: str, key: str, body: bytes, given: bool) -> None:
        request = Request(id=key, method="POST", path="/x", body=body, user=user, from_client=given)
        own, life_s = record_id(request), self.LIVES[given]
        known = self.done.get(own)
        try:
            decision = once(request, self.decide, lambda answer: {"body": answer})(self.records)
        except KeyReused:
            assert known is not None
            assert known[0] != body
            return
        self.records.apply(decision.changes)
        if known is None:
            assert decision.answer == str(self.count)
            self.done[own] = body, decision.answer
            self.ages.add(self.now + life_s, own)
            self.seen[own] = self.now + life_s
        else:
            assert known[0] == body or not given
            assert isinstance(decision.answer, Known)
            assert decision.answer.record["body"] == known[1]

    def decide(self, view: Records) -> Decision:
        self.count += 1
        return Decision([Put("thing", str(self.count), {})], str(self.count))

    @rule(seconds=st.sampled_from([1.0, 100.0, 299.0, 301.0, 86_401.0]))
    def pass_by(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def forget(self) -> None:
        for aged in self.ages.take(self.now, 100):
            assert aged.surplus or self.seen[aged.id] <= self.now
            self.records.apply([Drop(KIND, aged.id)])
            del self.done[aged.id]
        left = [own.partition("/")[0] for own in self.done]
        assert all(left.count(user) <= self.MOST for user in left)

    @rule()
    def promote(self) -> None:
        """Let another master learn of all that is remembered."""
        self.ages = Ages(self.MOST)
        for own, _ in reversed(list(self.records.newest(KIND))):
            self.seen[own] = self.now + self.LIVES[is_given(own)]
            self.ages.add(self.seen[own], own)

    @invariant()
    def each_was_done_as_often_as_it_should(self) -> None:
        assert len(self.records.all("thing")) == self.count

    @invariant()
    def what_was_done_is_remembered_until_it_is_forgotten(self) -> None:
        assert self.done.keys() == set(self.records.all(KIND))


TestRequestRecords = RequestRecords.TestCase
