"""Mode and priority of any node, asked for at whichever node."""

from __future__ import annotations

import asyncio
import dataclasses

import msgspec
import pytest
from tests.api.house import CLOCK, until
from tests.api.test_sessions import Browser

from brookline.api import internode, relay
from brookline.api.settings import ApiSettings, NonMasterWrites
from brookline.errors import Conflict, InvalidInput
from brookline.plane.members import Member
from brookline.plane.states import NodeState
from brookline.server.tls import own_tls
from brookline.wire.heartbeats import Heartbeat

pytestmark = pytest.mark.slow

OVERRIDE = {"Brooklyn-Allow-Non-Master-Access": "true"}
REFUSING = ApiSettings(non_master_writes=NonMasterWrites.REFUSE)


async def ask(door, node, what, form=None, **more):
    return await door.call("POST", f"/server/ha/nodes/{node}/{what}", data=form, **more)


def me(house):
    return house.node.identity.instance


async def known(*houses):
    """Wait until each of them can be asked for every other."""
    for house in houses:
        for other in houses:
            await until(lambda house=house, other=other: house.node.find_member(me(other)))


@pytest.mark.parametrize("door", [0, 1], ids=["at-the-master", "at-the-standby"])
@pytest.mark.parametrize("target", [0, 1], ids=["of-the-master", "of-the-standby"])
@pytest.mark.parametrize("by", ["name", "instance"])
async def test_any_node_sets_the_priority_of_any(pair, door, target, by):
    there = pair[target].node

    told = await ask(pair[door], getattr(there.identity, by), "priority", {"priority": "7"})
    again = await ask(pair[door], getattr(there.identity, by), "priority", {"priority": "8"})

    assert (told.status, told.json, again.json) == (200, 0, 7)
    assert told.headers["Brookline-Node"] == me(pair[target])
    assert [house.node.priority for house in pair] == [8 * (at == target) for at in (0, 1)]


async def test_a_mode_of_another_node_is_set_and_its_state_before_is_answered(pair):
    master, standby = pair

    told = await ask(master, "n2", "state", {"mode": "HOT_BACKUP"})

    assert (told.status, told.json) == (200, "HOT_STANDBY")
    assert (standby.node.state, master.node.state) == (NodeState.HOT_BACKUP, NodeState.MASTER)
    assert (await ask(master, "n2", "state?mode=AUTO")).json == "HOT_BACKUP"
    assert standby.node.state is NodeState.HOT_STANDBY


async def test_a_master_is_demoted_through_its_standby_and_the_history_says_why_and_who(pair):
    master, standby = pair

    told = await ask(standby, "n1", "state", {"mode": "STANDBY", "reason": "bad  disk"})

    assert (told.status, told.json) == (200, "MASTER")
    assert int(told.headers["Brookline-Sequence"]) <= standby.node.replica.seq
    await until(standby.node.leads)
    assert master.node.state is NodeState.STANDBY
    history = await standby.get("/server/ha/history")
    assert history[1]["endReason"] == "demoted to STANDBY by admin: bad disk"


async def test_a_backup_is_made_master_through_the_master_that_hands_over_for_it(pair):
    master, standby = pair
    await ask(master, "n2", "state", {"mode": "HOT_BACKUP"})

    told = await ask(master, "n2", "state", {"mode": "MASTER", "reason": "drill"})

    assert (told.status, told.json) == (200, "HOT_BACKUP")
    assert standby.node.leads()
    assert not master.node.leads()
    now, before = await master.get("/server/ha/history")
    assert (now["name"], before["endReason"]) == ("n2", "asked for by admin: drill")


async def test_a_node_that_is_disabled_is_taken_back_through_another(pair):
    master, standby = pair
    await ask(master, "n2", "state", {"mode": "DISABLED"})
    await until(lambda: state_of(master, standby) is NodeState.FAILED)

    assert (await ask(master, "n2", "state", {"mode": "AUTO"})).json == "FAILED"

    assert standby.node.state is NodeState.HOT_STANDBY


@pytest.mark.parametrize("node", ["n1", "n2"])
@pytest.mark.parametrize(
    ("what", "form"),
    [
        ("state", {"mode": "NONSENSE"}),
        ("state", {}),
        ("state", {"mode": "HOT_STANDBY", "reason": "x" * 501}),
        ("priority", {"priority": "first"}),
    ],
)
async def test_what_a_node_refuses_of_itself_is_refused_so_through_another(pair, node, what, form):
    plain = await pair[node == "n2"].call("POST", f"/server/ha/{what}", data=form)

    told = await ask(pair[0], node, what, form)

    assert (told.status, told.body) == (400, plain.body)


async def test_a_node_that_nobody_has_is_400_and_the_nodes_are_named(pair):
    told = await ask(pair[0], "n7", "priority", {"priority": "1"})

    assert (told.status, told.json["error"]) == (400, 400)
    assert told.json["message"] == "there is no node 'n7'; there are n1, n2"


async def test_a_priority_in_a_body_of_another_type_is_refused(pair):
    told = await ask(pair[0], "n2", "priority", b"{}", headers={"Content-Type": "application/json"})

    assert told.status == 415


async def test_the_rules_of_the_node_itself_hold(pair, make):
    master, standby = pair
    third = await make(api=REFUSING)
    await known(master, standby, third)
    form = {"priority": "3"}

    refused = await ask(master, "n3", "priority", form)
    assert (refused.status, third.node.priority) == (403, 0)
    assert "active primary" in refused.json["message"]
    assert (await ask(master, "n3", "priority", form, headers=OVERRIDE)).json == 0
    assert third.node.priority == 3
    # So does a refusing node with what it would pass on: it is a change that comes to it.
    assert (await ask(third, "n2", "priority", form)).status == 403
    assert (await ask(third, "n2", "priority", form, headers=OVERRIDE)).status == 200
    assert standby.node.priority == 3


async def test_a_page_of_another_site_is_refused(pair):
    told = await ask(
        pair[0], "n2", "priority", {"priority": "3"}, headers={"Sec-Fetch-Site": "cross-site"}
    )

    assert (told.status, pair[1].node.priority) == (403, 0)


async def test_nobody_is_asked_without_a_login(pair):
    told = await pair[0].raw("POST", "/v1/server/ha/nodes/n2/priority", data={"priority": "3"})

    assert (told.status, pair[1].node.priority) == (401, 0)


async def test_a_session_asks_for_another_node_by_its_cookie_and_token(pair):
    browser, path = Browser(), "/v1/server/ha/nodes/n2/priority"
    await browser.login(pair[0])

    assert (await browser.ask(pair[0], "POST", path, data={"priority": "3"})).status == 200
    browser.session = {}  # without the token
    told = await browser.ask(pair[0], "POST", path, data={"priority": "4"})

    assert (told.status, pair[1].node.priority) == (403, 3)


async def test_who_asked_through_whom_and_why_is_in_the_log_of_the_node(pair, caplog):
    caplog.set_level("INFO", "brookline.api")

    await ask(pair[0], "n2", "state", {"mode": "HOT_BACKUP", "reason": "disk"})

    (said,) = [one for one in caplog.records if one.message == "asked through another node"]
    assert said.fields == {
        "path": "/v1/server/ha/state", "user": "admin", "through": "n1", "wants": "HOT_BACKUP",
        "reason": "disk",
    }  # fmt: skip


async def test_a_node_that_has_ended_is_409(make, pair):
    third = await make()
    await known(*pair, third)
    await third.node.stop()
    await until(lambda: state_of(pair[0], third) is NodeState.TERMINATED)

    told = await ask(pair[0], "n3", "priority", {"priority": "1"})

    assert (told.status, told.json["message"]) == (
        409, "n3 has ended; it has to be started where it runs",
    )  # fmt: skip


async def test_a_node_that_was_not_heard_for_long_is_409(make, pair):
    third = await make()
    await known(*pair, third)
    await third.node._core.pulse.stop()
    await until(lambda: state_of(pair[0], third) is NodeState.FAILED)

    told = await ask(pair[0], "n3", "priority", {"priority": "1"})

    assert (told.status, third.node.priority) == (409, 0)
    assert told.json["message"].startswith("n3 counts as failed: its last heartbeat was seen ")


def state_of(house, other):
    return next(
        (one.state for one in house.node.members() if one.heartbeat.instance == me(other)), None
    )


async def test_nothing_is_sent_to_a_node_that_does_not_listen(pair):
    pair[1].kill()

    told = await ask(pair[0], "n2", "priority", {"priority": "1"})

    assert (told.status, told.json["data"]) == (503, {"outcome": "not-done"})
    assert told.json["message"].startswith("n2 does not answer; nothing was sent to it: ")
    assert told.headers["Retry-After"]


async def test_a_node_that_takes_a_request_and_does_not_answer_may_have_done_it(pair, monkeypatch):
    monkeypatch.setattr(relay, "ANSWER_S", 0.3)
    asked, hang = asyncio.Event(), asyncio.Event()

    async def slow(priority):
        asked.set()
        await hang.wait()
        return priority

    pair[1].node.set_priority = slow

    told = await ask(pair[0], "n2", "priority", {"priority": "1"})

    assert (told.status, told.json["data"]) == (503, {"outcome": "unknown"})
    assert "n2 was asked and has not answered; it may have been done" in told.json["message"]
    assert asked.is_set()
    hang.set()


async def test_a_node_that_breaks_off_may_have_done_it(pair):
    async def breaks(_priority):
        pair[1].kill()
        await asyncio.Event().wait()

    pair[1].node.set_priority = breaks

    told = await ask(pair[0], "n2", "priority", {"priority": "1"})

    assert (told.status, told.json["data"]) == (503, {"outcome": "unknown"})


async def test_another_instance_at_its_address_does_nothing(pair):
    master, standby = pair
    seen = master.node.members

    def as_before_its_restart():
        return [one if one.is_me else former(one) for one in seen()]

    def former(one):
        beat = msgspec.structs.replace(one.heartbeat, instance="former")
        return dataclasses.replace(one, heartbeat=beat)

    master.node.members = as_before_its_restart

    told = await ask(master, "n2", "priority", {"priority": "1"})

    assert (told.status, told.json["data"]) == (503, {"outcome": "not-done"})
    assert "n2 has not taken it, and done nothing" in told.json["message"]
    assert standby.node.priority == 0


async def test_a_node_of_an_earlier_version_is_asked_for_at_its_own_address(pair):
    standby = pair[1]
    nodes = standby.app._nodes

    async def earlier(scope, receive, send):
        unknown = scope["path"] == internode.RELAY
        await nodes({**scope, "path": "/node/unknown"} if unknown else scope, receive, send)

    standby.app._nodes = earlier

    told = await ask(pair[0], "n2", "priority", {"priority": "1"})

    assert (told.status, standby.node.priority) == (409, 0)
    assert "n2 runs version" in told.json["message"]
    assert f"ask it itself, at {standby.url}/" in told.json["message"]


async def test_over_tls_the_certificate_of_the_heartbeat_is_enough(make, tmp_path):
    master = await (await make(tls=own_tls(tmp_path / "a", [], CLOCK))).leads()
    standby = await make(tls=own_tls(tmp_path / "b", [], CLOCK))
    await known(master, standby)

    told = await ask(master, "n2", "priority", {"priority": "4"})

    assert (told.status, told.json, standby.node.priority) == (200, 0, 4)


# Who is meant.


def member(name, instance, state=NodeState.HOT_STANDBY, *, says="HOT_STANDBY", wall_ms=1):
    said = Heartbeat(
        instance=instance, name=name, home="h", counter=1, state=says, mode="AUTO", wall_ms=wall_ms
    )
    return Member(said, state, 5000, 1, None, is_master=False, is_me=False)


def test_of_two_nodes_of_one_name_the_living_one_is_meant():
    ended = member("n1", "a", NodeState.TERMINATED, says="TERMINATED", wall_ms=9)
    silent = member("n1", "b", NodeState.FAILED, wall_ms=5)
    living = member("n1", "c")

    assert relay.find("n1", [ended, silent, living]) is living
    with pytest.raises(Conflict, match="ended"):
        relay.find("n1", [silent, ended])
    with pytest.raises(Conflict, match="seen 5 s ago"):
        relay.find("b", [ended, silent, living])


def test_two_living_nodes_of_one_name_are_told_apart_by_their_ids():
    both = [member("n1", "a"), member("n1", "b")]

    with pytest.raises(InvalidInput, match="2 nodes are called 'n1'; name one by its id: a, b"):
        relay.find("n1", both)
    assert relay.find("b", both) is both[1]
