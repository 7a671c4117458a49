from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import QUICK, eventually

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
    before = "Master silent" if fall.way == "pause" else "n1 has ended|n2 takes over|Nobody leads"
    assert re.search(before, said), said
    expect(page.get_by_role("dialog").get_by_label("Priority")).to_have_value("17")
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("note")).to_be_hidden()
    expect(screen.row("n2")).to_contain_text("MASTER")
    expect(screen.row("n1")).to_contain_text("FAILED")
    history = page.get_by_role("region", name="Failovers")
    expect(history.get_by_role("row").nth(1)).to_contain_text("n1 → n2")


def test_each_step_of_a_failover_is_said_in_its_order(cluster, plugged, open_screen):
    master, standby = cluster.pair(*QUICK, "--events-beat", "300ms")
    hold = plugged / "hold"
    hold.touch()
    till = "name: Shop\nservices:\n- type: console_till.Till\n"  # so that the plugin is loaded
    told = master.ask("POST", "/v1/applications", till, headers={"content-type": "text/yaml"})
    path = f"/v1/applications/{told.json['entityId']}"
    eventually("the standby has it", lambda: standby.ask("GET", path).status == 200)
    screen = open_screen(standby, "/about")
    expect(screen.strip).to_contain_text("n1 leads since")
    screen.page.evaluate(_KEEP_WORDS)
    master.pause()
    try:
        expect(screen.strip).to_contain_text("n2 takes over")
        screen.look("failover-taking-over", whole=False)
        hold.unlink()
        expect(screen.strip).to_contain_text("n2 leads since")
    finally:
        master.resume()
    said = " | ".join(screen.page.evaluate("() => window.words"))
    silent, taking, leads = (
        said.find(words) for words in ("Master silent", "n2 takes over", "n2 leads since")
    )
    assert 0 <= silent < taking < leads, said


@pytest.mark.parametrize("page_of", ["sensors", "activities"])
def test_the_banner_leads_to_the_same_page_on_the_master(cluster, page_of, open_screen):
    master, standby = cluster.pair()
    app = cluster.deploy(master, "Shop")
    [child] = master.get(f"/v1/applications/{app}/entities")
    path = f"/applications/{app}/entities/{child['id']}/{page_of}"
    screen = open_screen(standby, path)
    page = screen.page
    page.get_by_role("note").get_by_role("link", name="Open this page on n1").click()
    page.wait_for_url(master.url + path)
    expect(screen.strip).to_contain_text("this page: n1")
    expect(page.get_by_role("tab", selected=True)).to_have_text(page_of.capitalize())
    expect(page.get_by_role("heading", level=2).first).to_contain_text(child["name"])
    expect(page.get_by_role("note")).to_have_count(0)


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
