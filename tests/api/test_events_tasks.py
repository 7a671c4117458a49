"""What the stream tells of tasks: how they get on, and what they write, on the master and elsewhere."""

from __future__ import annotations

import pytest
from tests.api.conftest import PLAN
from tests.api.house import until
from tests.api.test_events import changed, stream, take

from brookline.api.output_pump import _whole


async def invoke(house, app, effector, **params):
    path = f"/applications/{app}/entities/web/effectors/{effector}?timeout=0"
    told = await house.call("POST", path, json=params)
    assert told.status in (200, 202), told.body
    return told.json["id"]


async def test_output_comes_on_every_node_from_where_the_client_has_it(pair):
    master, standby = pair
    app = await master.deploy(PLAN)
    task = await invoke(master, app, "echo", text="0123456789")
    await until(lambda: (found := standby.management.tasks.find(task)) and found.status.ended)
    for house in pair:
        for start, text in ((0, "0123456789"), (4, "456789")):
            query = f"topics=tasks&task={task}&output=stdout&from={start}"
            async with stream(house, query) as heard:
                await take(heard, "hello")
                output = await take(heard, "output")
                assert output.data == {
                    "task": task,
                    "stream": "stdout",
                    "start": start,
                    "end": 10,
                    "text": text,
                    "ended": False,
                }
                ended = await take(heard, "output")
                assert ended.data["ended"]
                assert ended.data["end"] == 10


async def test_a_task_is_told_from_its_beginning_to_its_end_by_its_id_alone(pair):
    master, standby = pair
    app = await master.deploy(PLAN)
    async with stream(standby, "topics=tasks") as heard:
        await take(heard, "hello")
        task = await invoke(master, app, "echo", text="x")
        added = await take(heard, changed("task", id=task, what="added", status="running"))
        assert added.id
        ended = await take(heard, changed("task", id=task, status="completed"))
        (end,) = [one for one in ended.data["changes"] if one["id"] == task]
        assert end["streams"] == {"stdout": 1}
        assert end["entityName"] == "web"
        assert end["application"] == app


async def test_how_a_task_gets_on_is_told_by_the_node_that_runs_it(house):
    app = await house.deploy(PLAN)
    async with stream(house, "topics=tasks") as heard:
        await take(heard, "hello")
        task = await invoke(house, app, "dwell")
        told = await take(heard, lambda e: e.name == "progress" and task in e.data["tasks"])
        assert told.data["tasks"][task]["status"] == "running"
        listed = await house.get("/activities?running=true")
        assert [one["id"] for one in listed] == [task]
        assert (await house.call("POST", f"/activities/{task}/cancel")).status == 200
        await take(heard, changed("task", id=task, status="cancelled"))
        told = await take(heard, "progress")
        assert told.data["tasks"] == {}
    assert task in [one["id"] for one in await house.get("/activities?limit=3")]
    assert (await house.call("GET", "/activities?limit=-1")).status == 400


@pytest.mark.parametrize(
    ("content", "last", "whole"),
    [
        (b"abc", False, b"abc"),
        ("aü".encode()[:-1], False, b"a"),
        ("a€".encode()[:-1], False, b"a"),
        ("a€".encode()[:-2], False, b"a"),
        ("a€".encode(), False, "a€".encode()),
        ("a€".encode()[:-1], True, "a€".encode()[:-1]),
        (b"\x80\x80\x80\x80\x80", False, b"\x80\x80\x80\x80\x80"),
        (b"", False, b""),
    ],
)
def test_no_character_is_cut_in_two(content, last, whole):
    assert _whole(content, last=last) == whole
