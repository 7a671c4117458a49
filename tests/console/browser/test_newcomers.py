"""A node that joins while a page is open, which the page's policy does not know."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

HIDE = "() => Object.defineProperty(document, 'hidden', {get: () => true})"
LOOKED = """() => {
  sessionStorage.loads = 1 + Number(sessionStorage.loads ?? 0)
  window.looks = 0
  Object.defineProperty(document, 'hidden', {get: () => (window.looks += 1) > 0})
}"""
"""Hides a page, and counts how often it was loaded and has looked whether it may be loaded anew."""


@pytest.fixture
def opened(cluster, open_screen):
    """A page of the only node, and what joins it then."""
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/about")
    screen.page.evaluate("() => { window.loadedOnce = true }")
    cluster["n2"].start().becomes("standby")
    expect(screen.row("n2")).to_contain_text("HOT_STANDBY")
    return screen


def test_it_is_managed_at_once_and_the_page_is_loaded_anew_to_go_on_through_it(opened, cluster):
    page = opened.page
    said = page.get_by_role("status").filter(has_text="Joined after this page was loaded: n2.")
    expect(said).to_be_visible()
    dialog = opened.manage("n2")
    dialog.get_by_label("Priority").fill("5")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()
    assert cluster["n2"].get("/v1/server/ha/priority") == 5
    assert opened.violations() == []
    page.get_by_role("button", name="Load this page anew").click()
    expect(opened.row("n2")).to_contain_text("HOT_STANDBY")
    expect(said).to_have_count(0)


def test_a_page_that_nobody_looks_at_loads_itself_anew(opened):
    page = opened.page
    page.evaluate(HIDE)
    page.wait_for_function("() => window.loadedOnce === undefined")
    expect(opened.row("n2")).to_contain_text("HOT_STANDBY")
    expect(page.get_by_text("Joined after this page")).to_have_count(0)
    assert page.url.endswith("/about")


@pytest.mark.parametrize("fall", ["kill", "pause", "end"], indirect=True)
def test_it_goes_on_through_it_then(opened, fall, cluster):
    page = opened.page
    page.get_by_role("button", name="Load this page anew").click()
    expect(page.get_by_text("Joined after this page")).to_have_count(0)
    expect(opened.row("n2")).to_contain_text("first")
    opened.expected += ["net::ERR_", "503"]  # that of a node which is about to end
    fall.begin(cluster["n1"], cluster["n2"])
    expect(opened.strip).to_contain_text("n1 is gone; this page goes on through n2")


def joined(screen, cluster):
    """Have a node join, and the page look twice after it knows of it."""
    cluster["n2"].start().becomes("standby")
    expect(screen.page.get_by_text("Joined after this page was loaded: n2.")).to_be_visible()
    screen.page.evaluate("() => { window.looks = 0 }")
    screen.page.wait_for_function("() => window.looks >= 2")


def test_what_was_pasted_is_not_lost_by_it(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/deploy")
    screen.write("name: Pasted")
    screen.page.evaluate(f"({LOOKED})()")
    joined(screen, cluster)
    expect(screen.page.locator(".cm-content")).to_contain_text("Pasted")
    assert screen.page.evaluate("() => sessionStorage.loads") == "1"


def test_a_page_whose_policy_never_allows_it_is_loaded_anew_once(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/about")
    page = screen.page

    def narrow(route):
        if route.request.method != "HEAD":
            return route.continue_()
        return route.fulfill(headers={"content-security-policy": "connect-src 'self'"})

    page.route("**/", narrow)
    page.add_init_script(f"({LOOKED})()")
    page.reload()
    cluster["n2"].start().becomes("standby")
    page.wait_for_function("() => sessionStorage.loads === '2'")
    expect(page.get_by_text("Joined after this page was loaded: n2.")).to_be_visible()
    page.wait_for_function("() => window.looks >= 3")
    assert page.evaluate("() => sessionStorage.loads") == "2"
