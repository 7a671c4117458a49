"""What one real server does beside following and leading."""

from __future__ import annotations

import base64
import contextlib
import json
import signal
import socket
import stat
from http.client import HTTPResponse

import pytest
from tests.e2e.servers import eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]

FORM = {"content-type": "application/x-www-form-urlencoded"}


def login_as(server, name, password):
    token = base64.b64encode(f"{name}:{password}".encode()).decode()
    headers = {"authorization": f"Basic {token}"}
    return server.ask("GET", "/v1/server/user", login=False, headers=headers)


def test_the_first_start_shows_where_it_is_and_how_to_log_in(cluster):
    n1 = cluster["n1"].start().becomes("master")
    eventually("the banner", lambda: "Ctrl-C ends it" in n1.log())

    password = (n1.home / "admin-password").read_text().strip()
    assert stat.S_IMODE((n1.home / "admin-password").stat().st_mode) == 0o600
    assert n1.log().count(password) == 1
    assert n1.url in n1.log()
    assert "MASTER, epoch 1" in n1.log()
    assert password not in (n1.home / "data" / "log" / "brookline.log").read_text()
    assert login_as(n1, "admin", password).json == "admin"
    assert n1.get("/v1/server/up") is True
    assert n1.get("/v1/server/healthy") is True

    n1.kill()
    n1.start().becomes("master")
    eventually("the banner", lambda: n1.log().count("Ctrl-C ends it") == 2)
    assert n1.log().count(password) == 1


def test_users_and_the_level_of_the_log_are_read_again_on_request(cluster):
    n1 = cluster["n1"].start().becomes("master")
    assert login_as(n1, "ann", "secret").status == 401
    etc = n1.home / "etc"
    etc.mkdir()
    (etc / "brooklyn.cfg").write_text(
        "brooklyn.webconsole.security.users=ann\n"
        "brooklyn.webconsole.security.user.ann.password=secret\n"
        "brookline.log.level=debug\nbrooklyn.ha.pollPeriod=2s\n"
    )

    assert n1.ask("POST", "/v1/server/properties/reload").status == 204

    assert login_as(n1, "ann", "secret").json == "ann"
    assert n1.get("/v1/server/config/brookline.log.level") == "debug"
    assert "at_next_start=['ha-poll']" in n1.log()

    (etc / "brooklyn.cfg").write_text("brooklyn.ha.pollPeriod=soon\n")
    refused = n1.ask("POST", "/v1/server/properties/reload")
    assert refused.status == 400
    assert "'soon' is not a duration" in refused.json["message"]
    assert login_as(n1, "ann", "secret").status == 200


def test_a_shutdown_may_stop_the_applications_first(cluster):
    n1 = cluster["n1"].start().becomes("master")
    app = cluster.deploy(n1)
    sensors = f"/v1/applications/{app}/entities/{app}/sensors/current-state"
    eventually("it runs", lambda: n1.get(sensors).get("service.state") == "RUNNING")

    assert n1.ask("POST", "/v1/server/shutdown", "stopAppsFirst=true", headers=FORM).status == 204
    assert n1.wait() == 0

    n1.start().becomes("master")
    assert n1.get("/v1/applications") == []  # an application that is stopped is gone, as in AMP


def test_a_second_interrupt_ends_the_process_at_once(cluster):
    n1, n2 = cluster.pair()
    n2.pause()  # the heir never says that it is active, so the hand-over waits

    n1.signal(signal.SIGINT)
    eventually("it hands over", lambda: "stopping reason=SIGINT" in n1.log())
    n1.signal(signal.SIGINT)

    assert n1.wait() == 130
    n2.resume()
    n2.becomes("master")


def test_a_request_that_is_broken_or_too_large_is_refused(cluster):
    n1 = cluster["n1"].start().becomes("master")

    broken = n1.ask("POST", "/v1/applications", "{", headers={"content-type": "application/json"})
    huge = n1.ask("POST", "/v1/applications", headers={"content-length": str(1 << 40)}, timeout_s=5)

    assert broken.status == 400
    assert huge.status == 413
    assert isinstance(huge.json["message"], str)
    assert n1.ask("PATCH", "/v1/applications").status == 405
    assert n1.is_well("master")


def test_the_last_heartbeat_comes_when_all_connections_are_closed(cluster):
    n1, n2 = cluster.pair()
    kept = n1.connect()
    kept.connect()  # it is kept for a while, for a request that may be on its way
    beat = cluster.store / "node" / n1.get("/v1/server/ha/states")["ownId"]

    n1.signal(signal.SIGTERM)
    eventually("its last word", lambda: json.loads(beat.read_text())["state"] == "TERMINATED")

    kept.sock.settimeout(0)
    assert kept.sock.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        n1.connect().connect()
    kept.close()
    assert n1.wait() == 0
    n2.becomes("master")


@pytest.mark.parametrize(
    ("said", "status"),
    [(b"nonsense\r\n\r\n", 400), (b"GET / HTTP/1.1\r\nx: %s\r\n\r\n" % (b"a" * 70_000), 431)],
    ids=["no request", "a head that is too long"],
)
def test_what_never_becomes_a_request_is_refused_like_one_that_does(cluster, said, status):
    n1 = cluster["n1"].start().becomes("master")
    with socket.create_connection(("127.0.0.1", n1.port)) as sock:
        with contextlib.suppress(ConnectionError):  # refused before all of it was sent
            sock.sendall(said)
        refused = HTTPResponse(sock)
        refused.begin()
        error = json.loads(refused.read())
    other = n1.ask("GET", "/v1/nothing")
    assert (refused.status, error["error"], other.status) == (status, status, 404)
    assert set(error) <= set(other.json) | {"details", "data"}
    ours = [name for name in other.headers if name.lower().startswith("brookline-")]
    assert ours
    assert {name: refused.headers[name] for name in ours} == {
        name: other.headers[name] for name in ours
    }
