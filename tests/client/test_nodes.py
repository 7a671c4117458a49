"""Where nodes are reached, as the plane tells it."""

from __future__ import annotations

import pytest

from brookline.client.nodes import Nodes
from brookline.client.states import Member, PlaneStates


def learned(**fields):
    nodes = Nodes(["http://a:1"])
    other = {"nodeId": "b", "name": "n2", "nodeUri": "http://b:1", **fields}
    states = {"planeId": "p", "ownId": "a", "masterId": "", "nodes": {"b": other}}
    nodes.learn("http://a:1", PlaneStates.from_json(states), 0.0)
    return nodes.address_of("b")


@pytest.mark.parametrize("status", ["HOT_STANDBY", "INITIALIZING", "MASTER"])
def test_a_node_that_takes_part_is_reached(status):
    assert learned(status=status) == "http://b:1"


def test_a_node_that_halted_or_was_disabled_is_reached_as_long_as_it_beats():
    assert learned(status="FAILED", heartbeatAgeMs=400) == "http://b:1"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": "FAILED", "heartbeatAgeMs": 31_000}, id="silent"),
        pytest.param({"status": "FAILED"}, id="nothing is known"),
        pytest.param({"status": "TERMINATED", "heartbeatAgeMs": 400}, id="ended"),
    ],
)
def test_a_node_that_is_gone_is_not(fields):
    assert learned(**fields) == ""


@pytest.mark.parametrize(
    ("teller", "told", "followed"),
    [
        ("http://10.0.0.1:8081", "http://127.0.0.1:8082", False),
        ("http://10.0.0.1:8081", "http://[::1]:8082", False),
        ("http://10.0.0.1:8081", "http://10.0.0.2:8081", True),
        ("http://localhost:8081", "http://127.0.0.1:8082", True),
        ("https://10.0.0.1:8443", "http://10.0.0.2:8081", False),
        ("http://10.0.0.1:8081", "http://10.0.0.2:none", False),
    ],
)
def test_the_password_goes_only_where_a_node_may_send_us(teller, told, followed):
    nodes = Nodes([teller])
    members = (Member("one", "HOT_STANDBY", uri=teller), Member("two", "MASTER", uri=told))
    nodes.learn(teller, PlaneStates("p", "one", "two", members), 0.0)
    assert nodes.order(0.0) == ([told, teller] if followed else [teller])
