"""brookline interrupted, against a scripted plane."""

from __future__ import annotations

import json

import pytest

from brookline.testing.http_plane import Reply

ONE = {
    "id": "t1",
    "name": "pay",
    "entityDisplayName": "web",
    "cause": "once",
    "reason": "nobody knows whether its step 'charge' was done",
    "step": "charge",
    "sinceUtc": 1_000,
    "failover": {"epoch": 8, "node": "n2", "from": "n1", "reason": "process gone", "atUtc": 900},
}
CHOICES = {
    "resume": {"possible": True, "will": ["goes on as the same task t1", "does again: charge"]},
    "replay": {"possible": False, "will": ["it is not recorded what it is made of"]},
    "abandon": {"possible": True, "will": ["does nothing more of it"]},
}
TASK = {"id": "t1", "displayName": "pay", "currentStatus": "In progress"}


@pytest.fixture(autouse=True)
def answers(plane):
    plane.answers |= {
        "GET /v1/interrupted": [ONE],
        "GET /v1/interrupted/t1": {**ONE, "choices": CHOICES},
        "POST /v1/interrupted/t1/resume": Reply(202, TASK),
        "POST /v1/interrupted/t1/abandon": {
            **ONE,
            "resolved": {"how": "abandoned", "by": "admin", "atUtc": 1, "why": "x"},
            "ends": {"link": "/v1/activities/t2", "metadata": {"id": "t2", "taskName": "end"}},
        },
        "GET /v1/activities/t1": {**TASK, "currentStatus": "Completed", "endTimeUtc": 5},
        "GET /v1/activities/t1/children/recurse": {},
    }
    return plane.answers


def writes(plane):
    return [(seen.path, seen.body) for name in ("n1", "n2") for seen in plane[name].writes()]


def test_the_list_says_what_since_when_why_and_by_which_failover(brookline):
    header, row = brookline("interrupted").out.splitlines()
    assert header.split() == ["WHAT", "ID", "ENTITY", "SINCE", "FAILOVER", "WHY"]
    assert row.startswith("pay   t1  web")
    assert "n1→n2 (epoch 8): process gone" in row
    assert row.endswith("nobody knows whether its step 'charge' was done")


@pytest.mark.parametrize("words", [["-o", "json"], ["show", "-o", "json"]], ids=["bare", "named"])
def test_the_list_as_data_is_what_the_server_says(brookline, words):
    assert brookline("interrupted", *words).json() == [ONE]


def test_one_is_shown_with_what_each_choice_would_do(brookline):
    lines = brookline("interrupted", "t1").out.splitlines()
    assert lines[0] == "pay of web  t1  Interrupted"
    assert "  step      charge" in lines
    at = lines.index("resume:")
    assert lines[at + 1 : at + 3] == ["  - goes on as the same task t1", "  - does again: charge"]
    assert "replay: not possible" in lines
    assert lines[-1] == "Next: brookline interrupted resume|replay|abandon t1"


def test_it_is_resumed_after_saying_what_that_does(brookline, plane):
    ran = brookline("interrupted", "resume", "t1", "--yes")
    assert (ran.status, ran.out) == (0, "task t1\n")
    assert "does again: charge" in ran.err
    assert [path for path, _ in writes(plane)] == ["/v1/interrupted/t1/resume"]


def test_with_wait_it_ends_as_the_task_does(brookline, answers):
    ran = brookline("interrupted", "resume", "t1", "--yes", "--wait")
    assert (ran.status, ran.out) == (0, "pay has ended well\n")
    answers["GET /v1/activities/t1"] |= {"interrupted": True, "isError": True, "result": "again"}
    ran = brookline("interrupted", "resume", "t1", "--yes", "--wait")
    assert ran.status == 17
    assert "Next: brookline interrupted t1" in ran.err


@pytest.mark.parametrize(
    "words",
    [["resume", "t1"], ["abandon", "t1", "--reason", "x"]],
    ids=["resume", "abandon"],
)
def test_without_a_terminal_it_is_not_asked_and_nothing_is_done(brookline, plane, words):
    ran = brookline("interrupted", *words)
    assert (ran.status, writes(plane)) == (1, [])
    assert "--yes" in ran.err


def test_a_dry_run_says_it_and_does_nothing(brookline, plane):
    ran = brookline("interrupted", "resume", "t1", "--dry-run")
    assert ran.out.splitlines()[0] == "resume:"
    assert (ran.status, writes(plane)) == (0, [])


def test_what_is_not_possible_ends_with_16_and_the_reason(brookline, plane):
    ran = brookline("interrupted", "replay", "t1", "--yes")
    assert (ran.status, writes(plane)) == (16, [])
    assert "not recorded what it is made of" in ran.err


def test_what_was_resolved_before_ends_with_16_and_says_by_whom(brookline, answers, plane):
    resolved = {"how": "abandoned", "by": "ann", "atUtc": 1, "why": "by hand"}
    answers["GET /v1/interrupted/t1"] = {**ONE, "resolved": resolved, "choices": {}}
    ran = brookline("interrupted", "resume", "t1", "--yes")
    assert (ran.status, writes(plane)) == (16, [])
    assert "t1 was abandoned by ann: by hand" in ran.err


def test_it_is_abandoned_with_a_reason(brookline, plane):
    ran = brookline("interrupted", "abandon", "t1", "--reason", "done by hand", "--yes")
    assert (ran.status, ran.out) == (0, "t1 is abandoned; task t2 ends what still runs of it\n")
    [(path, body)] = writes(plane)
    assert (path, json.loads(body)) == (
        "/v1/interrupted/t1/abandon",
        {"reason": "done by hand"},
    )


def test_abandoning_without_a_reason_is_an_error_of_usage(brookline, plane):
    ran = brookline("interrupted", "abandon", "t1", "--yes")
    assert (ran.status, writes(plane)) == (1, [])
    assert "--reason" in ran.err


def test_none_are_an_empty_table(brookline, answers):
    answers["GET /v1/interrupted"] = []
    ran = brookline("interrupted")
    assert (ran.status, ran.err) == (0, "There are none.\n")
