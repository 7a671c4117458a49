"""Sessions of pages that go on through another node since their own has gone."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import eventually


@pytest.fixture
def moved(cluster, open_screen):
    """Return a page of n1 that goes on through n2, and n2."""
    n1, n2 = cluster.pair()
    screen = open_screen(n1, "/about")
    screen.expected += ["net::ERR_", "401", "403", "503"]
    n1.kill()
    expect(screen.strip).to_contain_text("this page goes on through n2")
    expect(screen.strip).to_contain_text("n2 leads since")
    return screen, n2


def test_who_was_logged_out_elsewhere_logs_in_at_once_through_the_node_that_is_left(moved, cluster):
    screen, n2 = moved
    page = screen.page
    second = page.context.new_page()
    second.goto(n2.url + "/about")
    second.get_by_role("button", name="Log out").click()
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()
    form = page.get_by_role("dialog", name="Log in")
    expect(form).to_contain_text("Your session has ended")
    form.get_by_label("Password").fill(screen.password)
    form.get_by_role("button", name="Log in").click()
    expect(form).to_have_count(0)
    expect(screen.strip).to_contain_text("this page goes on through n2")
    page.get_by_role("button", name="Manage n2").click()
    dialog = page.get_by_role("dialog", name="Manage n2")
    dialog.get_by_label("Priority").fill("12")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    eventually("it was done", lambda: n2.get("/v1/server/ha/priority") == 12)
    dialog.get_by_role("button", name="Close").last.click()
    # Its own node knows that login by its pass only.
    cluster["n1"].start().becomes("standby").becomes("read")
    n2.kill()
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(screen.strip).to_contain_text("this page: n1")
    expect(form).to_have_count(0)


def test_log_out_leads_to_the_node_that_is_left(moved):
    screen, n2 = moved
    screen.page.get_by_role("button", name="Log out").click()
    expect(screen.page.get_by_role("heading", name="Log in")).to_be_visible()
    expect(screen.page).to_have_url(n2.url + "/")
