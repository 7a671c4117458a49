"""A page that is used while its node stands still."""

from __future__ import annotations

import itertools

from playwright.sync_api import expect
from tests.e2e.servers import QUICK, eventually

PLAN = """name: Shop
services:
- type: org.apache.brooklyn.entity.stock.BasicEntity
  name: front
- type: org.apache.brooklyn.entity.stock.BasicEntity
  name: back
"""


def test_who_goes_on_clicking_is_told_of_it_and_goes_on_through_another_node(cluster, open_screen):
    # A silence of five polls is one, which is longer than it takes to click.
    cluster.environment["BROOKLINE_HA_POLL"] = "1s"
    master, _ = cluster.pair("--ha-timeout", "10s")
    made = master.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    screen = open_screen(master, f"/applications/{app}/entities/{app}/sensors")
    screen.expected += ["net::ERR_", "503"]
    names = itertools.cycle(["front", "back"])
    entity = screen.page.get_by_role("treeitem", name="front")
    expect(entity).to_be_visible()
    expect(screen.strip).to_contain_text("n1 leads since")

    def goes_on():
        # Each asks for a stream of its own.
        screen.page.get_by_role("treeitem", name=next(names)).click()
        screen.page.wait_for_timeout(100)
        return "n1 leads" not in screen.strip.inner_text()

    goes_on()
    master.pause()
    try:
        eventually("it is not said any more that n1 leads", goes_on)
        expect(screen.strip).to_contain_text("n1 is gone; this page goes on through n2")
        expect(screen.strip).to_contain_text("n2 leads since")
    finally:
        master.resume()
    # The table and the strip say the same of it.
    screen.page.get_by_role("link", name="About").click()
    expect(screen.row("n1")).to_contain_text("HOT_STANDBY")
    expect(screen.strip).to_contain_text("n1 is there again; until it is loaded anew, this page")
    expect(screen.strip).not_to_contain_text("is gone")
    screen.look("back")
    screen.page.reload()
    expect(screen.strip).to_contain_text("this page: n1")


def test_a_node_that_is_started_again_is_not_said_to_be_gone(cluster, open_screen):
    master, standby = cluster.pair(*QUICK)
    screen = open_screen(master, "/about")
    screen.expected += ["net::ERR_", "503"]
    master.kill()
    standby.becomes("master")
    expect(screen.strip).to_contain_text("n1 is gone; this page goes on through n2")
    master.start(*QUICK).becomes("standby")
    expect(screen.strip).to_contain_text("n1 is there again; until it is loaded anew, this page")
