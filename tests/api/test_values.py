from __future__ import annotations

import json

import pytest

JSON = {"Content-Type": "application/json"}


def entity(ids, name="web"):
    return f"/applications/{ids['shop']}/entities/{ids[name]}"


async def put(house, path, body):
    told = await house.call("POST", path, data=body, headers=JSON)
    assert told.status == 204, told.body


async def test_config_keys_are_listed_with_their_types_and_defaults(shop):
    house, ids = shop

    listed = {one["name"]: one for one in await house.get(f"{entity(ids)}/config")}

    assert listed["widget.size"]["type"] == "java.lang.Integer"
    assert listed["widget.size"]["defaultValue"] == 3
    assert listed["widget.size"]["constraints"] == []
    assert listed["widget.every"]["defaultValue"] == "1m 30s"
    assert "defaultValue" not in listed["widget.colour"]
    own = f"/v1{entity(ids)}/config/widget.size"
    assert listed["widget.size"]["links"]["self"] == own
    assert listed["widget.size"]["links"]["action:json"] == own


async def test_current_config_is_what_is_set_and_no_defaults(shop):
    house, ids = shop

    said = await house.get(f"{entity(ids)}/config/current-state")

    assert said["widget.colour"] == "red"
    assert "widget.size" not in said


async def test_config_is_inherited(shop):
    house, ids = shop
    await put(house, f"{entity(ids, 'shop')}/config/shared", b'"all"')

    assert await house.get(f"{entity(ids)}/config/shared") == "all"


@pytest.mark.parametrize(
    "key", ["widget.size", "nobody.declared"], ids=["only-a-default", "undeclared"]
)
async def test_config_that_is_not_set_is_204_or_empty_text(shop, key):
    house, ids = shop
    path = f"{entity(ids)}/config/{key}"

    assert (await house.call("GET", path)).status == 204
    told = await house.call("GET", path, headers={"Accept": "text/plain"})
    assert (told.status, told.body) == (200, b"")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b'"text"', b'"text"', id="text"),
        pytest.param(b"5", b"5", id="number"),
        pytest.param(b'{"a": [1]}', b'{"a":[1]}', id="map"),
        pytest.param(b"bare word", b'"bare word"', id="bare-word-of-the-br-client"),
        pytest.param(
            b'"$brooklyn:attributeWhenReady(\\"x\\")"',
            b'"$brooklyn:attributeWhenReady(\\"x\\")"',
            id="unresolved-expression",
        ),
    ],
)
async def test_a_config_value_comes_back(shop, body, said):
    house, ids = shop
    path = f"{entity(ids)}/config/some.key"
    await put(house, path, body)

    assert (await house.call("GET", path)).body == said


@pytest.mark.parametrize("body", [b"null", b""], ids=["null", "empty-body"])
async def test_null_unsets_config(shop, body):
    house, ids = shop
    path = f"{entity(ids)}/config/widget.colour"

    await put(house, path, body)

    assert (await house.call("GET", path)).status == 204


async def test_a_config_value_of_a_wrong_type_is_400(shop):
    house, ids = shop

    told = await house.call("POST", f"{entity(ids)}/config/widget.size", data=b'"no"', headers=JSON)

    assert (told.status, told.json["error"]) == (400, 400)


async def test_several_config_keys_at_once(shop):
    house, ids = shop

    await put(house, f"{entity(ids)}/config", b'{"a": 1, "b": 2}')

    said = await house.get(f"{entity(ids)}/config/current-state")
    assert (said["a"], said["b"]) == (1, 2)
    told = await house.call("POST", f"{entity(ids)}/config", data=b"[1]", headers=JSON)
    assert told.status == 400


async def test_a_name_may_hold_an_encoded_slash_and_blank(shop):
    house, ids = shop
    path = f"{entity(ids)}/config/a%2Fb%20c"
    await put(house, path, b"1")

    assert (await house.get(f"{entity(ids)}/config/current-state"))["a/b c"] == 1
    assert (await house.call("GET", path)).body == b"1"


async def test_secrets_are_suppressed_on_request(shop):
    house, ids = shop
    await put(house, f"{entity(ids)}/config/widget.password", b'"hush"')
    await put(house, f"{entity(ids)}/config/env", b'{"DB_PASSWORD": "hush", "A": "b"}')

    said = await house.get(f"{entity(ids)}/config/current-state?suppressSecrets=true")

    assert said["widget.password"] == "<suppressed> (MD5 hash: 588D39BC)"
    assert said["env"] == {"DB_PASSWORD": "<suppressed> (MD5 hash: 588D39BC)", "A": "b"}
    assert (await house.get(f"{entity(ids)}/config/current-state"))["widget.password"] == "hush"


async def test_what_was_written_is_had_with_its_expressions_and_without_secrets(shop):
    house, ids = shop
    written = {"a": '$brooklyn:config("b")', "b": "red", "c.password": '$brooklyn:config("b")'}
    await put(
        house, f"{entity(ids)}/config", json.dumps({**written, "d.password": "hush"}).encode()
    )

    path = f"{entity(ids)}/config/current-state?suppressSecrets=true"
    shown, raw = await house.get(path), await house.get(f"{path}&skipResolution=true")
    assert (shown["a"], shown["b"]) == ("red", "red")
    assert shown["c.password"].startswith("<suppressed>")
    assert {name: raw[name] for name in written} == written
    assert raw["d.password"].startswith("<suppressed>")
    assert (await house.get(f"{entity(ids)}/config/a?skipResolution=true")) == written["a"]


async def test_sensors_are_listed_by_name_also_undeclared_ones(shop):
    house, ids = shop
    await put(house, f"{entity(ids)}/sensors/a.url", b'"http://127.0.0.1:80/"')

    listed = await house.get(f"{entity(ids)}/sensors")

    names = [one["name"] for one in listed]
    assert names == sorted(names)
    assert {"service.isUp", "widget.count", "a.url"} <= set(names)
    by_name = {one["name"]: one for one in listed}
    assert by_name["service.isUp"]["type"] == "java.lang.Boolean"
    assert by_name["service.isUp"]["description"] == "Whether it is available"
    assert by_name["a.url"]["type"] == "java.lang.String"
    assert by_name["a.url"]["links"]["action:open"] == "http://127.0.0.1:80/"


async def test_declared_sensors_without_a_value_are_null(shop):
    house, ids = shop
    said = await house.get(f"{entity(ids)}/sensors/current-state")
    assert said["widget.count"] is None

    await put(house, f"{entity(ids)}/sensors/widget.count", b"5")

    said = await house.get(f"{entity(ids)}/sensors/current-state")
    assert said["widget.count"] == 5


async def test_several_sensors_at_once_and_one_removed(shop):
    house, ids = shop
    await put(house, f"{entity(ids)}/sensors", b'{"a": 1, "b": {}}')

    told = await house.call("DELETE", f"{entity(ids)}/sensors/a")

    assert told.status == 204
    assert (await house.call("GET", f"{entity(ids)}/sensors/a")).status == 204
    assert await house.get(f"{entity(ids)}/sensors/b") == {}
    assert (await house.call("DELETE", f"{entity(ids)}/sensors/unknown")).status == 204


@pytest.mark.parametrize(
    ("accept", "said"),
    [
        ("application/json", b'"RUNNING"'),
        ("text/plain", b"running"),
        ("text/plain, application/json", b'"RUNNING"'),
        ("*/*", b'"RUNNING"'),
    ],
)
async def test_the_service_state_is_lower_case_only_as_text(shop, accept, said):
    house, ids = shop
    path = f"{entity(ids)}/sensors/service.state"
    await put(house, path, b'"RUNNING"')

    told = await house.call("GET", path, headers={"Accept": accept})

    assert told.body == said


async def test_text_of_lists_and_maps_is_that_of_java(shop):
    house, ids = shop
    path = f"{entity(ids)}/sensors/a"
    await put(house, path, b'[1, "two", {"three": 3}, true, null]')

    told = await house.call("GET", path, headers={"Accept": "text/plain"})

    assert told.text == "[1, two, {three=3}, true, null]"
    assert told.headers["Content-Type"].startswith("text/plain")


async def test_other_forms_of_a_value_are_406(shop):
    house, ids = shop

    path = f"{entity(ids)}/sensors/a"
    assert (await house.call("GET", path, headers={"Accept": "text/xml"})).status == 406


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "running @ 1700000000000 / Tue Nov 14 22:13:20 UTC 2023"),
        ("?useDisplayHints=false", {"state": "RUNNING", "timestampUtc": 1700000000000}),
        ("?raw=true", {"state": "RUNNING", "timestampUtc": 1700000000000}),
        ("?raw=nonsense", "running @ 1700000000000 / Tue Nov 14 22:13:20 UTC 2023"),
    ],
)
async def test_the_expected_state_is_readable_unless_asked_for_raw(shop, query, said):
    house, ids = shop
    body = b'{"state": "RUNNING", "timestampUtc": 1700000000000}'
    await put(house, f"{entity(ids)}/sensors/service.state.expected", body)

    assert await house.get(f"{entity(ids)}/sensors/service.state.expected{query}") == said
    whole = await house.get(f"{entity(ids)}/sensors/current-state{query}")
    assert whole["service.state.expected"] == said


@pytest.mark.parametrize(
    "value",
    [
        '{"state": "RUNNING", "timestampUtc": "yesterday"}',
        '{"state": "RUNNING", "timestampUtc": 1e300}',
        '{"state": "RUNNING", "timestampUtc": null}',
    ],
    ids=["text", "beyond-all-time", "null"],
)
async def test_an_expected_state_that_is_none_is_shown_as_it_is(shop, value):
    house, ids = shop
    await put(house, f"{entity(ids)}/sensors/service.state.expected", value)

    said = await house.get(f"{entity(ids)}/sensors/current-state")

    assert said["service.state.expected"] == json.loads(value)
    assert await house.get(f"{entity(ids)}/sensors/service.state.expected") == json.loads(value)


async def test_secrets_in_lines_of_a_text_are_suppressed_however_long_they_are(shop):
    house, ids = shop
    lines = ["user: ann", "my.Password = hush hush", "note: password: x", "password" * 20_000, "a="]
    await put(house, f"{entity(ids)}/config/notes", json.dumps("\n".join(lines)))

    said = await house.get(f"{entity(ids)}/config/notes?suppressSecrets=true")

    shown = said.split("\n")
    assert shown[1].startswith("my.Password = <suppressed> (MD5 hash: ")
    assert [shown[0], *shown[2:]] == [lines[0], *lines[2:]]
