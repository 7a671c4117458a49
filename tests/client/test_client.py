"""The blocking client over real HTTP."""

from __future__ import annotations

import socket
import threading
from contextlib import closing

import pytest

from brookline.client import calls
from brookline.client.client import Client
from brookline.client.course import Patience
from brookline.client.exchange import Cause, Lost, NotSent
from brookline.client.session import make_request
from brookline.client.transport import HttpTransport, Tls
from brookline.errors import (
    Conflict,
    InvalidInput,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Outcome,
    PreconditionFailed,
    RemoteError,
    Unavailable,
)
from brookline.testing.http_plane import HttpPlane, Reply, hang_up, unavailable
from brookline.values.pace import SystemPace


@pytest.fixture
def plane():
    with HttpPlane("n1", "n2") as plane:
        plane.answers["GET /v1/applications"] = []
        plane.answers["POST /v1/applications"] = Reply(201, {"id": "t1", "entityId": "app1"})
        yield plane


@pytest.fixture
def client(plane):
    with Client(plane.urls, user="admin", password="pw") as client:
        yield client


def test_it_finds_the_master_and_logs_in(plane, client):
    plane.lead("n2")
    assert client.do(calls.deploy("services: []"))["entityId"] == "app1"
    [write] = plane["n2"].writes()
    assert write.headers["authorization"] == "Basic YWRtaW46cHc="
    assert write.headers["content-type"] == "application/yaml"
    assert write.body == b"services: []"
    assert len(write.headers["idempotency-key"]) == 24


def test_it_follows_the_master_to_another_node(plane, client):
    client.do(calls.deploy("a"))
    plane["n1"].stop()
    plane.lead("n2")
    client.do(calls.deploy("b"))
    assert [seen.body for seen in plane["n2"].writes()] == [b"b"]


def test_a_write_without_an_answer_is_sent_again_under_its_id(plane, client):
    plane["n1"].misbehave(hang_up)
    assert client.do(calls.deploy("a"))["entityId"] == "app1"
    [first], [second] = plane["n1"].writes(), plane["n2"].writes()
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(calls.switchover("n2"), id="about-nodes"),
        pytest.param(calls.deploy("a"), id="a-server-of-others"),
    ],
)
def test_what_nobody_remembers_is_not_sent_again(plane, client, call):
    if call.request.recorded:
        plane.mark = {}
    plane["n1"].misbehave(hang_up)
    with pytest.raises(Unavailable, match="may have been done") as caught:
        client.do(call)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert len(plane["n1"].writes()) == 1
    assert plane["n2"].writes() == []


def test_a_write_that_was_not_done_is_repeated_under_its_id(plane, client):
    plane["n1"].misbehave(unavailable("not-done"))
    client.do(calls.deploy("a"))
    [first], [second] = plane["n1"].writes(), plane["n2"].writes()
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


class Leaping(SystemPace):
    """Takes no time to wait."""

    def __init__(self):
        self.slept = 0.0

    def monotonic(self):
        return self.slept

    def sleep(self, seconds):
        self.slept += seconds


def test_who_waits_for_a_while_is_told_for_what(plane):
    for name in ("n1", "n2"):
        plane[name].misbehave(*[unavailable("not-done")] * 100)
    told = []
    pace = Leaping()
    with (
        Client(
            plane.urls,
            patience=Patience(budget_s=4.0),
            pace=pace,
            on_wait=lambda why: told.append((pace.slept, why)),
        ) as client,
        pytest.raises(Unavailable),
    ):
        client.do(calls.deploy("a"))
    assert {why for _, why in told} <= {f"{url}: nobody leads" for url in plane.urls}
    assert told
    assert min(slept for slept, _ in told) >= 1.0


def test_a_read_without_an_answer_is_repeated(plane, client):
    plane["n1"].misbehave(hang_up)
    assert client.do(calls.applications()) == []


def test_it_reads_its_own_writes_from_any_node(plane, client):
    plane.answers["POST /v1/applications"] = Reply(201, {}, {"Brookline-Sequence": "41"})
    client.do(calls.deploy("a"))
    plane["n1"].stop()
    client.do(calls.applications())
    assert plane["n2"].requests[-1].headers["brookline-sequence"] == "41"


def test_a_connection_that_the_server_closed_meanwhile_costs_no_write(plane, client):
    client.do(calls.deploy("a"))
    plane["n1"].stop()
    plane["n1"].start()
    client.do(calls.deploy("b"))
    assert [seen.body for seen in plane["n1"].writes()] == [b"a", b"b"]


def test_names_are_quoted_in_paths(plane, client):
    plane.answers["GET /v1/applications/a b/entities/x/y/sensors/ö?"] = 1
    assert client.do(calls.sensor("a b", "x/y", "ö?")) == 1


def test_a_request_about_one_node_is_answered_by_that_node(plane, client):
    plane.answers["POST /v1/server/ha/priority"] = Reply(200, 0)
    assert client.do(calls.set_priority(3, at=plane["n2"].url)) == 0
    [write] = plane["n2"].writes()
    assert write.body == b"priority=3"
    assert write.headers["brooklyn-allow-non-master-access"] == "true"


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, InvalidInput),
        (401, NotLoggedIn),
        (403, NotAllowed),
        (404, NotFound),
        (405, InvalidInput),
        (409, Conflict),
        (412, PreconditionFailed),
        (422, InvalidInput),
        (500, RemoteError),
        (504, Unavailable),
    ],
)
def test_a_refusal_is_raised_as_the_error_that_it_means(plane, client, status, error):
    plane.mark = {}  # one that may have been done is not repeated
    body = {"message": "no", "details": "since", "error": status, "data": {"k": 1}}
    plane.answers["POST /v1/applications"] = Reply(status, body)
    with pytest.raises(error) as caught:
        client.do(calls.deploy("a"))
    assert (caught.value.message, caught.value.details) == ("no", "since")
    assert caught.value.data["k"] == 1


def test_a_refusal_without_an_api_error_still_tells_who_refused(plane, client):
    plane.answers["POST /v1/applications"] = Reply(415, "<html>no</html>")
    with pytest.raises(InvalidInput, match=r"http://127.0.0.1:\d+ answered 415"):
        client.do(calls.deploy("a"))


def test_a_string_result_of_an_effector_may_be_bare(plane, client):
    path = "POST /v1/applications/a/entities/e/effectors/hello"
    plane.answers[path] = Reply(202, "hello world")
    call = calls.invoke("a", "e", effector="hello", parameters={"x": 1})
    assert client.do(call) == "hello world"


class TestTransport:
    """What counts as sent."""

    @pytest.fixture
    def transport(self):
        transport = HttpTransport(connect_s=0.5)
        yield transport
        transport.close()

    @pytest.fixture
    def listener(self):
        with closing(socket.create_server(("127.0.0.1", 0))) as listener:
            yield listener

    def exchange(self, transport, port, scheme="http", **request):
        return transport.exchange(
            f"{scheme}://127.0.0.1:{port}",
            make_request("POST", "/x", **request),
            headers={},
            timeout_s=0.3,
        )

    def test_a_refused_connection_is_not_sent(self, transport, listener):
        port = listener.getsockname()[1]
        listener.close()
        result = self.exchange(transport, port)
        assert isinstance(result, NotSent)
        assert result.cause is Cause.ABSENT

    def test_silence_is_lost(self, transport, listener):
        result = self.exchange(transport, listener.getsockname()[1])
        assert result == Lost("no answer in time")

    def test_an_answer_is_had_however_long_it_may_take(self, transport, plane):
        year = transport.exchange(
            plane["n1"].url, make_request("GET", "/v1/applications"), headers={}, timeout_s=3.2e7
        )
        assert year.json() == []

    def test_half_an_answer_is_lost(self, transport, listener):
        def half():
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")

        server = threading.Thread(target=half)
        server.start()
        result = self.exchange(transport, listener.getsockname()[1])
        server.join()
        assert result == Lost("the connection ended in the middle of the answer")

    def test_a_request_that_could_not_be_sent_whole_is_not_sent(self, transport, listener):
        def slam():
            peer, _ = listener.accept()
            peer.recv(10)
            peer.close()  # with bytes unread: a reset

        server = threading.Thread(target=slam)
        server.start()
        result = self.exchange(transport, listener.getsockname()[1], body=b"x" * (32 << 20))
        server.join()
        assert isinstance(result, NotSent)
        assert result.cause is Cause.SILENT

    def test_plain_http_where_tls_was_expected_is_told(self, transport, listener):
        def plain():
            peer, _ = listener.accept()
            with peer:
                peer.recv(1000)
                peer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        server = threading.Thread(target=plain)
        server.start()
        result = self.exchange(transport, listener.getsockname()[1], scheme="https")
        server.join()
        assert result == NotSent("no TLS there (wrong version number)", Cause.NOT_TLS)

    def test_a_missing_certificate_file_is_told(self):
        transport = HttpTransport(Tls(authorities=("/nowhere.pem",)))
        with pytest.raises(InvalidInput, match=r"no certificates in /nowhere\.pem"):
            self.exchange(transport, 1, scheme="https")

    def test_an_address_that_is_none_is_told(self, transport):
        with pytest.raises(InvalidInput, match="is no address"):
            transport.exchange("n1", make_request("GET", "/"), headers={}, timeout_s=1)
        with pytest.raises(InvalidInput, match="'n1' is no address of a server, such as http://"):
            Client(["n1"])
