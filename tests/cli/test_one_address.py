"""Commands that are given one address, whose node dies while they wait: they end by way of another."""

from __future__ import annotations

import threading

import pytest

from brookline.testing.http_plane import Reply

TIMEOUT = ("--timeout", "30s")
BEGUN = {"id": "t1", "entityId": "web1", "displayName": "start", "currentStatus": "In progress"}
ENDED = {**BEGUN, "currentStatus": "Completed", "startTimeUtc": 1, "endTimeUtc": 5}
CHOICE = {"possible": True, "will": ["goes on"]}

APP = "/v1/applications/web1"
TASK = "/v1/activities/t1"
BELOW = f"{TASK}/children/recurse"
OUTPUT = f"{TASK}/stream/stdout"


class Death:
    """Has n1 answer one request yet, and die; n2 leads then, on which all comes to its end."""

    def __init__(self, plane, last):
        self._plane, self._last, self._answer = plane, last, plane.answer
        self._lock = threading.Lock()
        self.dead = self._dies = False
        plane.answer = self.answer

    def answer(self, node, seen):
        with self._lock:
            if self._dies and node.name == "n1":
                return self._end
            self._dies = self._dies or (seen.method, seen.path) == self._last
        return self._answer(node, seen)

    def _end(self, node, _seen):
        if not self.dead:
            self.dead = True
            self._plane.lead("n2")
            node.stop()


def on_n2(value, before):
    """Return what is answered by n2, and what by n1."""
    return lambda node, _seen: value if node.name == "n2" else before


def output(_node, seen):
    start = int(seen.query.removeprefix("offset="))
    return Reply(body="ab\n"[start:], headers={"Brookline-Stream-End": "3"})


@pytest.fixture(autouse=True)
def answers(plane):
    listed = {**BEGUN, "streams": {"stdout": {"metadata": {"size": 3}}}}
    ended = {**listed, **ENDED}
    tree = [{"id": "web1", "name": "web", "type": "Web", "children": []}]
    plane.answers |= {
        f"PUT {APP}": Reply(201, BEGUN),
        f"DELETE {APP}": Reply(202, BEGUN),
        f"POST {APP}/entities/web1/effectors/greet": Reply(202, BEGUN),
        "POST /v1/interrupted/t1/resume": Reply(202, BEGUN),
        "GET /v1/interrupted/t1": {"id": "t1", "name": "start", "choices": {"resume": CHOICE}},
        "GET /v1/applications/fetch": tree,
        f"GET {APP}": on_n2(
            Reply(body={"id": "web1", "status": "RUNNING"}),
            Reply(body={"id": "web1", "status": "STARTING"}),
        ),
        f"GET {APP}/descendants/sensor/main.uri": {},
        f"GET {TASK}": on_n2(Reply(body=ended), Reply(body=listed)),
        f"GET {BELOW}": {},
        f"GET {OUTPUT}": output,
        "GET /v1/server/ha/history": [],
        "POST /v1/server/ha/switchover": {},
    }
    return plane.answers


@pytest.fixture
def blueprint(tmp_path):
    path = tmp_path / "web.yaml"
    path.write_text("name: web\nservices: []\n")
    return str(path)


def ran_through_a_death(brookline, plane, last, *arguments):
    """Return what a command did that knows n1, which dies once it has answered that."""
    death = Death(plane, last)
    ran = brookline(*arguments, urls=[plane["n1"].url])
    assert death.dead
    return ran


@pytest.mark.parametrize(
    "last",
    [("PUT", APP), ("GET", TASK), ("GET", BELOW), ("GET", APP)],
    ids=["begun", "seen", "its parts seen", "its status seen"],
)
def test_a_deploy(brookline, plane, blueprint, last):
    given = ("deploy", blueprint, "--id", "web1", "--wait", *TIMEOUT)
    ran = ran_through_a_death(brookline, plane, last, *given)
    assert (ran.status, "RUNNING" in ran.out) == (0, True), ran.err


def test_a_deploy_whose_task_has_ended_and_which_does_not_run_yet(
    brookline, plane, answers, blueprint
):
    answers[f"GET {TASK}"] = ENDED
    given = ("deploy", blueprint, "--id", "web1", "--wait", *TIMEOUT)
    ran = ran_through_a_death(brookline, plane, ("GET", BELOW), *given)
    assert (ran.status, "RUNNING" in ran.out) == (0, True), ran.err


@pytest.mark.parametrize("last", [("DELETE", APP), ("GET", BELOW)], ids=["begun", "seen"])
def test_a_delete(brookline, plane, answers, last):
    gone = Reply(404, {"message": "there is no such application"})
    answers[f"GET {APP}"] = on_n2(gone, Reply(body={"id": "web1"}))
    ran = ran_through_a_death(brookline, plane, last, "delete", "web1", "--wait", *TIMEOUT)
    assert (ran.status, ran.out) == (0, "web is gone.\n"), ran.err


def test_a_delete_of_a_plane_that_is_away_for_a_while(brookline, plane, answers):
    plane.forgotten.add("n2")
    node, looks = plane["n1"], []

    def away(_node, _seen):
        looks.append("away")
        answers[f"GET {APP}"] = Reply(404, {"message": "there is no such application"})
        node.stop()
        threading.Timer(0.6, node.start).start()

    answers |= {f"GET {TASK}": ENDED, f"GET {APP}": away}
    ran = brookline("delete", "web1", "--wait", *TIMEOUT, urls=[node.url])
    assert (ran.status, ran.out, looks) == (0, "web is gone.\n", ["away"]), ran.err


@pytest.mark.parametrize(
    ("last", "words"),
    [
        (f"{APP}/entities/web1/effectors/greet", ("invoke", "web1", "greet")),
        ("/v1/interrupted/t1/resume", ("interrupted", "resume", "t1", "--yes", "--wait")),
    ],
    ids=["invoke", "resume"],
)
def test_a_task_that_goes_on(brookline, plane, last, words):
    ran = ran_through_a_death(brookline, plane, ("POST", last), *words, *TIMEOUT)
    assert (ran.status, "has ended well" in ran.out + ran.err) == (0, True), ran.err


def test_what_is_followed(brookline, plane):
    given = ("activity", "t1", "--follow")
    ran = ran_through_a_death(brookline, plane, ("GET", BELOW), *given)
    assert (ran.status, ran.out.splitlines()) == (0, ["start | ab"]), ran.err


def test_a_hand_over(brookline, plane):
    given = ("ha", "switchover", "--to", "n2", "--yes", *TIMEOUT)
    last = ("POST", "/v1/server/ha/switchover")
    ran = ran_through_a_death(brookline, plane, last, *given)
    assert (ran.status, "n2 leads" in ran.out) == (0, True), ran.err


def test_a_sequence_that_was_written_is_waited_for_by_who_follows_it(brookline, plane, answers):
    path = f"{APP}/entities/web1/effectors/greet"
    answers[f"POST {path}"] = Reply(202, BEGUN, {"Brookline-Sequence": "41"})
    given = ("invoke", "web1", "greet", *TIMEOUT)
    ran = ran_through_a_death(brookline, plane, ("POST", path), *given)
    assert ran.status == 0
    [first, *_] = [seen for seen in plane["n2"].requests if seen.path == TASK]
    assert first.headers["brookline-sequence"] == "41"
