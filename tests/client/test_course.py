"""What the client may ask again, of whom, and when it gives up: without any I/O."""

from __future__ import annotations

import json

import pytest

from brookline.client.course import WRITE_S, Course, Patience
from brookline.client.exchange import Answer, Cause, Lost, NotSent, Pause
from brookline.client.nodes import REFRESH_S, Nodes
from brookline.client.session import make_request
from brookline.errors import Outcome, Unavailable

A, B, C = "http://a:1", "http://b:2", "http://c:3"
REFUSED = NotSent("connection refused", Cause.ABSENT)
UNREACHABLE = NotSent("no route")
LOST = Lost("the connection ended")
READ = make_request("GET", "/v1/applications")
WRITE = make_request("POST", "/v1/applications", body=b"services: []")


def answer(status=200, body=None, **headers):
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, names, json.dumps(body).encode() if body is not None else b"", "")


def unavailable(outcome, **headers):
    return answer(503, {"message": "no", "data": {"outcome": outcome}}, **headers)


def states(own, master, nodes, **headers):
    listed = {
        name: {"nodeId": name, "nodeUri": url and url + "/", "status": "HOT_STANDBY"}
        for name, url in nodes.items()
    }
    if master:
        listed[master]["status"] = "MASTER"
    told = {"planeId": "p", "ownId": own, "masterId": master, "nodes": listed}
    return answer(200, told, **headers)


class Run:
    """Drives one course with scripted nodes and a clock that only pauses move."""

    def __init__(self, nodes, plane, script, patience=Patience()):  # noqa: B008  # immutable
        self.nodes, self.plane, self.patience = nodes, plane, patience
        self.script = {url: list(results) for url, results in script.items()}
        self.asked, self.states_asked, self.keys, self.now = [], [], set(), 0.0

    def __call__(self, request):
        steps = Course(request, self.nodes, now=lambda: self.now, patience=self.patience).steps()
        result = None
        while True:
            try:
                step = steps.send(result)
            except StopIteration as end:
                return end.value
            result = self._do(step)

    def _do(self, step):
        if isinstance(step, Pause):
            self.now += step.seconds
            return None
        if step.request.path.endswith("ha/states"):
            self.states_asked.append(step.url)
            told = self.plane.get(step.url, REFUSED)
            return told(self) if callable(told) else told
        self.asked.append(step.url)
        self.keys.add(step.request.key)
        results = self.script[step.url]
        return results.pop(0) if len(results) > 1 else results[0]


def two_nodes(master="b", **headers):
    nodes = {"a": A, "b": B}
    return {A: states("a", master, nodes, **headers), B: states("b", master, nodes, **headers)}


def ours(master="b"):
    """Return a plane of servers that remember requests by their keys."""
    return two_nodes(master, brookline_node="a")


def test_any_node_is_asked_who_leads_and_the_master_is_asked_first():
    run = Run(Nodes([A, B]), two_nodes(), {B: [answer()]})
    assert run(WRITE).status == 200
    assert (run.states_asked, run.asked) == ([A], [B])


def test_nodes_that_only_the_plane_knows_are_found():
    run = Run(Nodes([A]), two_nodes(), {B: [answer()]})
    run(WRITE)
    assert run.asked == [B]


def test_the_list_of_nodes_is_refreshed_from_time_to_time():
    run = Run(Nodes([A, B]), two_nodes(), {B: [answer()]})
    run(READ)
    run(READ)
    assert run.states_asked == [A]
    run.now += REFRESH_S
    run(READ)
    assert run.states_asked == [A, B]


def test_an_address_given_by_the_user_is_preferred_to_the_advertised_one():
    plane = {
        A: states("a", "", {"a": "http://inside:1", "b": "http://inside:2"}),
        B: states("b", "b", {"a": "http://inside:1", "b": "http://inside:2"}),
    }
    nodes = Nodes([B])
    run = Run(nodes, plane, {B: [answer()]})
    run(WRITE)
    assert run.asked == [B]


def test_a_node_reached_over_tls_cannot_send_us_to_plain_http():
    safe = "https://a:1"
    plane = {safe: states("a", "b", {"a": "http://a:1", "b": "http://b:2"})}
    run = Run(Nodes([safe]), plane, {safe: [answer()]})
    run(WRITE)
    assert run.asked == [safe]


@pytest.mark.parametrize(
    "request_", [pytest.param(READ, id="read"), pytest.param(WRITE, id="write")]
)
def test_what_was_not_sent_goes_to_another_node_with_the_same_id(request_):
    run = Run(Nodes([A, B]), two_nodes(), {B: [REFUSED], A: [answer()]})
    assert run(request_).status == 200
    assert run.asked == [B, A]
    assert len(run.keys) == 1


UNKNOWN = [
    pytest.param(LOST, id="not-answered"),
    pytest.param(unavailable("unknown"), id="outcome-unknown"),
    pytest.param(answer(503), id="503-of-a-proxy"),
    pytest.param(answer(502), id="502"),
    pytest.param(answer(504), id="504"),
]


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_write_that_may_have_been_done_is_sent_again_with_its_key(unknown):
    run = Run(Nodes([A, B]), ours(), {B: [unknown], A: [answer(201)]})
    assert run(WRITE).status == 201
    assert run.asked == [B, A]
    assert run.keys == {WRITE.key}


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_if_that_is_in_vain_too_it_is_unknown(unknown):
    run = Run(Nodes([A, B]), ours(), {B: [unknown], A: [unavailable("not-done")]})
    with pytest.raises(Unavailable) as caught:
        run(WRITE)
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.data["request"] == WRITE.key
    assert "may have been done" in caught.value.message


def test_it_has_its_whole_time_from_when_it_was_not_answered():
    run = Run(Nodes([A, B]), ours(), {B: [LOST, LOST, answer()], A: [REFUSED]})

    def slow(step):
        if run.asked == []:
            run.now += 60
        return done(step)

    done, run._do = run._do, slow
    assert run(WRITE).status == 200
    assert (run.asked[0], run.asked.count(B)) == (B, 3)


def test_nobody_at_any_address_is_no_reason_to_give_up_what_may_have_been_done():
    run = Run(Nodes([A]), {A: states("a", "a", {"a": A}, brookline_node="a")}, {A: [LOST]})

    def restarting(run):
        return REFUSED if run.now < 3 else states("a", "a", {"a": A}, brookline_node="a")

    def begun(step):
        run.plane[A] = restarting
        run.script[A] = [answer()]
        run._do = done
        return LOST

    done = run._do
    run._do = lambda step: done(step) if step.request is not WRITE else begun(step)
    assert run(WRITE).status == 200


@pytest.mark.parametrize("unknown", UNKNOWN)
def test_a_write_about_the_nodes_is_never_sent_again(unknown):
    write = make_request("POST", "/v1/server/ha/switchover", about_nodes=True)
    run = Run(Nodes([A, B]), ours(), {B: [unknown], A: [answer()]})
    if unknown is LOST:
        with pytest.raises(Unavailable):
            run(write)
    else:
        assert run(write) is unknown
    assert run.asked == [B]


def test_servers_of_others_are_never_sent_a_write_again_that_may_have_been_done():
    run = Run(Nodes([A, B]), two_nodes(), {B: [LOST], A: [answer()]})
    with pytest.raises(Unavailable) as caught:
        run(WRITE)
    assert run.asked == [B]
    assert caught.value.outcome is Outcome.UNKNOWN
    assert caught.value.data["request"] == WRITE.key


def test_a_read_that_was_not_answered_goes_to_another_node():
    run = Run(Nodes([A, B]), two_nodes(), {B: [LOST], A: [answer()]})
    assert run(READ).status == 200
    assert run.asked == [B, A]


def test_a_refusal_that_was_not_done_is_repeated_elsewhere_and_then_after_the_shorter_wait():
    script = {
        B: [unavailable("not-done", retry_after="2"), answer()],
        A: [unavailable("not-done", retry_after="1")],
    }
    run = Run(Nodes([A, B]), two_nodes(), script)
    assert run(WRITE).status == 200
    assert run.asked == [B, A, B]
    assert run.now == 1.0


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(unavailable("unknown"), id="outcome-unknown"),
        pytest.param(answer(503), id="503-of-a-proxy"),
        pytest.param(answer(502), id="502"),
        pytest.param(answer(500), id="500"),
    ],
)
def test_a_refusal_that_may_have_been_done_is_not_repeated(refusal):
    run = Run(Nodes([A, B]), two_nodes(), {B: [refusal]})
    assert run(WRITE) is refusal
    assert run.asked == [B]


def test_refusals_end_with_the_budget_and_tell_why():
    run = Run(Nodes([A]), {A: states("a", "a", {"a": A})}, {A: [unavailable("not-done")]})
    assert run(WRITE).status == 503
    assert 19 < run.now < 20


def test_a_plane_that_is_not_there_is_told_at_once():
    run = Run(Nodes([A, B]), {}, {})
    with pytest.raises(Unavailable, match="none of the 2 known nodes answers") as caught:
        run(WRITE)
    assert run.now == 0
    assert "http://b:2: connection refused" in caught.value.details
    assert caught.value.outcome is Outcome.NOT_DONE
    assert caught.value.data["cause"] == "absent"


def test_a_plane_that_is_not_there_is_waited_for_if_wished():
    nodes = {"a": A}
    plane = {A: lambda run: states("a", "a", nodes) if run.now > 3 else REFUSED}
    run = Run(Nodes([A]), plane, {A: [answer()]}, Patience(absent_s=5))
    assert run(WRITE).status == 200


def test_nothing_is_sent_to_a_lone_node_that_does_not_answer():
    run = Run(Nodes([A]), {A: Lost("no answer in time")}, {A: [answer()]})
    with pytest.raises(Unavailable) as caught:
        run(WRITE)
    assert run.asked == []
    assert caught.value.outcome is Outcome.NOT_DONE
    assert caught.value.data["cause"] == "silent"


def test_a_node_that_did_not_answer_is_asked_last_for_a_while():
    frozen = Lost("no answer in time")
    run = Run(Nodes([A, B]), two_nodes(), {B: [frozen], A: [answer()]})
    run(READ)
    run(READ)
    assert run.asked == [B, A, A]


def test_a_master_that_the_plane_calls_silent_is_asked_last():
    told = two_nodes()
    body = told[A].json()
    body["nodes"]["b"]["heartbeatAgeMs"] = 4000
    run = Run(Nodes([A, B]), {A: answer(200, body)}, {A: [answer()]})
    run(READ)
    assert run.asked == [A]


def test_amps_refusal_of_a_standby_leads_to_the_master():
    # the first to be asked thinks that it knows the master, and is out of date
    nodes = {"a": A, "b": B, "c": C}
    plane = {A: states("a", "b", nodes), B: states("b", "c", nodes)}
    script = {B: [answer(403)], A: [answer(403)], C: [answer()]}
    run = Run(Nodes([A]), plane, script)
    assert run(WRITE).status == 403, "the word of who is believed to lead is final"
    plane[A] = states("a", "", nodes)
    run = Run(Nodes([A, B, C]), plane, script)
    assert run(WRITE).status == 200
    assert run.asked == [A, B, C]


def test_403_is_final_where_the_plane_does_not_tell_its_nodes():
    run = Run(Nodes([A]), {A: answer(403)}, {A: [answer(403)]})
    assert run(WRITE).status == 403
    assert run.now == 0


def test_403_is_repeated_while_nobody_leads():
    nodes = {"a": A}
    plane = {A: lambda run: states("a", "a" if run.now > 1 else "", nodes)}
    run = Run(Nodes([A]), plane, {A: [answer(403), answer(403), answer()]})
    assert run(READ).status == 200


def test_403_is_repeated_while_the_master_does_not_answer():
    # a cold standby refuses reads, and calls the master one until it takes over
    nodes = {"a": A, "b": B}
    standby = {B: lambda run: states("b", "b" if run.now > 1 else "a", nodes)}
    run = Run(Nodes([A, B]), standby, {A: [LOST, REFUSED], B: [*[answer(403)] * 6, answer()]})
    assert run(READ).status == 200
    assert run.now > 1
    never = Run(Nodes([A, B]), {B: states("b", "a", nodes)}, {A: [REFUSED], B: [answer(403)]})
    assert never(READ).status == 403
    assert never.now > 19, "all the budget was spent"


def test_403_of_the_user_is_told_at_once_though_another_node_is_gone():
    nodes = {"a": A, "b": B, "c": C}
    run = Run(Nodes([C, A]), {A: states("a", "b", nodes)}, {B: [answer(403)], A: [answer(403)]})
    assert run(READ).status == 403
    assert (run.now, run.asked) == (0, [B])


def test_403_for_its_state_is_no_last_word_even_of_who_led_when_last_heard_of():
    nodes, demoted = {"a": A, "b": B}, answer(403, {"data": {"state": "STANDBY"}})
    plane = {A: states("a", "a", nodes), B: states("b", "a", nodes)}
    run = Run(Nodes([A, B]), plane, {A: [answer(), demoted], B: [demoted, demoted, answer()]})
    assert run(READ).status == 200
    plane[A] = plane[B] = states("b", "b", nodes)
    assert run(READ).status == 200
    assert run.asked[:3] == [A, A, B]
    there = make_request("GET", "/v1/applications", at=A)
    assert run(there).status == 403, "nobody else was to be asked"


def test_a_redirection_is_followed_to_the_master_with_the_same_request():
    plane = {A: states("a", "a", {"a": A})}
    run = Run(Nodes([A]), plane, {A: [answer(307, location=B + "/v1/x")], B: [answer()]})
    assert run(WRITE).status == 200
    assert run.asked == [A, B]


def test_a_wrong_password_is_tried_once_at_one_node_only():
    run = Run(Nodes([A, B]), {A: answer(401)}, {A: [answer(401)]})
    assert run(READ).status == 401
    assert (run.states_asked, run.asked) == ([A], [A])


def test_a_request_about_a_node_goes_to_that_node_only():
    request = make_request("POST", "/v1/server/ha/priority", at=A)
    run = Run(Nodes([A, B]), two_nodes(), {A: [REFUSED], B: [answer()]})
    with pytest.raises(Unavailable, match="no answer from http://a:1: connection refused"):
        run(request)
    assert (run.states_asked, run.asked) == ([], [A])


class Timed(Run):
    """Notes how long each node may take."""

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        self.waits = []

    def _do(self, step):
        if not isinstance(step, Pause):
            self.waits.append(step.timeout_s)
        return super()._do(step)


def test_a_node_that_is_busy_gets_more_time_with_each_round():
    run = Timed(Nodes([A]), {A: states("a", "a", {"a": A})}, {A: [LOST, LOST, answer()]})
    run(READ)
    assert run.waits == [1, 5, 2, 10, 4, 20]


@pytest.mark.parametrize("rounds", [40, 2000])
@pytest.mark.parametrize("failure", [LOST, REFUSED])
def test_however_long_all_are_away_a_node_is_given_no_more_time_than_a_write_takes(rounds, failure):
    plane = {A: states("a", "a", {"a": A})}
    patience = Patience(budget_s=3600, absent_s=3600)
    run = Timed(Nodes([A]), plane, {A: [*[failure] * rounds, answer()]}, patience)
    assert run(READ).status == 200
    assert len(run.asked) == rounds + 1
    assert max(run.waits) == WRITE_S


def test_a_plane_of_which_nobody_is_there_for_long_is_found_when_it_is_back():
    back = states("a", "a", {"a": A})
    plane = {A: lambda run: back if len(run.states_asked) > 2000 else REFUSED}
    run = Timed(Nodes([A]), plane, {A: [answer()]}, Patience(budget_s=3600, absent_s=3600))
    assert run(READ).status == 200
    assert max(run.waits) == WRITE_S
