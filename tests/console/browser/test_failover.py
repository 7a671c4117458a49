from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

_KEEP_WORDS = """() => {
  const strip = document.querySelector('section.strip')
  window.words = []
  new MutationObserver(() => window.words.push(strip.innerText))
    .observe(strip, {subtree: true, childList: true, characterData: true})
}"""


@pytest.mark.parametrize("fall", ["kill", "pause"], indirect=True)
def test_a_page_on_the_standby_shows_the_failover_as_it_happens(cluster, fall, open_screen):
    master, standby = cluster.pair(*fall.options)
    cluster.deploy(master, "Shop")
    screen = open_screen(standby, "/about")
    page = screen.page
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(page.get_by_role("note")).to_contain_text("n2 is no master (HOT_STANDBY).")
    page.get_by_role("button", name="Manage n2").click()
    page.get_by_role("dialog").get_by_label("Priority").fill("17")
    page.evaluate(_KEEP_WORDS)
    screen.expected.append("net::ERR_")
    fall.begin(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    said = " | ".join(page.evaluate("() => window.words"))
    assert re.search(r"n1 has ended|Master silent|n2 takes over|Nobody leads", said), said
    expect(page.get_by_role("dialog").get_by_label("Priority")).to_have_value("17")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("note")).to_be_hidden()
    expect(screen.row("n2")).to_contain_text("MASTER")
    expect(screen.row("n1")).to_contain_text("FAILED")
    history = page.get_by_role("region", name="Failovers")
    expect(history.get_by_role("row").nth(1)).to_contain_text("n1 → n2")


@pytest.mark.parametrize("fall", ["kill", "pause", "end"], indirect=True)
def test_a_page_of_the_master_that_goes_goes_on_through_another_node(cluster, fall, open_screen):
    master, standby = cluster.pair(*fall.options)
    app = cluster.deploy(master, "Shop")
    screen = open_screen(master, f"/applications/{app}")
    page = screen.page
    expect(page.get_by_role("treeitem").first).to_contain_text("Shop")
    page.evaluate("() => { window.loadedOnce = true }")
    page.get_by_label("Filter the tree").fill("Sh")
    screen.expected += ["net::ERR_", "503"]  # that of a node which is about to end
    fall.begin(master, standby)
    expect(screen.strip).to_contain_text("n1 is gone; this page goes on through n2")
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(page.get_by_label("Filter the tree")).to_have_value("Sh")
    page.get_by_role("tab", name="Sensors").click()
    path = f"/v1/applications/{app}/entities/{app}/sensors/after.all"
    standby.ask("POST", path, '"well"', headers={"content-type": "application/json"})
    expect(page.get_by_role("row", name="after.all")).to_contain_text("well")
    page.get_by_role("link", name="About").click()
    expect(screen.row("n2")).to_contain_text("MASTER")
    page.get_by_role("button", name="Manage n2").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Priority").fill("5")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()
    expect(screen.row("n2").locator("[data-label=Priority]")).to_have_text("5")
    assert page.evaluate("() => window.loadedOnce") is True
    assert standby.get("/v1/server/ha/priority") == 5


@pytest.mark.parametrize("fall", ["kill", "pause", "end"], indirect=True)
def test_a_node_without_others_says_what_it_waits_for_and_goes_on(cluster, fall, open_screen):
    server = cluster["n1"].start(*fall.options).becomes("master")
    screen = open_screen(server, "/about")
    screen.expected.append("net::ERR_")
    fall.begin(server, server)
    expect(screen.strip).to_contain_text("No connection to n1")
    expect(screen.strip).to_contain_text("No other node is known to this page")
    screen.expected.append("503")  # of a node that knows no sessions yet
    fall.up(server)
    server.becomes("master")
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(screen.row("n1").filter(has_text="MASTER")).to_be_visible()
    expect(screen.page.get_by_role("dialog")).to_be_hidden()
