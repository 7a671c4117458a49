from __future__ import annotations

import itertools

import pytest

from brookline.errors import InvalidInput
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import (
    ELECTABLE,
    HOT,
    MOVES,
    Mode,
    NodeState,
    may_move,
    parse_mode,
    resting_state,
)

S = NodeState


def test_every_state_has_its_moves() -> None:
    assert set(MOVES) == set(S)
    assert all(state not in MOVES[state] for state in S)


def test_from_the_end_there_is_no_way() -> None:
    assert MOVES[S.TERMINATED] == frozenset()


def test_everything_that_lives_may_end_or_fail() -> None:
    for state in set(S) - {S.TERMINATED}:
        assert may_move(state, S.TERMINATED)
        assert state is S.FAILED or may_move(state, S.FAILED)


def test_a_master_steps_down_before_it_starts_anything_else() -> None:
    assert MOVES[S.MASTER] == {S.STANDBY, S.HOT_STANDBY, S.HOT_BACKUP, S.FAILED, S.TERMINATED}


def test_between_resting_states_everything_is_possible() -> None:
    resting = (S.STANDBY, S.HOT_STANDBY, S.HOT_BACKUP)
    for before, after in itertools.permutations(resting, 2):
        assert may_move(before, after)
    for state in resting:
        assert may_move(state, S.INITIALIZING)
        assert may_move(state, S.MASTER)


@pytest.mark.parametrize(
    ("mode", "hot", "cold"),
    [
        (Mode.AUTO, S.HOT_STANDBY, S.STANDBY),
        (Mode.MASTER, S.HOT_STANDBY, S.STANDBY),
        (Mode.STANDBY, S.STANDBY, S.STANDBY),
        (Mode.HOT_STANDBY, S.HOT_STANDBY, S.HOT_STANDBY),
        (Mode.HOT_BACKUP, S.HOT_BACKUP, S.HOT_BACKUP),
        (Mode.DISABLED, S.FAILED, S.FAILED),
    ],
    ids=lambda value: value.value,
)
def test_where_a_mode_rests(mode: Mode, hot: NodeState, cold: NodeState) -> None:
    assert resting_state(mode, standby_is_hot=True) is hot
    assert resting_state(mode, standby_is_hot=False) is cold


def test_who_is_never_elected_rests_where_nobody_is() -> None:
    for mode in (Mode.HOT_BACKUP, Mode.DISABLED):
        assert resting_state(mode, standby_is_hot=True) not in ELECTABLE
    assert S.STANDBY not in HOT


@pytest.mark.parametrize("text", ["auto", " HOT_STANDBY ", "Master"])
def test_modes_are_read_in_any_case(text: str) -> None:
    assert parse_mode(text).value == text.strip().upper()


def test_an_unknown_mode_is_refused_with_those_that_exist() -> None:
    with pytest.raises(InvalidInput, match="AUTO, MASTER, STANDBY"):
        parse_mode("leader")


@pytest.mark.parametrize("more", [{"poll_s": 0.0}, {"poll_s": -1.0}, {"poll_s": 11.0}])
def test_settings_under_which_the_rules_do_not_work_are_refused(more: dict) -> None:
    with pytest.raises(InvalidInput, match=r"brooklyn\.ha"):
        PlaneSettings(timeout_s=30.0, **more)
