"""activity --follow and activity cancel, against a scripted plane."""

from __future__ import annotations

import pytest

from brookline.testing.http_plane import Reply, hang_up, unavailable


def task(task_id="t1", name="start", **more):
    return {"id": task_id, "displayName": name, "entityDisplayName": "web", **more}


def streams(**sizes):
    return {name: {"metadata": {"size": size}} for name, size in sizes.items()}


class Output:
    """A stream of a scripted server: gives what is there from a place on."""

    def __init__(self, *contents):
        self.contents = list(contents)
        self.asked = []

    def __call__(self, _node, seen):
        content = self.contents.pop(0) if len(self.contents) > 1 else self.contents[0]
        start = int(seen.query.removeprefix("offset="))
        self.asked.append(start)
        end = max(start, len(content))
        return Reply(body=content[start:], headers={"Brookline-Stream-End": str(end)})


class Story:
    """A task whose states follow one another, with one part."""

    def __init__(self, plane):
        self.plane = plane
        self.looks = []
        plane.answers |= {
            "GET /v1/activities/t1": self.look,
            "GET /v1/activities/t1/children/recurse": lambda _n, _s: Reply(body=self.below),
        }

    def look(self, _node, _seen):
        own, self.below = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return Reply(body=own)

    def goes(self, *looks):
        self.looks = list(looks)

    def writes(self, task_id, stream, *contents):
        output = Output(*contents)
        self.plane.answers[f"GET /v1/activities/{task_id}/stream/{stream}"] = output
        return output


@pytest.fixture
def story(plane):
    return Story(plane)


def test_lines_of_parts_come_once_with_a_prefix(brookline, story):
    running = {"t2": task("t2", "install", streams=streams(stdout=4))}
    ended = {"t2": task("t2", "install", endTimeUtc=4, streams=streams(stdout=11, stderr=3))}
    story.goes((task(), {}), (task(), running), (task(endTimeUtc=5), ended))
    output = story.writes("t2", "stdout", "one\ntw", "one\ntwo\nend")
    story.writes("t2", "stderr", "no\n")
    ran = brookline("activity", "t1", "--follow")
    assert ran.out.splitlines() == [
        "web install | one", "web install | two", "web install | end", "web install ! no",
    ]  # fmt: skip
    assert output.asked == [0, 6]


def test_bytes_that_are_half_a_character_are_waited_for(brookline, story):
    story.goes(
        (task(streams=streams(stdout=1)), {}),
        (task(endTimeUtc=5, streams=streams(stdout=3)), {}),
    )
    whole = "é\n".encode()

    def half(_node, seen):
        start = int(seen.query.removeprefix("offset="))
        end = 1 if start == 0 else 3
        headers = {"Brookline-Stream-End": str(end)}
        return _Raw(body=whole[start:end], headers=headers)

    story.plane.answers["GET /v1/activities/t1/stream/stdout"] = half
    assert brookline("activity", "t1", "-s", "stdout", "-f").out == "é\n"


class _Raw(Reply):
    def encoded(self):
        return self.body


def test_it_goes_on_through_a_failover(brookline, story, plane):
    first = {"t2": task("t2", "install", streams=streams(stdout=4))}
    last = {"t2": task("t2", "install", endTimeUtc=4, streams=streams(stdout=8))}
    story.goes((task(), first), (task(endTimeUtc=5), last))
    output = story.writes("t2", "stdout", "one\n", "one\n", "one\ntwo\n")
    plane["n1"].misbehave(lambda n, s: plane.answer(n, s)(n, s), hang_up, unavailable("not-done"))
    ran = brookline("activity", "t1", "--follow")
    assert ran.out.splitlines() == ["web install | one", "web install | two"]
    assert output.asked[-1] == 4


def test_what_is_kept_nowhere_is_told_once_and_the_rest_goes_on(brookline, story):
    below = {
        "t2": task("t2", "install", endTimeUtc=4, streams=streams(stdout=4)),
        "t3": task("t3", "launch", endTimeUtc=4, streams=streams(stdout=4)),
    }
    story.goes((task(), below), (task(endTimeUtc=5), below))
    gone = Reply(404, {"message": "kept on a node that does not answer", "error": 404})
    story.plane.answers["GET /v1/activities/t2/stream/stdout"] = gone
    story.writes("t3", "stdout", "one\n")
    ran = brookline("activity", "t1", "--follow")
    assert ran.out == "web launch | one\n"
    assert ran.err.count("does not answer") == 1


@pytest.mark.parametrize(
    ("ends", "status"),
    [({}, 0), ({"isError": True}, 12), ({"isError": True, "interrupted": True}, 17)],
    ids=["well", "failed", "interrupted"],
)
def test_it_ends_as_the_task_does(brookline, story, ends, status):
    story.goes((task(endTimeUtc=5, **ends), {}))
    assert brookline("activity", "t1", "--follow").status == status


def test_a_task_is_cancelled(brookline, plane):
    plane.answers["POST /v1/activities/t1/cancel"] = True
    ran = brookline("activity", "cancel", "t1")
    assert (ran.status, ran.out) == (0, "task t1 is cancelled\n")


def test_what_had_ended_is_not_cancelled(brookline, plane):
    plane.answers |= {
        "POST /v1/activities/t1/cancel": Reply(body="false"),
        "GET /v1/activities/t1": task(currentStatus="Completed"),
    }
    ran = brookline("activity", "cancel", "t1")
    assert ran.status == 16
    assert "it is Completed" in ran.err


def test_what_is_interrupted_is_not_cancelled_but_abandoned(brookline, plane):
    plane.answers |= {
        "POST /v1/activities/t1/cancel": Reply(body="false"),
        "GET /v1/activities/t1": task(currentStatus="Failed", interrupted=True),
    }
    ran = brookline("activity", "cancel", "t1")
    assert ran.status == 16
    assert "it is Interrupted\nNext: brookline interrupted t1" in ran.err
