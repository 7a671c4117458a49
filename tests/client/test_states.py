"""Reading the plane as servers tell it, ours and AMP's."""

from __future__ import annotations

import pytest

from brookline.client.states import Mastership, Member, PlaneStates
from brookline.errors import InvalidInput, NotFound


def plane(*members):
    nodes = {each["nodeId"]: each for each in members}
    return PlaneStates.from_json({"planeId": "p", "ownId": "a", "masterId": "a", "nodes": nodes})


def node(instance, name, status="HOT_STANDBY", **fields):
    return {"nodeId": instance, "name": name, "status": status, **fields}


def test_amps_own_fields_are_enough():
    member = Member.from_json(
        {"nodeId": "kD1", "nodeUri": "http://h:8081/", "status": "MASTER", "remoteTimestamp": None}
    )
    assert (member.name, member.uri, member.heartbeat_age_ms) == ("kD1", "http://h:8081", None)


@pytest.mark.parametrize("body", [None, {}, {"planeId": None, "masterId": None, "nodes": None}])
def test_a_plane_that_knows_nothing_yet_is_empty(body):
    states = PlaneStates.from_json(body)
    assert (states.plane, states.members, states.leader()) == ("", (), None)


def test_a_master_that_is_said_to_have_failed_is_no_leader():
    assert plane(node("a", "n1", "FAILED")).leader() is None


def test_nodes_are_meant_by_name_or_instance():
    states = plane(node("a", "n1", "MASTER"), node("b", "n2"))
    assert states.get("n2").instance == "b"
    assert states.get("b").name == "n2"


def test_of_several_starts_of_a_node_the_living_one_is_meant():
    states = plane(node("a", "n1", "TERMINATED"), node("b", "n1"))
    assert states.get("n1").instance == "b"
    assert states.get("a").status == "TERMINATED"


def test_two_living_nodes_of_one_name_must_be_told_apart():
    with pytest.raises(InvalidInput, match=r"by its id \(a, b\)"):
        plane(node("a", "n1"), node("b", "n1")).get("n1")


def test_an_unknown_node_is_told_with_those_there_are():
    with pytest.raises(NotFound, match="'n3' in this plane; its nodes: n1, n2"):
        plane(node("a", "n1"), node("b", "n2")).get("n3")


def test_who_is_next_is_the_one_of_the_lowest_place():
    states = plane(node("a", "n1"), node("b", "n2", next=1), node("c", "n3", next=0))
    assert states.first_in_line() == states.get("n3")


def test_unknown_durations_of_the_history_are_none():
    row = Mastership.from_json({"epoch": 3, "node": "a", "detectMs": -1, "electMs": 12.7})
    assert (row.detect_ms, row.elect_ms, row.replay_ms, row.name) == (None, 12, None, "a")
