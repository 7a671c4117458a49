"""Servers over TLS, how they end, and the listener without TLS beside the one with it."""

from __future__ import annotations

import re
import signal
from http.client import HTTPConnection

import pytest
from tests.e2e import successions
from tests.e2e.servers import Writer, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def server(cluster):
    return cluster["n1"].start("--https", "--http", "--http-port", "0").becomes("master")


def plain_port(server):
    told = eventually(
        "it says where",
        lambda: re.search(r"leads to TLS address='?http://[^:]*:(\d+)", server.log()),
    )
    return int(told[1])


def ask(port, method, path, *, headers=None, body=None):
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    found = answer.status, answer.getheader("location"), answer.read()
    connection.close()
    return found


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_what_reads_is_led_to_tls_at_the_host_that_it_asked_for(server, method):
    port = plain_port(server)

    for host, expected in [
        ("localhost:1", f"https://localhost:{server.port}"),
        ("[::1]", f"https://[::1]:{server.port}"),
        ("evil.example/x?", server.url),
    ]:
        found = ask(port, method, "/about?a=1&b", headers={"host": host})
        assert found == (307, f"{expected}/about?a=1&b", b"")
    assert ask(port, method, "/v1/server/ha/state")[0] == 307


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_what_changes_is_refused_with_the_address_that_takes_it(server, cluster, method):
    app = cluster.deploy(server)
    path = f"/v1/applications/{app}"

    status, _, body = ask(plain_port(server), method, path, headers=cluster.login, body=b"x" * 99)

    assert status == 403
    assert f"https://127.0.0.1:{server.port}".encode() in body
    assert server.ask("GET", path).status == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("probe", "status"), [("live", 200), ("master", 200), ("standby", 503)])
def test_probes_are_answered_on_both(server, method, probe, status):
    path = f"/healthz/{probe}"

    assert server.ask(method, path, login=False).status == status
    assert ask(plain_port(server), method, path)[0] == status


def test_users_behind_another_address_are_led_there(cluster):
    server = cluster["n1"].start(
        "--https", "--http", "--http-port", "0", "--public-address", "https://amp.example.com/"
    )  # fmt: skip

    found = ask(plain_port(server), "GET", "/about", headers={"host": "localhost"})

    assert found == (307, "https://amp.example.com/about", b"")


def test_both_end_with_the_server(server):
    port = plain_port(server)
    server.signal(signal.SIGTERM)

    assert server.wait() == 0
    with pytest.raises(ConnectionRefusedError):
        ask(port, "GET", "/healthz/live")


def test_a_master_ends_well_while_clients_keep_their_connections(cluster):
    n1, n2 = cluster.pair("--https")
    idle = [n1.connect() for _ in range(3)]
    for connection in idle:
        connection.request("GET", "/v1/server/version", headers=cluster.login)
        assert connection.getresponse().read()

    n1.signal(signal.SIGTERM)

    assert n1.wait() == 0, n1.log()
    n2.becomes("master")
    eventually("n1 is shown as ended", lambda: "n1" in ended(n2))
    for connection in idle:
        connection.close()


def ended(server):
    nodes = server.get("/v1/server/ha/states")["nodes"].values()
    return [node["name"] for node in nodes if node["status"] == "TERMINATED"]


def test_a_hand_over_refuses_no_write(cluster):
    n1, n2 = cluster.pair("--https")
    app = cluster.deploy(n1)

    with Writer([n1, n2], app, keeps=True, prefix="kept") as kept:
        successions.is_told_to_end(n1, n2, app)
        kept.writes(50)

    assert kept.errors == []
    assert kept.lost(n2) == []


def test_a_master_that_is_killed_is_followed_without_loss(cluster):
    n1, n2 = cluster.pair("--https")

    successions.is_killed(n1, n2, cluster.deploy(n2))
