"""The stream on real sockets: what it tells, in which order, and how one goes on with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from tests.api.conftest import PLAN
from tests.api.house import ADMIN, until

from brookline.plane.states import Mode, NodeState

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Event(NamedTuple):
    name: str
    id: str
    data: Any


async def events(house: Any, query: str, **headers: str) -> AsyncIterator[Event]:
    """Yields the events of a stream until it ends."""
    more = ADMIN | {name.replace("_", "-"): value for name, value in headers.items()}
    more = {name: value for name, value in more.items() if value}
    async with house.client.get(f"/v1/events?{query}", headers=more, ssl=False) as answer:
        assert answer.status == 200, await answer.text()
        assert answer.content_type == "text/event-stream"
        fields: dict[str, str] = {}
        async for raw in answer.content:
            line = raw.decode().rstrip("\n")
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                yield Event(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
                fields = {}


async def take(stream: AsyncIterator[Event], wanted: Any, most_s: float = 10.0) -> Event:
    """Return the next event of that name, or that fits."""
    fits = wanted if callable(wanted) else lambda event: event.name == wanted
    async with asyncio.timeout(most_s):
        async for event in stream:
            if fits(event):
                return event
    raise AssertionError("the stream has ended")


def changed(kind: str, **fields: Any) -> Any:
    def fits(event: Event) -> bool:
        return event.name == "changes" and any(
            one["type"] == kind and fields.items() <= one.items() for one in event.data["changes"]
        )

    return fits


@contextlib.asynccontextmanager
async def stream(house, query="", **headers):
    found = events(house, query, **headers)
    async with contextlib.aclosing(found):
        yield found


async def test_a_stream_says_hello_then_the_plane_then_what_changes(house):
    async with stream(house, "topics=plane,entities,tasks") as heard:
        hello = await take(heard, "hello")
        assert hello.data["node"] == house.node.identity.instance
        assert hello.data["readable"]
        assert not hello.data["resumed"]
        assert hello.id == f"{hello.data['seq']}@{house.node.plane_id}"
        plane = await take(heard, "plane")
        assert plane.id == ""
        assert plane.data["view"]["phase"] == "led"
        assert plane.data["view"]["name"] == "n1"
        app = await house.deploy(PLAN)
        added = await take(heard, changed("application", id=app, what="added"))
        names = {one.get("name") for one in added.data["changes"]}
        assert {"shop", "web", "db", "start"} <= names, "an entry is one event"
        assert added.id.partition("@")[0] == str(added.data["seq"])
        await take(heard, changed("state", id=app, state="RUNNING", isUp=True))
        await take(heard, changed("task", status="completed", name="start"))


async def test_only_what_is_asked_for_is_told(shop):
    house, ids = shop
    query = f"topics=entities&entity={ids['web']}&sensors=colour,size"
    async with stream(house, query) as heard:
        await take(heard, "hello")
        for name, sensor in (("db", "colour"), ("web", "other"), ("web", "colour")):
            path = f"/applications/{ids['shop']}/entities/{ids[name]}/sensors/{sensor}"
            told = await house.call("POST", path, json="red")
            assert told.status == 204, told.body
        event = await take(heard, "changes")
        assert event.data["changes"] == [
            {
                "type": "sensors",
                "id": ids["web"],
                "application": ids["shop"],
                "set": {"colour": "red"},
                "removed": [],
            }
        ]


async def test_which_config_has_changed_is_told_without_its_value(shop):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/config"
    async with stream(house, "topics=entities") as heard:
        await take(heard, "hello")
        assert (await house.call("POST", path, json={"my.password": "hush"})).status == 204
        event = await take(heard, "changes")
        (web,) = event.data["changes"]
        assert (web["type"], web["id"], web["config"]) == ("entity", ids["web"], ["my.password"])
        assert "hush" not in json.dumps(event.data)
        again = await house.call("POST", f"{path}/my.password?recurse=true", json="other")
        assert again.status == 204
        await take(heard, changed("entity", id=ids["web"], config=["my.password"]))


async def test_a_name_and_an_end_are_told(shop):
    house, ids = shop
    async with stream(house, "topics=entities") as heard:
        await take(heard, "hello")
        path = f"/applications/{ids['shop']}/entities/{ids['web']}"
        assert (await house.call("POST", f"{path}/name?name=front")).status == 200
        await take(heard, changed("entity", id=ids["web"], what="changed", name="front"))
        await house.call("DELETE", f"/applications/{ids['shop']}")
        await take(heard, changed("application", id=ids["shop"], what="removed"))


async def test_who_comes_back_hears_what_was_missed_once_and_in_order(shop):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/sensors/n"
    query = "topics=entities&sensors=n"
    async with stream(house, query) as heard:
        hello = await take(heard, "hello")
        await house.call("POST", path, json=0)
        last = (await take(heard, "changes")).id
    for number in range(1, 100):
        await house.call("POST", path, json=number)
    async with stream(house, query, Last_Event_ID=last) as heard:
        hello = await take(heard, "hello")
        assert hello.data["resumed"]
        assert hello.id == ""
        got = [(await take(heard, "changes")).data["changes"][0]["set"]["n"] for _ in range(1, 100)]
        assert got == list(range(1, 100))
        await house.call("POST", path, json="live")
        live = await take(heard, "changes")
        assert live.data["changes"][0]["set"] == {"n": "live"}


@pytest.mark.parametrize(
    ("last", "reason"),
    [
        pytest.param("nonsense", "bad-id", id="no id"),
        pytest.param("7@elsewhere", "other-plane", id="of another plane"),
        pytest.param("0@{plane}", "too-far-back", id="before the node was started"),
    ],
)
async def test_who_cannot_go_on_is_told_what_to_read(make, last, reason):
    await (await make()).leads()
    house = await make()
    await until(lambda: house.node.readable and house.node.master())
    last = last.format(plane=house.node.plane_id)
    async with stream(house, "topics=entities", Last_Event_ID=last) as heard:
        assert not (await take(heard, "hello")).data["resumed"]
        reset = await take(heard, "reset")
        assert reset.data["reason"] == reason
        assert reset.data["read"] == ["/v1/applications/fetch"]
        assert reset.id == f"{reset.data['seq']}@{house.node.plane_id}"


async def test_a_cold_standby_tells_of_the_plane_and_of_all_once_it_is_hot(make):
    master = await (await make()).leads()
    cold = await make(mode=Mode.STANDBY)
    await until(lambda: cold.node.state is NodeState.STANDBY and cold.node.master())
    async with stream(cold, "topics=plane,entities") as heard:
        hello = await take(heard, "hello")
        assert not hello.data["readable"]
        assert hello.id == ""
        await take(heard, "plane")
        await cold.node.set_mode(Mode.HOT_STANDBY)
        reset = await take(heard, "reset")
        assert reset.data["reason"] == "rebuilt"
        assert reset.data["readable"]
        app = await master.deploy(PLAN)
        await take(heard, changed("application", id=app))
        await cold.node.set_mode(Mode.STANDBY)
        reset = await take(heard, "reset")
        assert (reset.data["reason"], reset.data["readable"]) == ("not-readable", False)
        assert reset.id == ""


OUTPUT = "topics=tasks&task=t1&output=stdout"


@pytest.mark.parametrize(
    "query",
    [
        *("topics=nonsense", "sensors=a", "task=t1", "topics=tasks&output=stdout"),
        *(f"{OUTPUT}&from={start}" for start in ("9" * 5000, "9" * 19, "-1", "%D9%A3", "x", "0,0")),
    ],
    ids=lambda query: query[:60],
)
async def test_a_question_that_makes_no_sense_is_refused(house, query):
    told = await house.call("GET", f"/events?{query}")
    assert told.status == 400, told.body


async def test_nobody_hears_anything_without_a_login(house):
    assert (await house.raw("GET", "/v1/events")).status == 401


async def test_a_standby_tells_what_the_master_commits_and_that_it_takes_over(pair):
    master, standby = pair
    async with stream(standby, "topics=plane,entities") as heard:
        await take(heard, "hello")
        app = await master.deploy(PLAN)
        await take(heard, changed("application", id=app, what="added"))
        await master.node.switchover()
        mine = standby.node.identity.instance
        taking = await take(heard, changed("mastership", node=mine))
        led = await take(
            heard,
            lambda e: (
                e.name == "plane"
                and e.data["view"]["node"] == mine
                and e.data["view"]["phase"] == "led"
            ),
        )
        assert led.data["view"]["says"].startswith("n2 leads since ")
        assert taking.id


async def test_a_node_that_ends_says_where_to_go_on(pair):
    _, standby = pair
    async with stream(standby, "topics=plane") as heard:
        await take(heard, "hello")
        standby.control.shutting_down = True
        leaving = await take(heard, "leaving")
        assert [node["name"] for node in leaving.data["nodes"]] == ["n1"]
        assert leaving.data["nodes"][0]["isMaster"]
        assert [event async for event in heard] == []
    assert (await standby.call("GET", "/events")).status == 503
    standby.control.shutting_down = False
