from __future__ import annotations

import pytest
from tests.api.house import until

from brookline.values.clock import SystemClock

PATH = "/server/ha/switchover/planned"
HOUR_MS = 3_600_000


def in_an_hour():
    return SystemClock().wall_ms() + HOUR_MS


async def test_a_hand_over_is_planned_shown_on_every_node_and_called_off(pair):
    master, standby = pair
    at = in_an_hour()
    assert (await master.call("GET", PATH)).status == 204

    form = {"at": str(at), "to": "n2", "reason": " new\tdisk "}
    told = await standby.call("POST", PATH, data=form)

    plan = {"atUtc": at, "to": "n2", "by": "admin", "reason": "new disk"}
    assert (told.status, told.json) == (200, plan)
    assert await standby.get(PATH) == plan
    assert (await standby.get("/server/ha/states"))["planned"] == plan
    later = {"at": str(at + 1)}
    assert (await master.call("POST", PATH, data=later)).json["to"] == ""
    assert (await standby.call("DELETE", PATH)).status == 204
    await until(lambda: not master.node.replica.records.all("planned"))
    assert (await master.get("/server/ha/states"))["planned"] is None
    assert (await master.call("DELETE", PATH)).status == 404


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({}, "whole number"),
        ({"at": "soon"}, "whole number"),
        ({"at": "1700000000000"}, "within the next 90 days"),
        ({"at": "99999999999999"}, "within the next 90 days"),
        ({"at": None, "to": "n7"}, "there are n1"),
        ({"at": None, "reason": "x" * 501}, "500"),
    ],
    ids=["none", "a-word", "past", "far", "nobody", "a-book"],
)
async def test_what_makes_no_plan_is_400(house, form, says):
    data = {key: str(in_an_hour()) if value is None else value for key, value in form.items()}
    told = await house.call("POST", PATH, data=data)
    assert told.status == 400
    assert says in told.json["message"]


async def test_a_plan_that_is_sent_again_is_not_made_again(house):
    form = {"at": str(in_an_hour())}
    key = {"Idempotency-Key": "once"}
    first = await house.call("POST", PATH, data=form, headers=key)
    assert (await house.call("DELETE", PATH)).status == 204
    assert (await house.call("POST", PATH, data=form, headers=key)).json == first.json
    assert (await house.call("GET", PATH)).status == 204
