"""Streams of tasks: the same bytes from whichever node, as long as somebody has them."""

from __future__ import annotations

import pytest
from tests.api.conftest import PLAN
from tests.api.house import until

from brookline.journal.queue import Decision
from brookline.wire.changes import Merge


@pytest.fixture
async def echoed(pair):
    """A master and a standby, and the task of an effector that wrote ten bytes on the master."""
    master, standby = pair
    app = await master.deploy(PLAN)
    effector = f"/applications/{app}/entities/web/effectors/echo?timeout=0"
    told = await master.call("POST", effector, json={"text": "0123456789"})
    task = told.json["id"]
    await master.call("GET", f"/activities/{task}?timeout=20s")
    await until(lambda: (found := standby.management.tasks.find(task)) and found.status.ended)
    return master, standby, task


async def stream(house, task, name="stdout", query=""):
    return await house.call("GET", f"/activities/{task}/stream/{name}{query}")


async def test_another_node_gets_it_from_the_one_that_has_it(echoed):
    for house in echoed[:2]:
        told = await stream(house, echoed[2])
        assert (told.status, told.body) == (200, b"0123456789")
        assert told.headers["Brookline-Stream-End"] == "10"


@pytest.mark.parametrize(
    ("query", "body", "end"),
    [("?offset=4", b"456789", "10"), ("?offset=10", b"", "10"), ("?offset=99", b"", "99")],
)
async def test_an_offset_leaves_out_what_is_before_it(echoed, query, body, end):
    for house in echoed[:2]:
        told = await stream(house, echoed[2], query=query)
        assert (told.body, told.headers["Brookline-Stream-End"]) == (body, end)


@pytest.mark.parametrize("query", ["offset=-1", "offset=x", "limit=-1", "limit=x"])
async def test_a_place_that_is_none_is_refused(echoed, query):
    told = await stream(echoed[0], echoed[2], query=f"?{query}")
    assert told.status == 400


async def test_a_part_of_it_is_read_and_it_says_what_parts_there_are(echoed):
    for house in echoed[:2]:
        told = await stream(house, echoed[2], query="?offset=4&limit=3")
        assert (told.body, told.headers["Brookline-Stream-End"]) == (b"456", "10")
        assert told.headers["Brookline-Stream-Kept"] == "0-10"


async def test_a_stream_that_there_never_was_is_not_found(echoed):
    for house in echoed[:2]:
        told = await stream(house, echoed[2], "stderr")
        assert (told.status, "no stream 'stderr'" in told.json["message"]) == (404, True)


async def test_what_lies_on_a_dead_node_is_not_found_and_says_so(echoed):
    master, standby, task = echoed
    await master.stop()
    await standby.leads()
    told = await stream(standby, task)
    assert told.status == 404
    assert "of 10 bytes, is kept on the node that ran it" in told.json["message"]


async def test_what_nobody_has_taken_up_yet_is_for_later(echoed):
    master, _, task = echoed
    running = Merge("task", task, {"status": "running", "streams": {"stdin": 7}})
    await master.node.commit(lambda _view: Decision([running]))
    told = await stream(master, task, "stdin")
    assert (told.status, told.json["data"]["outcome"]) == (503, "not-done")


async def test_what_is_known_of_a_longer_stream_ends_with_what_is_missing(echoed):
    master, _, task = echoed
    longer = Merge("task", task, {"streams": {"stdout": 30}})
    await master.node.commit(lambda _view: Decision([longer]))
    told = await stream(master, task, query="?offset=8")
    assert told.body == b"89\n[... 20 bytes are not here ...]\n"
    assert told.headers["Brookline-Stream-End"] == "30"
