"""Sessions over HTTP: begun at one node, valid at all of them, ended for good."""

from __future__ import annotations

import json
from http.cookies import SimpleCookie

import pytest
from tests.api.conftest import PLAN
from tests.api.house import ADMIN, House, until
from tests.api.test_events import stream, take

from brookline.security.login import Provider

LOGIN = {"user": "admin", "password": "pw"}


class Browser:
    """Keeps cookies as a browser does, for every node of the host."""

    def __init__(self) -> None:
        self.cookies: dict[str, str] = {}
        self.flags: dict[str, str] = {}
        self.session: dict[str, object] = {}

    async def ask(self, house, method, path, **more):
        headers = {"Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items())}
        if self.session and method not in ("GET", "HEAD"):
            headers["X-CSRF-TOKEN"] = str(self.session["csrf"])
        told = await house.raw(method, path, headers={**headers, **more.pop("headers", {})}, **more)
        for line in told.headers.getall("Set-Cookie", ()):
            for name, morsel in SimpleCookie(line).items():
                self.flags[name] = line
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return told

    async def login(self, house, **more):
        await until(lambda: house.sessions.ready)
        told = await self.ask(house, "POST", "/v1/login", json=LOGIN, **more)
        assert told.status == 200, told.body
        self.session = told.json
        return told


@pytest.fixture
def browser():
    return Browser()


async def test_a_login_gives_a_session_by_which_one_reads_and_writes(house, browser):
    told = await browser.login(house)
    name = f"brookline-{house.node.plane_id}"
    assert told.json["user"] == "admin"
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(browser.flags[name].split("; "))
    assert "HttpOnly" not in browser.flags["CSRF-TOKEN"]
    assert browser.cookies["XSRF-TOKEN"] == told.json["csrf"]
    assert (await browser.ask(house, "GET", "/v1/server/user")).json == "admin"
    assert (await browser.ask(house, "POST", "/v1/applications", data=PLAN)).status == 201


async def test_a_node_that_has_read_nothing_yet_does_not_say_that_a_session_is_over(
    make, shelf, tmp_path, browser
):
    house = await (await make()).leads()
    session = (await browser.login(house)).json
    bearer = {"Authorization": f"Bearer {session['pass']}"}
    late = House(shelf, tmp_path, name="late")
    await late.open()
    try:
        told = [
            await browser.ask(late, "GET", "/v1/session"),
            await browser.ask(late, "GET", "/v1/applications"),
            await browser.ask(late, "GET", "/v1/events"),
            await browser.ask(late, "POST", "/v1/applications", data=PLAN),
            await late.raw("GET", "/v1/session", headers=bearer),
        ]
        assert [one.status for one in told] == [503] * 5
        assert "has not read the plane's log yet" in told[0].json["message"]
        assert told[0].headers["Retry-After"] == "1"
        assert "Set-Cookie" not in told[0].headers
        assert (await late.raw("GET", "/v1/server/user")).status == 401
        await late.node.start()
        assert (await browser.ask(late, "GET", "/v1/session")).status == 200
        assert (await late.raw("GET", "/v1/session", headers=bearer)).status == 200
    finally:
        await late.stop()


async def test_a_form_will_do_for_a_login(house):
    await until(lambda: house.sessions.ready)
    told = await house.raw("POST", "/v1/login", data=LOGIN)
    assert told.status == 200
    assert told.json["user"] == "admin"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"user": "admin", "password": "no"}, 401, id="wrong password"),
        pytest.param({"user": "nobody", "password": "pw"}, 401, id="unknown name"),
        pytest.param({"user": "admin"}, 400, id="no password"),
        pytest.param({"user": ["admin"], "password": "pw"}, 400, id="no text"),
        pytest.param([], 400, id="no object"),
    ],
)
async def test_a_login_that_is_wrong_is_refused(house, body, status):
    told = await house.raw("POST", "/v1/login", json=body)
    assert told.status == status, told.body
    if status == 401:
        assert told.json["message"] == "wrong user name or password"
    assert "Set-Cookie" not in told.headers


async def test_strangers_cannot_send_much(house):
    told = await house.raw("POST", "/v1/login", data=b"x" * 20_000)
    assert told.status == 413


async def test_who_guesses_at_the_form_is_told_when_to_try_again(house):
    for number in range(5):
        told = await house.raw("POST", "/v1/login", json={**LOGIN, "password": f"x{number}"})
        assert told.status == 401
    told = await house.raw("POST", "/v1/login", json=LOGIN)
    assert told.status == 429
    assert int(told.headers["Retry-After"]) >= 1


async def test_a_session_is_valid_on_every_node_and_after_a_failover(pair, browser):
    master, standby = pair
    await browser.login(master)
    await until(lambda: standby.sessions.ready)
    assert (await browser.ask(standby, "GET", "/v1/session")).json["user"] == "admin"
    told = await browser.ask(standby, "POST", "/v1/applications", data=PLAN)
    assert told.status == 201, told.body
    await master.node.switchover()
    await until(standby.node.leads)
    assert (await browser.ask(standby, "GET", "/v1/server/user")).json == "admin"


async def test_a_session_that_is_logged_out_is_so_on_every_node(pair, browser):
    master, standby = pair
    await browser.login(master)
    cookies = dict(browser.cookies)
    async with stream_of(master, browser) as heard:
        await take(heard, "hello")
        told = await browser.ask(standby, "POST", "/v1/logout")
        assert told.json["message"] == "logged out"
        assert not [name for name in browser.cookies if name.startswith("brookline-")]
        cut = await take(heard, "cut")
        assert cut.data["reason"] == "logged-out"
    await until(lambda: master.node.replica.seq == standby.node.replica.seq)
    for house in pair:
        browser.cookies = dict(cookies)
        told = await browser.ask(house, "GET", "/v1/server/user")
        assert told.status == 403
        assert told.json == {"SESSION_INVALIDATED": True}
        told = await browser.ask(house, "GET", "/v1/server/user")
        assert told.status == 401, "the cookie was taken back"


def stream_of(house, browser):
    cookie = "; ".join(f"{n}={v}" for n, v in browser.cookies.items())
    return stream(house, "topics=plane", Cookie=cookie, Authorization="")


async def test_a_change_by_cookie_needs_the_token(house, browser):
    await browser.login(house)
    csrf = browser.session.pop("csrf")
    browser.session = {}
    told = await browser.ask(house, "POST", "/v1/applications", data=PLAN)
    assert told.status == 403
    assert "CSRF token is missing" in told.json["message"]
    assert told.json["data"] == {"csrf": "missing"}
    wrong = {"X-XSRF-TOKEN": "x"}
    told = await browser.ask(house, "POST", "/v1/applications", data=PLAN, headers=wrong)
    assert told.status == 403
    assert told.json["data"] == {"csrf": "wrong"}, "a page can tell it, and read its session anew"
    right = {"X-XSRF-TOKEN": str(csrf)}
    told = await browser.ask(house, "POST", "/v1/applications", data=PLAN, headers=right)
    assert told.status == 201


async def test_the_mode_of_a_session_is_kept_as_amps_pages_set_it(house, browser):
    await browser.login(house)
    browser.session = {}
    required = "X-Csrf-Token-Required-For-Requests"
    told = await browser.ask(house, "GET", "/v1/server/user", headers={required: "nonsense"})
    assert told.status == 400
    told = await browser.ask(house, "GET", "/v1/server/user", headers={required: "all"})
    assert told.status == 403, "it counts for that request already"
    csrf = {"X-CSRF-TOKEN": browser.cookies["CSRF-TOKEN"]}
    told = await browser.ask(house, "GET", "/v1/server/user", headers={required: "all", **csrf})
    assert told.status == 200
    assert (await browser.ask(house, "GET", "/v1/server/user")).status == 403
    told = await browser.ask(house, "GET", "/v1/server/user", headers={required: "none"})
    assert told.status == 200


async def test_amps_login_page_gets_a_session_for_basic_credentials(house, browser):
    await until(lambda: house.sessions.ready)
    headers = {**ADMIN, "X-Requested-With": "XMLHttpRequest"}
    told = await browser.ask(house, "HEAD", "/v1/server/up/extended", headers=headers)
    assert told.status == 200
    assert (await browser.ask(house, "GET", "/v1/server/user")).json == "admin"
    assert "Set-Cookie" not in (await house.call("GET", "/applications")).headers


async def test_a_node_that_wants_no_login_says_so_to_who_asks_for_a_session(house):
    house.login.provider = Provider.ANYONE
    for headers in ({}, ADMIN):
        told = await house.raw("GET", "/v1/session", headers=headers)
        assert (told.status, told.json["data"]) == (401, {"login": "none"})
    house.login.provider = Provider.USERS
    assert "data" not in (await house.raw("GET", "/v1/session")).json


async def test_who_shows_a_name_and_a_password_has_one_session_until_it_is_ended(house, browser):
    await until(lambda: house.sessions.ready)
    first = await browser.ask(house, "GET", "/v1/session", headers=ADMIN)
    assert (first.status, first.json["user"]) == (200, "admin")
    again = await browser.ask(house, "GET", "/v1/session", headers=ADMIN)
    assert again.json["csrf"] == first.json["csrf"]
    cookies = dict(browser.cookies)
    assert (await browser.ask(house, "GET", "/v1/session")).json["csrf"] == first.json["csrf"]
    told = await browser.ask(house, "POST", "/v1/logout", headers=ADMIN)
    assert told.json["message"] == "logged out"
    assert told.json["sessionId"] is None
    assert browser.cookies == {}, "they are taken back"
    browser.cookies = cookies
    assert (await browser.ask(house, "GET", "/v1/session")).status == 403, "it is over"


async def test_a_page_of_another_site_begins_no_session_by_what_the_browser_shows(house, browser):
    await until(lambda: house.sessions.ready)
    stranger = ADMIN | {"Sec-Fetch-Site": "same-site"}
    told = await browser.ask(house, "GET", "/v1/session", headers=stranger)
    assert "Set-Cookie" not in told.headers


async def test_a_cookie_beside_another_users_name_is_not_that_users_session(house, browser):
    await until(lambda: house.sessions.ready)
    name = f"brookline-{house.node.plane_id}"
    other = house.sessions.begin("ann")
    browser.cookies[name] = house.sessions.sealed(other)
    told = await browser.ask(house, "GET", "/v1/session", headers=ADMIN)
    assert told.json["user"] == "admin"
    assert told.json["csrf"] != house.sessions.csrf_of(other)


async def test_a_pass_opens_another_node_for_its_sisters_pages_and_needs_no_token(pair, browser):
    master, standby = pair
    await browser.login(master)
    await until(lambda: standby.sessions.ready)
    bearer = {"Authorization": f"Bearer {browser.session['pass']}", "Origin": master.url}
    told = await standby.raw("GET", "/v1/session", headers=bearer)
    assert told.status == 200, told.body
    assert told.headers["Access-Control-Allow-Origin"] == master.url
    assert "Set-Cookie" not in told.headers
    fresh = {"Authorization": f"Bearer {told.json['pass']}", "Origin": master.url}
    told = await standby.raw("POST", "/v1/applications", data=PLAN, headers=fresh)
    assert told.status == 201, told.body
    bad = {"Authorization": "Bearer nonsense"}
    assert (await standby.raw("GET", "/v1/session", headers=bad)).status == 401
    cookie = browser.cookies[f"brookline-{master.node.plane_id}"]
    swapped = {"Authorization": f"Bearer {cookie}"}
    assert (await standby.raw("GET", "/v1/session", headers=swapped)).status == 401


async def test_the_stream_goes_on_at_another_node_by_a_pass(pair, browser):
    master, standby = pair
    await browser.login(master)
    await until(lambda: standby.sessions.ready)
    bearer = f"Bearer {browser.session['pass']}"
    async with stream(standby, "topics=plane", Authorization=bearer, Origin=master.url) as heard:
        assert (await take(heard, "hello")).data["user"] == "admin"
        await browser.ask(master, "POST", "/v1/logout")
        assert (await take(heard, "cut")).data["reason"] == "logged-out"


async def test_a_cookie_goes_only_where_it_is_safe_if_it_came_so(house, browser):
    await browser.login(house, headers={"X-Forwarded-Proto": "https"})
    assert all("Secure" in line.split("; ") for line in browser.flags.values())
    plain = Browser()
    await plain.login(house)
    assert not any("Secure" in line for line in plain.flags.values())


async def test_a_cookie_that_was_changed_is_none(house, browser):
    await browser.login(house)
    name = f"brookline-{house.node.plane_id}"
    body, _, signature = browser.cookies[name].partition(".")
    browser.cookies[name] = f"{body[:-2]}AA.{signature}"
    assert (await browser.ask(house, "GET", "/v1/server/user")).status == 401


async def test_requests_by_session_write_nothing_to_the_log(house, browser):
    await browser.login(house)
    before = house.node.replica.seq
    for _ in range(5):
        await browser.ask(house, "GET", "/v1/session")
        await browser.login(house)
    assert house.node.replica.seq == before


async def test_a_script_that_is_refused_opens_no_password_box(house):
    told = await house.raw("GET", "/v1/session", headers={"Sec-Fetch-Mode": "cors"})
    assert told.headers["WWW-Authenticate"].startswith("X-Basic")
    told = await house.raw("GET", "/v1/server/user", headers={"Sec-Fetch-Mode": "navigate"})
    assert told.headers["WWW-Authenticate"].startswith("BASIC")


async def test_logout_answers_as_amp_does(house, browser):
    await browser.login(house)
    told = await browser.ask(house, "POST", "/v1/logout?unauthorize=bye")
    assert told.status == 401
    assert json.loads(told.body)["message"] == "bye"
    told = await house.call("POST", "/logout?user=ann")
    assert told.status == 403
    assert told.json["requestedUser"] == "ann"
