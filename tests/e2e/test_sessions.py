"""A session of a browser over the death of the master that began it, on real servers."""

from __future__ import annotations

import contextlib
from urllib.parse import urlencode

import pytest
from tests.e2e.servers import QUICK, eventually

pytestmark = [pytest.mark.e2e, pytest.mark.slow, pytest.mark.timeout(120)]


def test_a_session_lives_on_after_its_master_was_killed_and_ends_for_good(cluster):
    n1, n2 = cluster.pair(*QUICK)
    password = (n1.home / "admin-password").read_text().strip()
    began = n1.get("/v1/server/ha/metrics")["sequence"]
    answer = n1.ask("POST", "/v1/login", {"user": "admin", "password": password}, login=False)
    assert answer.status == 200, answer
    assert n1.get("/v1/server/ha/metrics")["sequence"] == began, "a login is no commit"
    session = answer.json
    with contextlib.closing(n1.connect()) as connection:
        cookies = login_cookies(connection, password)
    headers = {"cookie": cookies, "x-csrf-token": token_of(cookies)}

    n1.kill()
    n2.becomes("master")

    def as_session(method, path, body=None):
        return n2.ask(method, path, body, login=False, headers=headers)

    assert as_session("GET", "/v1/server/user").json == "admin"
    plan = b"services:\n- type: org.apache.brooklyn.entity.stock.BasicEntity\n"
    assert as_session("POST", "/v1/applications", plan).status == 201
    bearer = {"authorization": f"Bearer {session['pass']}"}
    assert n2.ask("GET", "/v1/session", login=False, headers=bearer).status == 200

    assert as_session("POST", "/v1/logout").json["message"] == "logged out"
    n1.start(*QUICK).becomes("standby").becomes("read")
    for node in (n1, n2):
        answer = eventually(
            "it is over", lambda node=node: node.ask(
                "GET", "/v1/server/user", login=False, headers=headers
            )
        )  # fmt: skip
        assert (answer.status, answer.json) == (403, {"SESSION_INVALIDATED": True})


def login_cookies(connection, password):
    """Logs in by a form, as a page without a script does; returns the cookies."""
    form = urlencode({"user": "admin", "password": password})
    kind = {"content-type": "application/x-www-form-urlencoded"}
    connection.request("POST", "/v1/login", form, kind)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200
    lines = [value for name, value in answer.getheaders() if name.lower() == "set-cookie"]
    return "; ".join(line.partition(";")[0] for line in lines)


def token_of(cookies):
    return next(
        value for name, _, value in (one.partition("=") for one in cookies.split("; "))
        if name == "CSRF-TOKEN"
    )  # fmt: skip
