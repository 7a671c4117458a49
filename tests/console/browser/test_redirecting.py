"""Pages of a standby that names the master to who wants to change something."""

from __future__ import annotations

import signal

from playwright.sync_api import expect

REDIRECTS = ("--set", "brookline.nonMasterWrites=redirect")


def test_changes_are_sent_to_the_master_by_the_page_itself(cluster, open_screen):
    master, standby = cluster.pair(*REDIRECTS)
    third = cluster["n3"].start(*REDIRECTS).becomes("standby")
    third.signal(signal.SIGTERM)
    assert third.wait() == 0
    screen = open_screen(standby, "/deploy")
    page = screen.page
    expect(page.get_by_role("note")).to_contain_text("sent to n1, the master, by this page")
    screen.write("name: Shop\nservices:\n- type: basic-entity\n")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Shop").first).to_contain_text("Running")
    page.get_by_role("link", name="About").click()
    page.get_by_role("button", name="Remove terminated nodes").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").last.click()
    expect(screen.row("n3")).to_have_count(0)
    # The page goes on with whoever leads next.
    screen.expected += ["net::ERR_", "503"]
    master.kill()
    expect(screen.strip).to_contain_text("n2 leads since")
    page.get_by_role("link", name="Deploy").click()
    screen.write("name: Other\nservices:\n- type: basic-entity\n")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Other").first).to_contain_text("Running")


def test_where_the_page_cannot_send_them_the_buttons_are_off_and_it_says_why(cluster, open_screen):
    master, standby = cluster.pair(*REDIRECTS, "--noConsoleSecurity")
    app = cluster.deploy(master, "Shop")
    screen = open_screen(standby, f"/applications/{app}", login=False)
    expect(screen.page.get_by_role("note")).to_contain_text("This node sends no changes on")
    expect(screen.page.get_by_role("button", name="Delete")).to_be_disabled()
