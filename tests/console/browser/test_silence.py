"""Pages on both nodes while one of them stands still, or the store does."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.e2e.outage import no_store
from tests.e2e.servers import QUICK

REFUSALS = re.compile(
    "Nobody can say now.*It may have been: look before you do it again"
    "|Nobody can do that now.*Nothing was done. It is safe to try again",
    re.DOTALL,
)
BLUEPRINT = "name: Half filled\nservices:\n- type: basic-entity\n"


def half_filled(open_screen, master, standby, *, about="n2"):
    """Open a page on each node, each with a form in the midst of being filled in.

    Args:
        open_screen: The fixture.
        master: Its page is about to deploy.
        standby: Its page is about to manage a node.
        about: That node's name.
    """
    on_master, on_standby = open_screen(master, "/deploy"), open_screen(standby, "/about")
    on_master.write(BLUEPRINT)
    on_standby.manage(about).get_by_label("Priority").fill("17")
    for screen in (on_master, on_standby):
        screen.expected.append("net::ERR_")
        screen.page.evaluate("() => { window.loadedOnce = true }")
        expect(screen.strip).to_contain_text("n1 leads since")
    return on_master, on_standby


def is_as_it_was(on_master, on_standby):
    expect(on_master.page.locator(".cm-content")).to_contain_text("Half filled")
    expect(on_standby.dialog.get_by_label("Priority")).to_have_value("17")
    for screen in (on_master, on_standby):
        assert screen.page.evaluate("() => window.loadedOnce") is True


def is_deployed_once(screen, node):
    heading = screen.page.get_by_role("heading", name="Half filled").first
    expect(heading).to_contain_text("Running")
    names = [app["spec"]["name"] for app in node.get("/v1/applications")]
    assert names.count("Half filled") == 1


def test_a_master_that_stands_still_is_said_to_be_silent_and_its_own_page_goes_on(
    cluster, open_screen
):
    master, standby = cluster.pair(*QUICK, "--events-beat", "300ms")
    on_master, on_standby = half_filled(open_screen, master, standby)
    master.pause()
    try:
        expect(on_standby.strip).to_contain_text("Master silent: nothing from n1 for")
        is_as_it_was(on_master, on_standby)
        # Nobody can do it yet: n1 does not answer, and n2 does not lead.
        on_master.page.get_by_role("button", name="Deploy", exact=True).click()
        expect(on_standby.strip).to_contain_text("n2 leads since")
        expect(on_master.strip).to_contain_text("n1 is gone; this page goes on through n2")
        expect(on_master.strip).to_contain_text("n2 leads since")
        is_deployed_once(on_master, standby)
    finally:
        master.resume()
    expect(on_standby.row("n1")).to_contain_text("HOT_STANDBY")
    expect(on_standby.strip).to_contain_text("n2 leads since")
    expect(on_standby.dialog.get_by_label("Priority")).to_have_value("17")
    assert master.state() == "HOT_STANDBY"


def test_a_store_that_is_gone_is_said_to_be_so_on_every_page_until_it_is_back(cluster, open_screen):
    master, standby = cluster.pair(*QUICK)
    cluster.deploy(master, "Shop")
    on_master, on_standby = half_filled(open_screen, master, standby)
    for screen in (on_master, on_standby):
        screen.expected.append("503")
    with no_store(cluster.store):
        for screen, name in ((on_master, "n1"), (on_standby, "n2")):
            expect(screen.strip).to_contain_text("No answer from the store since")
            expect(screen.strip).to_contain_text("n1 led then")
            expect(screen.strip).to_contain_text("Reads go on, as of then.")
            alarm = screen.page.get_by_role("alert").filter(has_text=f"{name} reports:")
            expect(alarm).to_contain_text("cannot write")
        is_as_it_was(on_master, on_standby)
        on_master.look("no-store")
        on_master.page.get_by_role("button", name="Deploy", exact=True).click()
        # Unknown while its lease holds, and not done once that has lapsed: it says which.
        refusal = on_master.page.get_by_role("alert").filter(has_text=REFUSALS)
        expect(refusal).to_be_visible()
        on_standby.page.get_by_role("button", name="Cancel").click()
        expect(on_standby.page.get_by_role("region", name="Store")).to_contain_text("cannot write")
        on_standby.page.get_by_role("link", name="Home").click()
        expect(on_standby.page.get_by_role("link", name="Shop")).to_be_visible()
    for screen in (on_master, on_standby):
        expect(screen.strip).to_contain_text("n1 leads since")
        expect(screen.page.get_by_text("reports:")).to_be_hidden()
    expect(on_master.page.locator(".cm-content")).to_contain_text("Half filled")
    # Nobody could say whether the first one had been carried out; this is the same.
    on_master.page.get_by_role("button", name="Deploy", exact=True).click()
    is_deployed_once(on_master, standby)
    expect(on_standby.page.get_by_role("link", name="Half filled")).to_have_count(1)
