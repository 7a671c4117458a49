from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
from tests.api.house import ADMIN

from brookline.api.origins import is_from_sister, origins, sister

LOGIN = {"user": "admin", "password": "pw"}


async def ask(house, method, path, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, house.url + path, headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


async def test_a_page_of_another_node_may_read_but_not_by_what_a_browser_adds(pair):
    master, standby = pair
    page = {"Origin": standby.url, "Sec-Fetch-Site": "same-site"}
    status, headers, _ = await ask(master, "GET", "/v1/server/ha/state", **ADMIN, **page)
    assert (status, headers["access-control-allow-origin"]) == (200, standby.url)
    assert "access-control-allow-credentials" not in headers
    status, _, _ = await ask(master, "POST", "/v1/server/ha/states/clear", **ADMIN, **page)
    assert status == 403


async def test_a_page_of_another_node_shows_its_right_itself(pair):
    master, standby = pair
    shown = {"origin": standby.url, "authorization": "Bearer abc"}
    assert is_from_sister(shown, master.node)
    assert not is_from_sister(shown | {"origin": "http://127.0.0.1:1"}, master.node)
    assert not is_from_sister(shown | {"authorization": "Basic abc"}, master.node)


async def log_in(house, **headers):
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{house.url}/v1/login", json=LOGIN, headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.json()


async def test_a_page_of_another_node_logs_in_for_a_pass_and_no_cookie(pair):
    master, standby = pair
    page = {"Origin": standby.url, "Sec-Fetch-Site": "same-site"}
    status, headers, session = await log_in(master, **page)
    assert (status, headers["access-control-allow-origin"]) == (200, standby.url)
    assert "set-cookie" not in headers
    shown = page | {"Authorization": f"Bearer {session['pass']}"}
    status, _, _ = await ask(master, "GET", "/v1/session", **shown)
    assert status == 200


async def test_a_page_of_any_other_site_logs_nobody_in(pair):
    master, _ = pair
    for site in ({"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "cross-site"}, {}):
        status, headers, _ = await log_in(master, Origin="http://127.0.0.1:1", **site)
        assert (status, "set-cookie" in headers) == (403, False)


async def test_a_pass_that_counts_no_more_keeps_nobody_from_logging_in(pair):
    master, standby = pair
    page = {"Origin": standby.url, "Sec-Fetch-Site": "same-site"}
    _, _, session = await log_in(master, **page)
    shown = page | {"Authorization": f"Bearer {session['pass']}"}
    status, _, _ = await ask(master, "POST", "/v1/logout", **shown)
    assert status == 200
    status, _, _ = await ask(master, "GET", "/v1/session", **shown)
    assert status == 403
    status, _, _ = await log_in(master, **shown)
    assert status == 200


async def test_a_browser_that_asks_first_is_told_yes_without_credentials(pair):
    master, standby = pair
    asks = {
        "Origin": standby.url,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-csrf-token",
    }
    status, headers, _ = await ask(master, "OPTIONS", "/v1/applications", **asks)
    assert (status, headers["access-control-allow-headers"]) == (204, "x-csrf-token")
    assert headers.getall("access-control-allow-origin") == [standby.url]


async def test_a_page_of_any_other_site_is_told_nothing(pair):
    master, _ = pair
    status, headers, _ = await ask(
        master, "GET", "/v1/server/ha/state", **ADMIN, Origin="http://127.0.0.1:1"
    )
    assert status == 200
    assert "access-control-allow-origin" not in headers


async def test_a_browser_gets_the_console_and_a_program_the_api(house):
    status, headers, _ = await ask(house, "GET", "/about", Accept="text/html")
    assert status in {200, 503}
    assert headers["content-type"].startswith("text/html")
    status, _, _ = await ask(house, "GET", "/about", Accept="application/json")
    assert status == 401


def known_as(*urls: str) -> Any:
    """A node that lists some addresses of others, as their heartbeats say them."""
    said = [SimpleNamespace(heartbeat=SimpleNamespace(address=url, uri="")) for url in urls]
    return SimpleNamespace(members=lambda: said)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("http://n2:80", "http://n2"),
        ("https://n2:443/", "https://n2"),
        ("HTTPS://N2.example:443/about", "https://n2.example"),
        ("http://n2:443", "http://n2:443"),
        ("https://n2:80", "https://n2:80"),
        ("https://n2:8443", "https://n2:8443"),
        ("http://[::1]:80", "http://[::1]"),
        ("http://[::1]:8081", "http://[::1]:8081"),
        ("http://someone@n2:80", "http://n2"),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(address, origin):
    node = known_as(address)
    assert origins(node) == {origin}
    assert sister(origin, node)


@pytest.mark.parametrize("address", ["", "n2:80", "ftp://n2", "http://", "http://n2:port"])
def test_what_is_no_address_is_no_origin(address):
    assert origins(known_as(address)) == frozenset()
