from __future__ import annotations

from typing import Any

import pytest

from brookline.errors import InvalidInput
from brookline.model.quorum import Quorum
from brookline.model.service import (
    EXPECTED,
    IS_UP,
    NOT_UP,
    PROBLEMS,
    STATE,
    Health,
    Lifecycle,
    derived,
    expected,
    health,
    lifecycle,
    roll_up,
)

ALL, ANY = Quorum.of("all"), Quorum.of("atLeastOne")
RUNNING = Health("r", Lifecycle.RUNNING, is_up=True)
DOWN = Health("d", Lifecycle.RUNNING, is_up=False)
BURNING = Health("f", Lifecycle.ON_FIRE, is_up=True)
STOPPED = Health("s", Lifecycle.STOPPED, is_up=False)
BASIC = Health("b", None, is_up=None)


@pytest.mark.parametrize(
    ("sensors", "up", "state"),
    [
        ({}, None, None),
        ({NOT_UP: {}}, True, None),
        ({NOT_UP: {"k": "no"}}, False, None),
        ({NOT_UP: {}, PROBLEMS: {}}, True, "RUNNING"),
        ({NOT_UP: {"k": "no"}, PROBLEMS: {}}, False, "STOPPED"),
        ({PROBLEMS: {}}, None, None),
        ({NOT_UP: {}, PROBLEMS: {"k": "bad"}}, True, "ON_FIRE"),
        ({EXPECTED: {"state": "STARTING"}, NOT_UP: {}}, True, "STARTING"),
        ({EXPECTED: {"state": "RUNNING"}, NOT_UP: {}}, True, "RUNNING"),
        ({EXPECTED: {"state": "RUNNING"}, NOT_UP: {"k": 1}}, False, "ON_FIRE"),
        ({EXPECTED: {"state": "RUNNING"}}, None, "ON_FIRE"),
        ({EXPECTED: {"state": "RUNNING"}, NOT_UP: {}, PROBLEMS: {"k": 1}}, True, "ON_FIRE"),
        ({EXPECTED: {"state": "STOPPED"}, NOT_UP: {}, PROBLEMS: {"k": 1}}, True, "STOPPED"),
    ],
    ids=repr,
)
def test_state_follows_from_what_is_expected_and_what_is_wrong(
    sensors: dict[str, Any], up: bool | None, state: str | None
) -> None:
    assert derived(sensors) == {IS_UP: up, STATE: state}


@pytest.mark.parametrize(
    ("children", "not_up", "problem"),
    [
        ([], "", ""),
        ([RUNNING, RUNNING], "", ""),
        ([RUNNING, STOPPED, BASIC], "", ""),
        ([BASIC, BASIC], "", ""),
        ([RUNNING, DOWN], "d not up", ""),
        ([RUNNING, BURNING], "", "Required entity not healthy: f"),
    ],
    ids=["none", "all well", "stopped and stateless", "only stateless", "one down", "one on fire"],
)
def test_only_children_that_run_or_burn_count(
    children: list[Health], not_up: str, problem: str
) -> None:
    found = roll_up(children, ALL, ALL)
    assert (found.not_up, found.problem) == (not_up, problem)


def test_a_group_whose_members_never_say_that_they_are_up_is_not_up() -> None:
    assert roll_up([BASIC], ANY, ALL).not_up == "No entities present"


def test_many_names_are_cut_short() -> None:
    assert roll_up([DOWN] * 5, ALL, ALL).not_up == "d, d, d and 2 more not up"


@pytest.mark.parametrize(
    ("written", "holds", "fails"),
    [
        ("all", [(0, 0), (3, 3)], [(2, 3)]),
        ("allAndAtLeastOne", [(1, 1)], [(0, 0), (1, 2)]),
        ("atLeastOne", [(1, 5)], [(0, 0), (0, 5)]),
        ("atLeastOneUnlessEmpty", [(0, 0), (1, 5)], [(0, 5)]),
        ("alwaysHealthy", [(0, 0), (0, 5)], []),
        (2, [(2, 5)], [(1, 5), (0, 0)]),
        ("2", [(2, 5)], [(1, 5)]),
        (0, [(0, 0), (0, 5)], []),
        ([[0, 0], [4, 2], [10, 4]], [(0, 0), (1, 2), (2, 4), (3, 7), (5, 13)], [(1, 3), (2, 7)]),
        ("[[0,0],[1,1]]", [(5, 5), (0, 0)], [(4, 5)]),
    ],
    ids=repr,
)
def test_a_quorum_holds_for_enough_healthy_ones(
    written: Any, holds: list[tuple[int, int]], fails: list[tuple[int, int]]
) -> None:
    quorum = Quorum.of(written)
    assert [case for case in holds if not quorum.holds(*case)] == []
    assert [case for case in fails if quorum.holds(*case)] == []


@pytest.mark.parametrize(
    "written", ["most", [], [[1, 2]], [[0, 0], [0, 1]], True, None, "{}"], ids=repr
)
def test_what_is_no_quorum_is_refused(written: Any) -> None:
    with pytest.raises(InvalidInput, match="is not a quorum"):
        Quorum.of(written)


def test_states_are_read_in_every_form() -> None:
    value = expected(Lifecycle.ON_FIRE, 5)
    assert value == {"state": "ON_FIRE", "timestampUtc": 5}
    assert lifecycle(value) is Lifecycle.ON_FIRE
    assert lifecycle("on-fire") is Lifecycle.ON_FIRE
    assert lifecycle("running @ 17 / Mon") is Lifecycle.RUNNING
    assert lifecycle("odd") is None
    assert lifecycle(None) is None
    assert health("x", {STATE: "RUNNING", IS_UP: True}) == Health(
        "x", Lifecycle.RUNNING, is_up=True
    )
