from __future__ import annotations

import pytest
from tests.plane.house import sighting

from brookline.plane.members import Member, describe
from brookline.plane.states import NodeState


def shown(now: float = 12.0, **more: object) -> Member:
    return describe(
        sighting("n1", since=10.0, **more), now=now, timeout_s=30.0, line=["n2", "n1"],
        master="n2", me="n3",
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


def test_until_then_it_is_not() -> None:
    assert shown(now=39.9, state="MASTER").state is NodeState.MASTER
