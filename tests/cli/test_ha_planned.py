"""brookline ha switchover --at and --call-off."""

from __future__ import annotations

from urllib.parse import parse_qs

import pytest

from brookline.cli.ha_planned import worded
from brookline.client.states import PlaneStates, Planned
from brookline.testing.http_plane import Reply

PATH = "/v1/server/ha/switchover/planned"
PLAN = {"atUtc": 1_700_000_000_000, "to": "n2", "by": "ann", "reason": "new disk"}


@pytest.fixture
def planned(plane):
    plane.answers |= {
        f"POST {PATH}": Reply(200, PLAN),
        f"DELETE {PATH}": Reply(204),
        "GET /v1/server/ha/history": [],
    }
    return plane


def test_a_plan_names_the_node_and_not_its_present_start(brookline, planned):
    ran = brookline("ha", "switchover", "--to", "n2", "--at", "1h", "--reason", "new disk", "-y")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("planned: n2 leads from 20")
    [write] = planned["n1"].writes()
    given = parse_qs(write.body.decode())
    assert (given["to"], given["reason"]) == (["n2"], ["new disk"])
    assert len(given["at"][0]) == 13


@pytest.mark.parametrize(
    ("options", "status", "says"),
    [
        (("--at", "2020-01-01"), 1, "is past"),
        (("--at", "1h", "--to", "n7"), 2, "its nodes: n1, n2"),
    ],
    ids=["past", "nobody"],
)
def test_what_is_no_plan_is_not_sent(brookline, planned, options, status, says):
    ran = brookline("ha", "switchover", "-y", *options)
    assert ran.status == status
    assert says in ran.err
    assert planned["n1"].writes() == []


def test_nothing_is_planned_without_a_yes(brookline, planned):
    assert brookline("ha", "switchover", "--at", "1h").status == 1
    assert planned["n1"].writes() == []


def test_a_plan_is_called_off(brookline, planned):
    assert brookline("ha", "switchover", "--call-off").out == "no hand-over is planned any more\n"
    assert planned["n1"].writes()[0].method == "DELETE"


def test_the_status_says_what_is_planned_and_what_was_not_done():
    def said(**more):
        plan = Planned(1_700_000_000_000, **more)
        return worded(PlaneStates("p", "a", "a", (), planned=plan), 1_800_000_000_000)

    assert said(to="n2", by="ann", reason="new disk").startswith("planned hand-over to n2 at 2023-")
    assert said(to="n2", by="ann", reason="new disk").endswith(", by ann: new disk")
    assert said().startswith("planned hand-over to the next in line at ")
    assert said(failed="n2 is gone").startswith("not done: hand-over")
    assert said(failed="n2 is gone").endswith("(n2 is gone)")
    assert worded(PlaneStates("p", "a", "a", ()), 0) == ""
