"""Calls between nodes, over real HTTP."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys

import msgspec
import pytest
from tests.api.house import CLOCK, until

from brookline.api import internode
from brookline.api.peers import HttpPeers
from brookline.plane.peers import Lost, Misdirected, NotSent, Probe, Request
from brookline.security.node_keys import Call, NodeKey, digest_of
from brookline.server.tls import own_tls

pytestmark = pytest.mark.slow

CLEAR = Request(id="r1", method="POST", path="/v1/server/ha/states/clear", user="ann")


async def proved(heartbeat):
    return heartbeat.name == "proved"


@pytest.fixture
async def stranger():
    """Somebody who can read the store, and has a key that is not in it."""
    peers = HttpPeers("stranger", NodeKey(), clock=CLOCK, proved_dead=proved)
    yield peers
    await peers.close()


def beat(house):
    return house.node.find_member(house.node.identity.instance)


async def test_a_forwarded_write_is_carried_out_once_under_its_epoch(pair):
    master, standby = pair

    reply = await standby.peers.forward(beat(master), master.node.epoch, CLEAR)

    assert reply.status == 200
    headers = dict(reply.headers)
    assert headers["brookline-node"] == master.node.identity.instance


@pytest.mark.parametrize("epoch", [0, 99])
async def test_a_write_for_another_epoch_is_misdirected(pair, epoch):
    master, standby = pair

    with pytest.raises(Misdirected):
        await standby.peers.forward(beat(master), epoch, CLEAR)


async def test_a_write_for_a_node_that_does_not_lead_is_misdirected_and_goes_no_further(pair):
    master, standby = pair

    with pytest.raises(Misdirected):
        await master.peers.forward(beat(standby), master.node.epoch, CLEAR)


async def test_a_write_for_an_instance_that_is_gone_is_misdirected(pair):
    master, standby = pair
    former = msgspec.structs.replace(beat(master), instance="former")

    with pytest.raises(Misdirected):
        await standby.peers.forward(former, master.node.epoch, CLEAR)


async def test_nobody_believes_a_stranger(pair, stranger):
    master, _ = pair
    before = master.node.replica.seq

    with pytest.raises(Misdirected, match="401"):
        await stranger.forward(beat(master), master.node.epoch, CLEAR)
    with pytest.raises(NotSent, match="401"):
        async for _ in stranger.line(beat(master)):
            pass
    assert master.node.replica.seq == before


async def test_a_stranger_cannot_use_the_name_of_a_node(pair):
    master, standby = pair
    forger = HttpPeers(standby.node.identity.instance, NodeKey(), clock=CLOCK, proved_dead=proved)

    with pytest.raises(Misdirected, match="401"):
        await forger.forward(beat(master), master.node.epoch, CLEAR)

    await forger.close()


async def signed(pair, **changes):
    """Send a nudge of the standby with something changed after it was signed."""
    master, standby = pair
    call = Call(
        method="POST",
        path=internode.NUDGE,
        sender=standby.node.identity.instance,
        target=master.node.identity.instance,
        counter=changes.pop("counter", beat(master).counter),
        epoch=0,
        digest=digest_of(b""),
    )
    headers = internode.signed_headers(standby.key, call)
    path = changes.pop("path", internode.NUDGE)
    return await master.raw(
        "POST", path, headers={**headers, **changes.pop("headers", {})}, **changes
    )


async def test_a_signed_call_is_believed(pair):
    assert (await signed(pair)).status == 204


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"data": b"x"}, id="body"),
        pytest.param({"path": internode.FORWARD}, id="path"),
        pytest.param({"headers": {internode.TERM: "5"}}, id="epoch"),
        pytest.param({"headers": {internode.COUNTER: "100000"}}, id="counter"),
        pytest.param({"headers": {internode.SENDER: "other"}}, id="sender"),
        pytest.param({"headers": {internode.DIGEST: digest_of(b"x")}, "data": b"x"}, id="digest"),
        pytest.param({"headers": {internode.SIGNATURE: "zz"}}, id="signature"),
        pytest.param({"counter": -61}, id="old"),
    ],
)
async def test_what_was_signed_cannot_be_changed_or_kept(pair, change):
    assert (await signed(pair, **change)).status == 401


@pytest.mark.parametrize(
    ("headers", "status"),
    [({internode.TARGET: "other"}, 421), ({internode.COUNTER: "many"}, 400)],
)
async def test_calls_for_others_and_nonsense_are_refused(pair, headers, status):
    assert (await signed(pair, headers=headers)).status == status


@pytest.mark.parametrize("target", ["", None], ids=["nobody", "this-node"])
async def test_a_stranger_is_refused_before_the_body_is_read(pair, target):
    master, standby = pair
    me, other = master.node.identity.instance, standby.node.identity.instance
    head = (
        f"POST {internode.FORWARD} HTTP/1.1\r\nhost: x\r\ncontent-length: 60000000\r\n"
        f"{internode.SENDER}: {other}\r\n{internode.TARGET}: {me if target is None else target}\r\n"
        f"{internode.COUNTER}: 1\r\n{internode.SIGNATURE}: {'00' * 64}\r\n\r\n"
    )
    reader, writer = await asyncio.open_connection("127.0.0.1", int(master.url.rpartition(":")[2]))

    writer.write(head.encode())

    assert (await reader.readline()).startswith(b"HTTP/1.1 4")
    writer.close()


async def test_unknown_calls_are_404(pair):
    assert (await pair[0].raw("GET", "/node/other")).status == 404


async def test_the_line_says_the_tail_at_once_and_after_each_commit(pair):
    master, standby = pair
    line = standby.peers.line(beat(master))

    first = await anext(line)
    await master.call("POST", "/applications", data=b"services: [{type: basic-entity}]")
    wanted = master.node.replica.seq
    tail = first
    while tail < wanted:
        tail = await anext(line)

    assert tail >= wanted
    await line.aclose()


async def test_the_line_ends_when_the_master_dies(pair):
    master, standby = pair
    line = standby.peers.line(beat(master))
    await anext(line)

    master.kill()

    async with asyncio.timeout(10):
        async for _ in line:
            pass


async def test_a_listener_that_leaves_is_forgotten(pair):
    master, standby = pair
    listeners = master.node.line._listeners
    await until(lambda: listeners)
    before = len(listeners)
    line = standby.peers.line(beat(master))
    await anext(line)
    assert len(listeners) == before + 1

    await line.aclose()

    await until(lambda: len(listeners) == before)


async def test_a_nudge_has_the_other_look_and_raises_nothing(pair):
    master, standby = pair
    nudged = asyncio.Event()
    standby.node.nudge = nudged.set

    await master.peers.nudge(beat(standby))

    async with asyncio.timeout(10):
        await nudged.wait()
    nowhere = msgspec.structs.replace(beat(standby), address="http://127.0.0.1:1")
    await master.peers.nudge(nowhere)


async def test_a_write_to_an_address_that_refuses_was_not_sent(pair):
    master, standby = pair
    nowhere = msgspec.structs.replace(beat(master), address="http://127.0.0.1:1")

    with pytest.raises(NotSent):
        await standby.peers.forward(nowhere, 1, CLEAR)
    with pytest.raises(NotSent):
        async for _ in standby.peers.line(nowhere):
            pass


FIRST_CALL = """
import asyncio, sys, threading
from brookline.api.peers import HttpPeers
from brookline.security.node_keys import NodeKey
from brookline.values.clock import SystemClock
from brookline.wire.heartbeats import Heartbeat

class Importers:
    def find_spec(self, name, path=None, target=None):
        if name == "aiohttp":
            print(threading.current_thread() is threading.main_thread())

async def main():
    sys.meta_path.insert(0, Importers())
    peers = HttpPeers("me", NodeKey(), clock=SystemClock(), proved_dead=None)
    other = Heartbeat(instance="other", name="n2", home="h", counter=1, state="MASTER", mode="AUTO",
                      wall_ms=0, address="http://127.0.0.1:1")
    await peers.nudge(other)
    await peers.close()

asyncio.run(main())
"""


def test_the_loop_does_not_stand_still_while_the_http_client_is_imported():
    done = subprocess.run(
        [sys.executable, "-c", FIRST_CALL], check=False, capture_output=True, text=True, timeout=30
    )

    assert done.stdout == "False\n", done.stderr


@pytest.fixture
async def listener():
    """A server on a free port that does as the test says with each connection."""
    servers = []

    async def start(behave):
        server = await asyncio.start_server(behave, "127.0.0.1", 0)
        servers.append(server)
        return f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"

    yield start
    for server in servers:
        server.close()


def answering(text):
    async def behave(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(text)
        writer.close()

    return behave


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(b"", id="hangs-up"),
        pytest.param(b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", id="fails"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", id="breaks-off"),
        pytest.param(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nodd!", id="talks-nonsense"),
    ],
)
async def test_what_was_sent_and_not_answered_is_lost(stranger, pair, listener, text):
    address = await listener(answering(text))
    there = msgspec.structs.replace(beat(pair[0]), address=address)

    with pytest.raises(Lost):
        await stranger.forward(there, 1, CLEAR)


async def test_probes_tell_the_same_process_from_a_later_one_and_from_none(pair, stranger):
    master, _ = pair
    here = beat(master)
    dead = msgspec.structs.replace(here, address="http://127.0.0.1:1")

    assert await stranger.probe(here) is Probe.SAME
    assert await stranger.probe(msgspec.structs.replace(here, instance="x")) is Probe.LATER
    other = msgspec.structs.replace(here, instance="x", home="y")
    assert await stranger.probe(other) is Probe.UNKNOWN
    assert await stranger.probe(dead) is Probe.REFUSED


async def test_a_probe_tries_three_times_before_it_says_refused():
    pauses = []

    class Counting(type(CLOCK)):
        async def sleep(self, seconds):
            pauses.append(seconds)

    peers = HttpPeers("me", NodeKey(), clock=Counting(), proved_dead=proved)
    dead = heartbeat(address="http://127.0.0.1:1")

    assert await peers.probe(dead) is Probe.REFUSED
    assert len(pauses) == 2
    assert sum(pauses) < 0.3


async def test_a_listener_that_is_no_node_proves_nothing(stranger, listener):
    address = await listener(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"))

    assert await stranger.probe(heartbeat(address=address)) is Probe.UNKNOWN


async def test_a_dying_process_that_still_accepts_connections_is_found_gone(stranger):
    with socket.create_server(("127.0.0.1", 0)) as dying:
        dying.settimeout(0)
        host, port = dying.getsockname()
        probing = asyncio.create_task(stranger.probe(heartbeat(address=f"http://{host}:{port}")))
        for _ in ("connects", "identify"):
            connection, _ = await asyncio.get_running_loop().sock_accept(dying)
            connection.close()

    assert await probing is Probe.REFUSED


async def test_a_listener_that_breaks_every_connection_proves_nothing(stranger, listener):
    address = await listener(answering(b""))

    assert await stranger.probe(heartbeat(address=address)) is Probe.UNKNOWN


async def test_an_address_that_cannot_be_resolved_proves_nothing(stranger):
    there = heartbeat(address="http://no-such-host.invalid:8081")

    assert await stranger.probe(there) is Probe.UNKNOWN


async def test_over_tls_only_the_certificate_of_the_heartbeat_is_believed(make, tmp_path):
    master = await (await make(tls=own_tls(tmp_path / "a", [], CLOCK))).leads()
    standby = await make(tls=own_tls(tmp_path / "b", [], CLOCK))
    await until(lambda: master.node.find_member(standby.node.identity.instance))
    await until(standby.node.master)
    other = msgspec.structs.replace(beat(master), certificate=beat(standby).certificate)
    unknown = msgspec.structs.replace(beat(master), certificate="")

    assert (await standby.peers.forward(beat(master), master.node.epoch, CLEAR)).status == 200
    assert await standby.peers.probe(beat(master)) is Probe.SAME
    for wrong in (other, unknown):
        with pytest.raises(NotSent):
            await standby.peers.forward(wrong, master.node.epoch, CLEAR)
        assert await standby.peers.probe(wrong) is Probe.UNKNOWN


async def test_proofs_of_death_come_from_the_home(stranger):
    assert await stranger.proved_dead(heartbeat(name="proved"))
    assert not await stranger.proved_dead(heartbeat(name="other"))


def heartbeat(**fields):
    from brookline.wire.heartbeats import Heartbeat

    shown = {"instance": "i", "name": "n", "home": "h", "counter": 1, "state": "MASTER"}
    return Heartbeat(**{**shown, "mode": "AUTO", "wall_ms": 1, **fields})


def test_a_request_survives_its_envelope():
    request = msgspec.structs.replace(
        CLEAR, body=b"\x00\xff", headers=(("accept", "x"),), from_client=True
    )

    assert internode.unpack_request(internode.pack_request(request)) == request
