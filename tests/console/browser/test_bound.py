"""What is asked and said about one entity stays with that one, and what is not known is not called nothing."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.console.browser.entities import choose
from tests.console.browser.intercepting import held


def test_whether_to_stop_is_asked_of_the_entity_whose_button_it_was(left):
    page = left.page
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_role("group", name="Stop left?")).to_be_visible()
    choose(left, "right")
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_visible()
    expect(page.get_by_role("group", name="Stop")).to_have_count(0)
    choose(left, "left")
    expect(page.get_by_role("group", name="Stop left?")).to_be_visible()
    page.get_by_role("treeitem", name="Shop").click()
    expect(page.get_by_role("heading", name="Shop")).to_have_count(2)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_what_went_wrong_with_one_entity_is_not_said_of_another(left, server):
    page = left.page
    left.expected += ["net::ERR_"]
    alert = page.get_by_role("alert").filter(has_text="It is not known whether it was done")
    restart = page.get_by_role("button", name="Restart", exact=True)
    expect(restart).to_be_visible()
    server.kill()
    restart.click()
    expect(alert).to_be_visible()
    choose(left, "right")
    expect(alert).to_have_count(0)
    choose(left, "left")
    expect(alert).to_be_visible()


def test_what_has_not_been_read_yet_is_not_called_nothing(left):
    page = left.page
    panel = page.get_by_role("tabpanel")
    page.get_by_role("tab", name="Activities").click()
    expect(panel).to_contain_text("start")
    asked = [held(page, "**/activities?limit=*"), held(page, "**/sensors/current-state*")]
    choose(left, "idle")
    expect(panel).to_have_text("Loading…")
    page.get_by_role("tab", name="Sensors").click()
    expect(panel).to_have_text("Loading…")
    for route in [one for routes in asked for one in routes]:
        route.continue_()
    expect(panel).to_contain_text("entity.id")
    page.get_by_role("tab", name="Activities").click()
    expect(panel).to_contain_text("Nothing has been done here yet.")


def test_what_could_not_be_read_is_not_called_nothing(left, server):
    page = left.page
    left.expected += ["net::ERR_", "503"]
    panel = page.get_by_role("tabpanel")
    server.kill()
    choose(left, "right")
    for tab in ("Activities", "Sensors", "Summary"):
        page.get_by_role("tab", name=tab).click()
        expect(panel.get_by_role("alert")).to_contain_text("The node does not answer.")
        expect(panel).not_to_contain_text("Nothing has been done here yet.")
        expect(panel).not_to_contain_text("It has no sensors.")
    expect(page.get_by_role("alert")).to_have_count(1)
    server.start().becomes("master")
    expect(panel.get_by_role("alert")).to_have_count(0)
    expect(page.get_by_role("button", name="Restart", exact=True)).to_be_visible()


def test_why_the_buttons_of_an_entity_are_missing_is_said(left):
    page = left.page
    left.expected += ["net::ERR_"]
    page.route("**/effectors", lambda route: route.abort())
    choose(left, "right")
    expect(page.get_by_role("alert")).to_contain_text("The node does not answer.")
    page.get_by_role("tab", name="Effectors").click()
    expect(page.get_by_role("tabpanel").get_by_role("alert")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(1)
