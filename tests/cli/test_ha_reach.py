"""Nodes that do not reach the master, as `brookline ha status` warns of them."""

from __future__ import annotations

import pytest

from brookline.cli.ha_view import warnings
from brookline.client.states import Member, PlaneStates

MASTER = Member("a", "MASTER", name="n1", heartbeat_age_ms=400)


def told(*reaching, status="HOT_STANDBY"):
    others = tuple(
        Member(f"b{i}", status, name=f"n{i + 2}", heartbeat_age_ms=400, next=i, reaches_master=one)
        for i, one in enumerate(reaching)
    )
    return warnings(PlaneStates("plane", "a", "a", (MASTER, *others)))


@pytest.mark.parametrize(
    ("reaching", "lines"),
    [
        ((True, None), []),
        ((False, True), ["n2 does not reach n1, the master, at its address"]),
        ((False, False), ["n2, n3 do not reach n1, the master, at its address"]),
    ],
)
def test_those_that_do_not_reach_the_master_are_named(reaching, lines):
    assert told(*reaching) == lines


def test_one_that_is_gone_is_not():
    reaching = [False]
    assert told(*reaching, status="TERMINATED") == []


@pytest.mark.parametrize("said", [True, False, None])
def test_what_a_server_says_is_read(said):
    assert Member.from_json({"nodeId": "b", "reachesMaster": said}).reaches_master is said
    assert Member.from_json({"nodeId": "b"}).reaches_master is None
