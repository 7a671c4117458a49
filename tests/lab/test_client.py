"""What a client of the lab makes of answers, and how often it asks."""

from __future__ import annotations

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from tests.backends.programs import free_port
from tests.lab.client import TRIES, Asked, Client, Orders, outcome_of
from tests.lab.history import DONE, NOT_DONE, UNKNOWN
from tests.lab.soak import counted
from tests.lab.test_checker import GOOD


def told(outcome):
    return json.dumps({"message": "no", "data": {"outcome": outcome}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b"{}", DONE),
        (204, b"", DONE),
        (503, told("not-done"), NOT_DONE),
        (503, told("unknown"), UNKNOWN),
        (503, b"{}", UNKNOWN),
        (503, b"<html>", UNKNOWN),
        (500, b'{"message": "it failed"}', UNKNOWN),
        (500, b"[]", UNKNOWN),
        (404, b"{}", NOT_DONE),
        (422, b"", NOT_DONE),
    ],
)
def test_only_what_is_said_to_be_definite_is_taken_for_it(status, body, outcome):
    assert outcome_of(status, body)[0] == outcome


@contextlib.contextmanager
def server(*answers):
    """A node that answers each request with the next of these; None hangs up instead."""
    left, asked = list(answers), []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(dict(self.headers))
            answer = left.pop(0)
            if answer is None:
                return
            status, body = answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Brookline-Sequence", "7")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, args=(0.01,))
        thread.start()
        yield made.server_port, asked
        made.shutdown()
        thread.join()


def client(*ports):
    nodes = {f"n{number}": ("127.0.0.1", port) for number, port in enumerate(ports)}
    orders = Orders("c1", 1, 0.0, nodes, "app", {}, (), (), (), "", "")
    made = Client(orders)
    made.random.choice = lambda choices: choices[-1]
    return made


def outcomes(made, *, keyed):
    asked = Asked("POST", "/x", "1", key="k" if keyed else "")
    return [one.outcome for one in made._tries(asked, keyed=keyed, reads=False)]


def test_what_may_have_been_done_is_asked_again_only_with_a_key():
    with server(None, (204, b"")) as (port, asked):
        assert outcomes(client(port), keyed=True) == [UNKNOWN, DONE]
    assert [headers["Idempotency-Key"] for headers in asked] == ["k", "k"]

    with server(None) as (port, asked):
        assert outcomes(client(port), keyed=False) == [UNKNOWN]
    assert "Idempotency-Key" not in asked[0]


def test_what_was_called_not_done_is_asked_again_without_one():
    with server((503, told("not-done")), (204, b"")) as (port, _):
        assert outcomes(client(port), keyed=False) == [NOT_DONE, DONE]


def test_what_is_refused_is_not_asked_again():
    with server((404, b"{}")) as (port, _):
        assert outcomes(client(port), keyed=True) == [NOT_DONE]


def test_a_node_that_is_not_there_did_nothing():
    assert outcomes(client(free_port()), keyed=False) == [NOT_DONE] * TRIES


def test_it_shows_the_highest_sequence_that_it_was_told():
    made = client()
    with server((204, b""), (204, b"")) as (port, asked):
        made.orders.nodes["n"] = ("127.0.0.1", port)
        assert outcomes(made, keyed=False) == outcomes(made, keyed=False) == [DONE]

    assert [headers.get("Brookline-Sequence") for headers in asked] == [None, "7"]


def test_a_soak_counts_what_its_runs_did():
    assert dict(counted(GOOD)) == {
        "runs": 1, "faults": 2, "epochs": 2, "writes acknowledged": 3, "reads": 1, "commands run": 2,
    }  # fmt: skip
