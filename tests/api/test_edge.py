from __future__ import annotations

import pytest
from tests.api.house import ADMIN

from brookline.api.settings import ApiSettings
from brookline.errors import BrooklineError
from brookline.security.provider import Provider


async def test_every_answer_says_not_to_be_cached_and_where_it_comes_from(house):
    told = await house.call("GET", "/server/version")

    assert told.headers["Cache-Control"] == "no-cache, no-store"
    assert told.headers["Pragma"] == "no-cache"
    assert told.headers["Expires"] == "0"
    assert told.headers["Brookline-Node"] == house.node.identity.instance
    assert told.headers["Brookline-Epoch"] == "1"
    assert int(told.headers["Brookline-Sequence"]) >= 1


async def test_no_credentials_are_401_with_a_challenge_and_an_error(house):
    told = await house.raw("GET", "/v1/server/version")

    assert told.status == 401
    assert told.headers["WWW-Authenticate"] == 'BASIC realm="brooklyn"'
    assert told.json["error"] == 401
    assert isinstance(told.json["message"], str)


async def test_wrong_credentials_are_401(house):
    wrong = {"Authorization": "Basic YWRtaW46d3Jvbmc="}

    assert (await house.raw("GET", "/v1/server/version", headers=wrong)).status == 401
    assert (await house.raw("GET", "/v1/server/ha/state", headers=wrong)).status == 401


async def test_a_script_of_a_page_gets_a_challenge_that_opens_no_box(house):
    told = await house.raw(
        "HEAD", "/v1/server/up/extended", headers={"X-Requested-With": "XMLHttpRequest"}
    )

    assert told.status == 401
    assert told.headers["WWW-Authenticate"].startswith("X-Basic")


async def test_who_is_refused_a_login_is_told_where_to_log_in(house):
    asked = {"X-Requested-With": "XMLHttpRequest"}
    for headers in ({}, asked, {"Authorization": "Basic YWRtaW46d3Jvbmc="}):
        told = await house.raw("GET", "/v1/server/up/extended", headers=headers)
        assert told.status == 401
        assert told.headers["X_BROOKLYN_LOGIN_PAGE"] == "login"
    known = await house.raw("GET", "/v1/server/up/extended", headers=ADMIN)
    assert "X_BROOKLYN_LOGIN_PAGE" not in known.headers


async def test_an_unknown_path_is_401_without_credentials_and_404_with_them(house):
    assert (await house.raw("GET", "/v1/nothing")).status == 401
    told = await house.raw("GET", "/v1/nothing", headers=ADMIN)
    assert (told.status, told.json["error"]) == (404, 404)
    assert "/v1/nothing" in told.json["message"]


async def test_an_unknown_method_is_405_and_names_the_known_ones(house):
    told = await house.call("DELETE", "/server/version")

    assert (told.status, told.json["error"]) == (405, 405)
    assert told.headers["Allow"] == "GET, HEAD, OPTIONS"


async def test_options_are_answered_without_any_check(house):
    told = await house.raw("OPTIONS", "/v1/server/ha/state")

    assert told.status == 200
    assert set(told.headers["Allow"].split(", ")) == {"GET", "HEAD", "POST", "OPTIONS"}


@pytest.mark.parametrize(
    "path",
    [
        "/server/version",
        "/server/up/extended",
        "/server/ha/state",
        "/applications",
        "/openapi.json",
    ],
)
async def test_head_is_get_without_a_body(house, path):
    before = await house.call("GET", path)

    told = await house.call("HEAD", path)

    after = await house.call("GET", path)
    assert (told.status, told.body) == (200, b"")
    # Ages of heartbeats are in some bodies, and may get a digit more meanwhile.
    sizes = sorted((len(before.body), len(after.body)))
    assert sizes[0] <= int(told.headers["Content-Length"]) <= sizes[1]


@pytest.mark.parametrize("path", ["/server/version/", "/applications/", "/applications/fetch//"])
async def test_a_trailing_slash_never_matters(house, path):
    assert (await house.call("GET", path)).status == 200


async def test_an_answer_that_is_not_taken_is_406(house):
    told = await house.call("GET", "/server/version", headers={"Accept": "application/xml"})

    assert (told.status, told.json["error"]) == (406, 406)


@pytest.mark.parametrize(
    "accept", ["application/json, text/plain, */*", "text/html,*/*;q=0.8", "application/*", ""]
)
async def test_json_is_the_answer_to_whoever_takes_it(house, accept):
    told = await house.call("GET", "/server/version", headers={"Accept": accept})

    assert (told.status, told.headers["Content-Type"]) == (200, "application/json")


async def test_a_body_that_is_declared_too_large_is_413(make):
    house = await (await make(api=ApiSettings(body_max_bytes=1000))).leads()

    told = await house.call("POST", "/applications", data=b"x" * 1001)

    assert (told.status, told.json["error"]) == (413, 413)
    assert told.headers["Connection"] == "close"


async def test_a_chunked_body_that_turns_out_too_large_is_413(make):
    house = await (await make(api=ApiSettings(body_max_bytes=1000))).leads()

    async def chunks():
        for _ in range(10):
            yield b"x" * 200

    told = await house.call("POST", "/applications", data=chunks())

    assert told.status == 413


async def test_a_chunked_body_is_a_body(house):
    async def chunks():
        yield b"services:\n"
        yield b"- type: basic-entity\n"

    told = await house.call(
        "POST", "/applications", data=chunks(), headers={"Content-Type": "application/json"}
    )

    assert told.status == 201


async def test_broken_json_is_400_and_says_where(shop):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/sensors/a"
    headers = {"Content-Type": "application/json"}

    told = await house.call("POST", path, data=b'{"a": ', headers=headers)

    assert (told.status, told.json["error"]) == (400, 400)
    assert "JSON" in told.json["message"]


@pytest.mark.parametrize("declared", ["text/plain", "application/yaml", None])
async def test_a_value_that_is_not_declared_as_json_is_415(shop, declared):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/config/k"
    headers = {"Content-Type": declared} if declared else {}
    skip = () if declared else ("Content-Type",)

    told = await house.call("POST", path, data=b"1", headers=headers, skip_auto_headers=skip)

    assert (told.status, told.json["error"]) == (415, 415)


@pytest.mark.parametrize("depth", [101, 900, 100_000])
async def test_a_value_that_is_nested_beyond_use_is_400(shop, depth):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['web']}/config/k"
    headers = {"Content-Type": "application/json"}

    told = await house.call("POST", path, data=b"[" * depth + b"]" * depth, headers=headers)

    assert (told.status, told.json["error"]) == (400, 400)
    assert "deep" in told.json["message"]
    wide = b"[" + b"[]," * 500 + b"[]]"
    assert (await house.call("POST", path, data=wide, headers=headers)).status == 204


OTHERS = [
    pytest.param({"Sec-Fetch-Site": "cross-site"}, id="cross-site"),
    pytest.param({"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:1"}, id="port"),
    pytest.param({"Origin": "http://evil.example"}, id="origin"),
    pytest.param({"Origin": "null"}, id="no-origin"),
]


@pytest.mark.parametrize("foreign", OTHERS)
async def test_a_page_of_another_site_changes_nothing(house, foreign):
    for path in ("/applications", "/server/shutdown"):
        assert (await house.call("POST", path, headers=foreign)).status == 403
    assert house.control.orders == []
    assert (await house.call("GET", "/applications", headers=foreign)).status == 200


@pytest.mark.parametrize(
    "own",
    [
        pytest.param({"Sec-Fetch-Site": "same-origin", "Origin": "https://proxy"}, id="told"),
        pytest.param({"Sec-Fetch-Site": "none"}, id="typed"),
        pytest.param({"Origin": "https://amp:8443", "Host": "amp:8443"}, id="origin"),
        pytest.param({"Origin": "http://amp", "X-Forwarded-Host": "amp"}, id="proxy"),
    ],
)
async def test_an_own_page_changes_what_it_likes(house, own):
    assert (await house.call("POST", "/server/properties/reload", headers=own)).status == 204


@pytest.mark.parametrize("host", ["rebound.example", "rebound.example:8081", "10.0.0.1", "[", ""])
async def test_without_a_login_another_name_is_another_sites(house, host):
    house.login.provider = Provider.ANYONE

    told = await house.raw("GET", "/v1/server/ha/state", headers={"Host": host})

    assert told.status == 403
    assert "localhost" in told.json["message"]


@pytest.mark.parametrize("host", ["localhost:8081", "127.0.0.1", "[::1]:8081", "LOCALHOST"])
async def test_without_a_login_this_machine_asks_what_it_likes(house, host):
    house.login.provider = Provider.ANYONE

    assert (await house.raw("GET", "/v1/applications", headers={"Host": host})).status == 200


async def test_a_key_that_is_too_long_is_400(house):
    told = await house.call(
        "POST", "/server/ha/states/clear", headers={"Idempotency-Key": "k" * 256}
    )

    assert told.status == 400


async def test_a_number_of_the_query_that_is_none_is_400(house):
    told = await house.call("GET", "/applications/details?depth=deep")

    assert told.status == 400
    assert "depth" in told.json["message"]


async def test_a_fault_of_ours_is_500_with_a_reference_and_no_trace(house, caplog):
    def broken():
        raise KeyError("secret detail")

    house.management.live.applications = broken

    told = await house.call("GET", "/applications")

    assert (told.status, told.json["error"]) == (500, 500)
    assert "secret detail" not in told.text
    reference = told.json["message"].rpartition(" ")[2]
    assert any(record.fields["reference"] == reference for record in caplog.records)


async def test_an_error_without_a_table_entry_is_500(house):
    def broken():
        raise BrooklineError("odd")

    house.management.live.applications = broken

    told = await house.call("GET", "/applications")

    assert (told.status, told.json) == (500, {"message": "odd", "error": 500})


async def test_the_client_may_connect_and_say_nothing(house):
    import asyncio

    _, writer = await asyncio.open_connection(*house.socket.getsockname())
    writer.close()
    await writer.wait_closed()

    assert (await house.call("GET", "/server/up")).status == 200
