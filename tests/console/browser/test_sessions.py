"""One browser has several pages: of one session, of several nodes, of several planes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.browser.screen import Screen
from tests.e2e.servers import Cluster, eventually

PLAN = (
    "name: Shop\nservices:\n- type: org.apache.brooklyn.entity.stock.BasicStartable\n  name: web\n"
)


def deployed(server):
    """Deploy it; return the page of its entity, once the server shows it as running."""
    answer = server.ask(
        "POST", "/v1/applications", PLAN, headers={"content-type": "application/yaml"}
    )
    assert answer.status == 201, answer
    app = answer.headers["location"].rpartition("/")[2]
    path = f"/v1/applications/{app}/entities"
    web = eventually("its entity is there", lambda: server.knows(path))[0]["id"]
    state = f"{path}/{web}/sensors/service.state"
    eventually("it runs", lambda: server.ask("GET", state).json == "RUNNING")
    return f"/applications/{app}/entities/{web}"


def restarts(server, place):
    tasks = server.get(f"/v1{place}/activities")
    return [one["displayName"] for one in tasks].count("restart")


def restart(screen, server, place):
    """Press the button; it is done, and the page has nothing to complain of."""
    before = restarts(server, place)
    screen.page.bring_to_front()
    screen.page.get_by_role("button", name="Restart", exact=True).click()
    eventually("it is done", lambda: restarts(server, place) == before + 1)
    expect(screen.page.get_by_role("main")).not_to_contain_text("token")


def another(screen, server, path):
    """Open one more page in the same browser."""
    page = screen.page.context.new_page()
    page.goto(server.url + path)
    return Screen(page, server)


def test_a_login_in_one_tab_lets_the_others_in_again(cluster, open_screen):
    n1, n2 = cluster.pair()
    screen = open_screen(n1, "/about")
    screen.expected += ["401", "403"]
    beside, elsewhere = another(screen, n1, "/about"), another(screen, n2, "/about")
    for one in (beside, elsewhere):
        expect(one.page.get_by_role("heading", name="HA status")).to_be_visible()
    screen.page.bring_to_front()
    screen.page.get_by_role("button", name="Log out").click()
    for one in (beside, elsewhere):
        expect(one.dialog).to_contain_text("Your session has ended")
    screen.log_in()
    expect(beside.dialog).to_have_count(0)
    # No page of another node can be told: it looks when somebody comes back to it.
    elsewhere.page.evaluate("() => window.dispatchEvent(new Event('focus'))")
    expect(elsewhere.dialog).to_have_count(0)
    expect(elsewhere.strip).to_contain_text("this page: n2")


def test_a_page_goes_on_with_the_session_that_another_tab_has_begun_anew(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    place = deployed(server)
    screen = open_screen(server, place)
    screen.expected.append("403")
    login = {"user": "admin", "password": screen.password}
    told = screen.page.context.request.post(f"{server.url}/v1/login", data=login)
    assert told.ok, told.text()
    restart(screen, server, place)


@pytest.fixture
def other_plane(tmp_path):
    folder = tmp_path / "other"
    folder.mkdir()
    made = Cluster(folder)
    yield made
    made.close()


def test_who_logs_out_of_one_plane_stays_logged_in_to_another_on_the_same_host(
    cluster, other_plane, open_screen
):
    server, other = (one["n1"].start().becomes("master") for one in (cluster, other_plane))
    place = deployed(server)
    screen = open_screen(server, place)
    second = another(screen, other, "/about")
    second.log_in()
    second.page.get_by_role("button", name="Log out").click()
    expect(second.page.get_by_role("heading", name="Log in")).to_be_visible()
    restart(screen, server, place)
    screen.page.reload()
    expect(screen.page.get_by_text("Logged in as admin")).to_be_visible()
    restart(screen, server, place)


def test_who_logs_out_is_out_though_the_browser_has_learned_the_password(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/about")
    login = {"username": "admin", "password": screen.password}
    # From here on the browser shows it by itself to whatever is below /v1/.
    known = open_screen(server, "/v1/applications", login=False, http_credentials=login)
    known.expected += ["/v1/logout/unauthorize", "favicon.ico", "/v1/interrupted"]
    place = deployed(server)
    known.page.goto(server.url + place)
    expect(known.page.get_by_text("Logged in as admin")).to_be_visible()
    restart(known, server, place)
    known.page.get_by_role("button", name="Log out").click()
    expect(known.page.get_by_role("heading", name="Log in")).to_be_visible()
    known.page.reload()
    expect(known.page.get_by_role("heading", name="Log in")).to_be_visible()
    known.log_in()
    expect(known.page.get_by_text("Logged in as admin")).to_be_visible()
