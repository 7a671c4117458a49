from __future__ import annotations

import pytest
from tests.plane.house import sighting

from brookline.plane.members import Member, describe
from brookline.plane.settings import PlaneSettings
from brookline.plane.states import NodeState


def shown(now: float = 12.0, master: str = "n2", *, gone: bool = False, **more: object) -> Member:
    return describe(
        sighting("n1", since=10.0, **more), now=now,
        settings=PlaneSettings(poll_s=1.0, timeout_s=30.0), line=["n2", "n1"],
        master=master, me="n3", gone=gone,
    )  # fmt: skip


def test_a_node_is_shown_as_it_says() -> None:
    member = shown()
    assert (member.state, member.age_ms, member.rank) == (NodeState.HOT_STANDBY, 2000, 1)
    assert (member.is_master, member.is_me) == (False, False)


@pytest.mark.parametrize(
    ("said", "is_shown"),
    [
        ("MASTER", NodeState.FAILED), ("HOT_STANDBY", NodeState.FAILED),
        ("TERMINATED", NodeState.TERMINATED), ("FAILED", NodeState.FAILED),
        ("SOMETHING_NEWER", NodeState.FAILED),
    ],
)  # fmt: skip
def test_one_whose_heartbeat_lapsed_is_shown_as_failed(said: str, is_shown: NodeState) -> None:
    assert shown(now=40.0, state=said).state is is_shown


def test_its_age_goes_on_when_its_silence_is_counted_anew() -> None:
    member = shown(now=40.0, risen=7.0)
    assert member.age_ms == 33_000
    assert shown(now=11.0, risen=7.0).state is NodeState.HOT_STANDBY


def test_until_then_it_is_not() -> None:
    assert shown(now=39.9, state="HOT_STANDBY").state is NodeState.HOT_STANDBY
    assert shown(now=39.9, master="n1", state="MASTER").state is NodeState.MASTER


def test_nor_when_its_process_is_proved_to_be_gone() -> None:
    assert shown(gone=True, master="n1", state="MASTER").state is NodeState.FAILED
    assert shown(gone=True, state="TERMINATED").state is NodeState.TERMINATED


def test_the_log_says_who_leads_before_a_heartbeat_does() -> None:
    assert shown(master="n1", state="INITIALIZING").state is NodeState.MASTER
    assert shown(master="n1", state="MASTER", stopped=True).state is not NodeState.MASTER


@pytest.mark.parametrize(
    ("now", "is_shown"), [(12.9, NodeState.INITIALIZING), (13.0, NodeState.FAILED)]
)
@pytest.mark.parametrize("master", ["n2", ""], ids=["another-leads", "nobody-leads"])
def test_a_dead_masters_last_words_make_no_second_master(
    now: float, is_shown: NodeState, master: str
) -> None:
    assert shown(now=now, master=master, state="MASTER").state is is_shown
