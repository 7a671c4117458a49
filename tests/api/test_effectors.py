from __future__ import annotations

import pytest

from brookline.values.ids import new_id

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def effector(ids, name, query=""):
    return f"/applications/{ids['shop']}/entities/{ids['web']}/effectors/{name}{query}"


async def test_effectors_are_listed_by_name_with_their_parameters(shop):
    house, ids = shop

    listed = await house.get(effector(ids, "").rstrip("/"))

    names = [one["name"] for one in listed]
    assert names == sorted(names)
    add = next(one for one in listed if one["name"] == "add")
    assert add["returnType"] == "java.lang.Integer"
    assert add["description"] == "Add two numbers."
    assert add["parameters"] == [
        {
            "name": "left",
            "type": "java.lang.Integer",
            "defaultValue": None,
            "shouldSanitize": False,
        },
        {"name": "right", "type": "java.lang.Integer", "defaultValue": 1, "shouldSanitize": False},
    ]
    assert add["links"]["self"] == f"/v1{effector(ids, 'add')}"


@pytest.mark.parametrize(
    ("name", "body", "headers", "result"),
    [
        pytest.param("echo", b'{"text": "hello"}', JSON, b"hello", id="text-comes-without-quotes"),
        pytest.param("echo", b"text=a+b", FORM, b"a b", id="form"),
        pytest.param("echo", b"", FORM, b"nothing", id="empty-form"),
        pytest.param("echo", b"", JSON, b"nothing", id="empty-json"),
        pytest.param("add", b'{"left": 2}', JSON, b"3", id="number"),
        pytest.param("add", b"left=2&right=5&other=x", FORM, b"7", id="unknown-parameter-ignored"),
        pytest.param("start", b"", JSON, b"null", id="no-result-is-null"),
    ],
)
async def test_a_result_in_time_is_202_and_bare(shop, name, body, headers, result):
    house, ids = shop

    told = await house.call("POST", effector(ids, name), data=body, headers=headers)

    assert (told.status, told.body) == (202, result)
    assert told.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("timeout", ["0", "always", "20ms", "0s"])
async def test_what_takes_longer_is_202_with_its_task(shop, timeout):
    house, ids = shop

    told = await house.call("POST", effector(ids, "dwell", f"?timeout={timeout}"), headers=FORM)

    assert told.status == 202
    assert told.json["displayName"] == "dwell"
    assert told.json["entityId"] == ids["web"]
    assert "EFFECTOR" in told.json["tags"]
    assert await house.call("POST", f"/activities/{told.json['id']}/cancel")


async def test_a_failure_is_500_with_the_reason(shop):
    house, ids = shop

    told = await house.call("POST", effector(ids, "fail"), headers=FORM)

    assert (told.status, told.json["error"]) == (500, 500)
    assert "the widget is broken" in told.json["message"]


@pytest.mark.parametrize(
    ("name", "query", "headers", "status"),
    [
        pytest.param("nosuch", "", FORM, 404, id="unknown-effector"),
        pytest.param("echo", "?timeout=soon", FORM, 400, id="bad-timeout"),
        pytest.param("echo", "", {"Content-Type": "application/yaml"}, 415, id="yaml"),
        pytest.param("echo", "", {}, 415, id="no-type"),
        pytest.param("echo", "", {**FORM, "Accept": "text/plain"}, 406, id="accepts-text-only"),
    ],
)
async def test_refusals(shop, name, query, headers, status):
    house, ids = shop
    skip = () if "Content-Type" in headers else ("Content-Type",)

    told = await house.call(
        "POST", effector(ids, name, query), headers=headers, skip_auto_headers=skip
    )

    assert (told.status, told.json["error"]) == (status, status)


@pytest.mark.parametrize("body", [b"[1]", b'"text"', b"{"])
async def test_parameters_that_are_no_map_are_400(shop, body):
    house, ids = shop

    assert (await house.call("POST", effector(ids, "echo"), data=body, headers=JSON)).status == 400


async def test_a_parameter_of_a_wrong_type_is_400(shop):
    house, ids = shop

    told = await house.call("POST", effector(ids, "add"), data=b"left=x", headers=FORM)

    assert told.status == 400
    assert "left" in told.json["message"]


async def begun(house, ids, name, query="?timeout=0", **params):
    told = await house.call("POST", effector(ids, name, query), data=params, headers=FORM)
    return told.json["id"]


async def test_an_activity_is_202_while_it_runs_and_200_afterwards(shop):
    house, ids = shop
    task = await begun(house, ids, "dwell")

    running = await house.call("GET", f"/activities/{task}")
    cancelled = await house.call("POST", f"/activities/{task}/cancel")
    ended = await house.call("GET", f"/activities/{task}?timeout=20s")

    assert (running.status, running.json["currentStatus"]) == (202, "In progress")
    assert "endTimeUtc" not in running.json
    assert (cancelled.status, cancelled.json) == (200, True)
    assert (ended.status, ended.json["currentStatus"]) == (200, "Cancelled")
    assert ended.json["isError"] is True
    assert ended.json["isCancelled"] is True
    assert isinstance(ended.json["endTimeUtc"], int)


async def test_cancelling_what_has_ended_is_false(shop):
    house, ids = shop
    task = await begun(house, ids, "echo")
    await house.get(f"/activities/{task}?timeout=20s")

    assert (await house.call("POST", f"/activities/{task}/cancel")).json is False


async def test_an_activity_tells_its_times_result_and_links(shop):
    house, ids = shop
    task = await begun(house, ids, "add", left=40, right=2)

    said = await house.get(f"/activities/{task}?timeout=20s")

    assert said["result"] == 42
    assert said["detailedStatus"].endswith("Result: 42")
    assert isinstance(said["submitTimeUtc"], int)
    assert said["links"] == {
        "self": f"/v1/activities/{task}",
        "children": f"/v1/activities/{task}/children",
        "entity": f"/v1/applications/{ids['shop']}/entities/{ids['web']}",
    }


async def test_streams_are_linked_sized_and_plain_text(shop):
    house, ids = shop
    task = await begun(house, ids, "echo", text="some output")

    said = await house.get(f"/activities/{task}?timeout=20s")

    stream = said["streams"]["stdout"]
    assert stream["link"] == f"/v1/activities/{task}/stream/stdout"
    assert stream["metadata"] == {"name": "stdout", "size": 11, "sizeText": "11 bytes"}
    told = await house.call("GET", f"/activities/{task}/stream/stdout")
    assert told.text == "some output"
    assert told.headers["Content-Type"].startswith("text/plain")
    assert (await house.call("GET", f"/activities/{task}/stream/stderr")).status == 404


async def test_parts_name_their_parent_and_are_listed_below_it(shop):
    house, ids = shop
    task = await begun(house, ids, "dwell")

    children = []
    while not children:
        children = await house.get(f"/activities/{task}/children?includeBackground=true")
    below = await house.get(f"/activities/{task}/children/recurse?maxDepth=8")

    (child,) = children
    assert child["displayName"] == "wait"
    assert child["submittedByTask"]["metadata"]["id"] == task
    assert "result" not in child
    assert "detailedStatus" not in child
    assert list(below) == [child["id"]]
    whole = (await house.call("GET", f"/activities/{task}")).json
    assert whole["children"][0]["metadata"]["taskName"] == "wait"


async def test_tasks_of_an_entity_begin_with_those_that_run(shop):
    house, ids = shop
    running = await begun(house, ids, "dwell")
    for _ in range(3):
        task = await begun(house, ids, "echo")
        await house.get(f"/activities/{task}?timeout=20s")
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/activities"

    listed = await house.get(path)
    few = await house.get(f"{path}?limit=3")

    assert running in [one["id"] for one in listed[:2]]
    assert {one["displayName"] for one in few} == {"dwell", "wait", "echo"}
    ids_of_all = [one["id"] for one in await house.get(f"{path}?recurse=true")]
    assert len(set(ids_of_all)) == len(ids_of_all) >= len(listed)
    told = await house.call("GET", f"{path}/{running}")
    assert told.headers["Content-Type"] == "text/json"
    assert (
        await house.call("GET", path.replace(ids["web"], ids["db"]) + f"/{running}")
    ).status == 404


async def test_an_unknown_activity_is_404(house):
    for path in ("", "/children", "/children/recurse", "/stream/stdout"):
        assert (await house.call("GET", f"/activities/{new_id()}{path}")).status == 404
    assert (await house.call("POST", f"/activities/{new_id()}/cancel")).status == 404
