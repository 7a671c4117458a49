"""Pages that read again what they show: nothing is lost by it, and the last word counts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.browser.holding import holding

SHOP = """name: Shop
services:
- type: basic-entity
  id: db
  name: db
"""
TAKES = """services:
- type: basic-entity
  name: {name}
  brooklyn.config:
    {name}.url: $brooklyn:entity("db").attributeWhenReady("datastore.url")
"""
YAML = {"content-type": "text/yaml"}


@pytest.fixture
def proxy(server):
    yield from holding(server.port)


@pytest.fixture
def app(server):
    return server.ask("POST", "/v1/applications", SHOP, headers=YAML).json["entityId"]


def test_a_button_keeps_the_focus_while_what_can_be_done_is_read_anew(
    server, proxy, app, open_screen
):
    screen = open_screen(server, login=False)
    page = screen.page
    screen.expected += ["net::ERR_", "CORS policy"]
    page.goto(f"{proxy.url}/applications/{app}")
    page.get_by_label("Password").fill(screen.password)
    page.get_by_role("button", name="Log in").click()
    expect(screen.strip).to_contain_text("its stream of events does not come through")
    page.get_by_role("button", name="Stop", exact=True).focus()
    for _ in range(2):
        with page.expect_response("**/effectors") as read:
            pass
        read.value.finished()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_focused()


def test_of_relations_that_change_quickly_the_last_are_shown(server, app, open_screen):
    screen = open_screen(server, f"/applications/{app}/entities/{app}/relations")
    page = screen.page
    drawing = page.get_by_role("group", name="Drawing")
    expect(drawing.locator("rect")).to_have_count(2)
    expect(drawing.locator("path.takes")).to_have_count(0)
    asked = []

    def hold_the_first(route):
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.route("**/references", hold_the_first)
    names = ("one", "two", "three")
    for name in names:
        path = f"/v1/applications/{app}/entities/{app}/children?start=false"
        answer = server.ask("POST", path, TAKES.format(name=name), headers=YAML)
        assert answer.status in (200, 201, 202), answer
        expect(page.get_by_role("treeitem", name=name)).to_be_visible()
    assert len(asked) == 1, "one at a time"
    asked[0].fulfill(json=[])  # as it was at the beginning
    expect(drawing.locator("path.takes")).to_have_count(len(names))
    assert len(asked) == 2, "once for all that changed meanwhile"
    screen.look_at_all("relations-many")


def test_a_failure_goes_once_what_failed_was_read(server, app, open_screen):
    screen = open_screen(server, f"/applications/{app}")
    page = screen.page
    panel = page.get_by_role("tabpanel")
    screen.expected += ["net::ERR_", "503"]
    page.route("**/effectors", lambda route: route.abort())
    page.get_by_role("tab", name="Effectors").click()
    expect(panel.get_by_role("alert")).to_contain_text("It is asked again")
    page.unroute("**/effectors")
    server.kill()
    server.start().becomes("master")
    expect(panel.get_by_role("button", name="Invoke start")).to_be_visible()
    expect(panel.get_by_role("alert")).to_have_count(0)
