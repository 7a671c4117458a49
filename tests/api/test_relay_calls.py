"""A request about a node, as another one passes it on: signed, once, and no further."""

from __future__ import annotations

import msgspec
import pytest
from tests.api.house import CLOCK

from brookline.api import internode
from brookline.api.peers import HttpPeers
from brookline.plane.peers import Misdirected, Request
from brookline.security.node_keys import Call, NodeKey, digest_of

pytestmark = pytest.mark.slow

SET = Request(
    id="r1", method="POST", path="/v1/server/ha/priority",
    headers=(("content-type", "application/x-www-form-urlencoded"),), body=b"priority=9", user="ann",
)  # fmt: skip


def me(house):
    return house.node.identity.instance


def beat(house):
    return house.node.find_member(me(house))


async def test_the_user_travels_along_and_one_call_is_carried_out_once(pair, caplog):
    master, standby = pair
    caplog.set_level("INFO", "brookline.api")

    reply = await master.peers.relay(beat(standby), SET, 10)

    assert (reply.status, reply.body, standby.node.priority) == (200, b"0", 9)
    assert [one.fields["user"] for one in caplog.records if "another node" in one.message] == [
        "ann"
    ]
    await standby.node.set_priority(1)
    with pytest.raises(Misdirected, match="409"):
        await master.peers.relay(beat(standby), SET, 10)
    assert standby.node.priority == 1


@pytest.mark.parametrize("name", ["stranger", "of-a-node"])
async def test_nobody_believes_one_whose_key_is_in_no_heartbeat(pair, name):
    master, standby = pair
    sender = me(master) if name == "of-a-node" else name

    async def nobody(_):
        return False

    forger = HttpPeers(sender, NodeKey(), clock=CLOCK, proved_dead=nobody)

    with pytest.raises(Misdirected, match="401"):
        await forger.relay(beat(standby), SET, 10)

    await forger.close()
    assert standby.node.priority == 0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({}, 200, id="as-signed"),
        pytest.param({"data": internode.pack_request(SET) + b"x"}, 401, id="body"),
        pytest.param({"headers": {internode.SIGNATURE: "00" * 64}}, 401, id="signature"),
        pytest.param({"headers": {internode.SENDER: "other"}}, 401, id="sender"),
        pytest.param({"headers": {internode.TARGET: "other"}}, 421, id="target"),
        pytest.param({"signed": internode.FORWARD}, 401, id="signed-for-another-call"),
        pytest.param({"counter": -61}, 401, id="old"),
        pytest.param({"body": b"nonsense"}, 400, id="no-envelope"),
    ],
)
async def test_what_was_signed_cannot_be_changed_or_kept(pair, changes, status):
    master, standby = pair
    body = changes.get("body", internode.pack_request(SET))
    call = Call(
        method="POST", path=changes.get("signed", internode.RELAY), sender=me(master),
        target=me(standby), counter=changes.get("counter", beat(standby).counter), epoch=0,
        digest=digest_of(body),
    )  # fmt: skip
    headers = {**internode.signed_headers(master.key, call), **changes.get("headers", {})}

    told = await standby.raw(
        "POST", internode.RELAY, headers=headers, data=changes.get("data", body)
    )

    assert (told.status, standby.node.priority) == (status, 9 if status == 200 else 0)


@pytest.mark.parametrize(
    "request_",
    [
        msgspec.structs.replace(SET, path="/v1/server/ha/nodes/n1/priority"),
        msgspec.structs.replace(SET, path="/v1/server/shutdown"),
        msgspec.structs.replace(SET, path="/v1/applications"),
        msgspec.structs.replace(SET, method="GET"),
    ],
    ids=lambda request: f"{request.method} {request.path}",
)
async def test_nothing_else_is_passed_on_nor_anything_further(pair, request_):
    master, standby = pair

    reply = await master.peers.relay(beat(standby), request_, 10)

    assert reply.status == 404
    assert (master.node.priority, standby.node.priority, standby.control.orders) == (0, 0, [])
