from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plane.house import heartbeat, sighting

from brookline.plane.election import Ballot, candidates, delay_s, version_order

ME = heartbeat("me", state="STANDBY", version="1.0.0", priority=-9)


def elect(*others: Any, me: Any = ME, **more: Any) -> list[str]:
    ballot = Ballot(**{"replaced": "", "heir": "", "now": 100.0, "fresh_s": 10.0, **more})
    return candidates(others, ballot, me)


def beats(instance: str, **more: Any) -> Any:
    return sighting(instance, **{"since": 99.0, "version": "1.0.0", "ready": True, **more})


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({"state": "HOT_BACKUP"}, id="backup"),
        pytest.param({"state": "FAILED"}, id="failed"),
        pytest.param({"state": "INITIALIZING"}, id="initializing"),
        pytest.param({"state": "TERMINATED"}, id="terminated"),
        pytest.param({"state": "MASTER"}, id="master"),
        pytest.param({"state": "SOMETHING_NEWER"}, id="unknown-state"),
        pytest.param({"leaving": True}, id="leaving-or-cooling-down"),
        pytest.param({"rises": 0}, id="never-seen-to-rise"),
        pytest.param({"since": 89.0}, id="silent"),
    ],
)
def test_who_does_not_stand(more: dict) -> None:
    assert elect(beats("n1", **more)) == ["me"]


@pytest.mark.parametrize("state", ["STANDBY", "HOT_STANDBY"])
def test_who_stands(state: str) -> None:
    assert elect(beats("n1", state=state)) == ["n1", "me"]


def test_the_one_that_is_replaced_does_not_stand() -> None:
    assert elect(beats("n1"), replaced="n1") == ["me"]


def test_this_node_stands_without_having_been_seen_unless_its_state_forbids() -> None:
    assert elect() == ["me"]
    assert elect(me=heartbeat("me", state="HOT_BACKUP")) == []
    assert elect(me=heartbeat("me", leaving=True)) == []


ORDER = [
    {"priority": 2, "version": "0.1", "ready": False},
    {"priority": 1, "version": "2.0.0"},
    {"priority": 1, "version": "1.10.0"},
    {"priority": 1, "version": "1.9.0"},
    {"priority": 1, "version": "9.9.9-SNAPSHOT"},
    {"priority": 1, "version": ""},
    {"version": "1.0.0", "lag_ms": 20},
    {"version": "1.0.0", "lag_ms": 3000},
    {"version": "1.0.0", "ready": False, "state": "HOT_STANDBY"},
    {"version": "1.0.0", "ready": False, "state": "STANDBY"},
]
"""Best first: priority, release, version, readiness, lag, state; the id decides the rest."""


def test_the_order_is_amps_with_readiness_before_the_state() -> None:
    for shift in range(len(ORDER)):
        names = [f"n{(i + shift) % 10}" for i in range(len(ORDER))]
        seen = [beats(name, **more) for name, more in zip(names, ORDER, strict=True)]
        assert elect(*reversed(seen), me=heartbeat("zz", priority=-9)) == [*names, "zz"]


def test_between_equals_the_id_decides_and_small_lags_are_equal() -> None:
    assert elect(beats("b", lag_ms=0), beats("a", lag_ms=900)) == ["a", "b", "me"]


def test_the_heir_is_first_whatever_its_rank() -> None:
    assert elect(beats("a", priority=9), beats("b"), heir="b") == ["b", "a", "me"]
    assert elect(beats("a", priority=9), heir="dead") == ["a", "me"]


STATES = st.sampled_from(["STANDBY", "HOT_STANDBY", "HOT_BACKUP", "MASTER"])
SEEN = st.lists(
    st.builds(
        lambda i, p, v, s, r: beats(f"n{i}", priority=p, version=v, state=s, ready=r),
        st.integers(0, 99), st.integers(-1, 1), st.sampled_from(["", "1.0", "1.0-SNAPSHOT", "2"]),
        STATES, st.booleans(),
    ),
    max_size=8, unique_by=lambda s: s.heartbeat.instance,
)  # fmt: skip


@given(SEEN, st.randoms())
def test_all_who_see_the_same_find_the_same_order(seen: list, random: Any) -> None:
    before = elect(*seen)
    random.shuffle(seen)
    assert elect(*seen) == before


def test_rank_zero_does_not_wait_and_others_wait_with_jitter() -> None:
    def waits(rank: int, jitter: float = 0.0, **more: Any) -> float:
        return delay_s(
            rank, **{"heir": "", "me": "me", "hop_wait_s": 3.0, "jitter": jitter, **more}
        )

    assert [waits(rank) for rank in range(4)] == [0.0, 1.0, 2.0, 3.0]
    assert waits(0, 1.0) == 0.0
    assert waits(1, 1.0) == 1.5
    # Ranks do not overlap, however the jitter falls, as far as a crowd matters.
    assert all(waits(r, 1.0) <= waits(r + 1, 0.0) for r in range(2))
    assert waits(0, heir="other") == 3.0
    assert waits(1, heir="other") == 4.0
    assert waits(0, heir="me") == 0.0


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("1.0.0", "1.0.0-SNAPSHOT"), ("1.10", "1.9"), ("1.0.1", "1.0"),
        ("1.0", "9.0.dev1"), ("2-SNAPSHOT", "1-SNAPSHOT"), ("0.1-SNAPSHOT", ""),
    ],
)  # fmt: skip
def test_better_versions_are_greater(better: str, worse: str) -> None:
    assert version_order(better) > version_order(worse)


def test_the_order_of_versions_is_total() -> None:
    versions = ["", "1", "1.0", "1.0.0", "1.0-SNAPSHOT", "2.0.dev3", "1.0-rc1", "x", "1.x"]
    for a, b in itertools.product(versions, repeat=2):
        assert (version_order(a) < version_order(b)) != (version_order(a) >= version_order(b))
