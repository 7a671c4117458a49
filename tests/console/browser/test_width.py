"""Pages at widths between a desk's and a hand's: nothing is wider than they are, nor out of sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize("width", [1024, 800, 390])
def test_about_on_a_standby_is_no_wider_than_the_page_and_shows_its_buttons(
    cluster, open_screen, width
):
    _, standby = cluster.pair()
    screen = open_screen(standby, "/about", viewport={"width": width, "height": 900})
    expect(screen.page.get_by_role("region", name="Store")).to_contain_text("Last probe")
    expect(screen.page.get_by_role("region", name="Product")).to_contain_text("behind")
    screen.look("about-standby")
    for name in ("n1", "n2"):
        box = screen.page.get_by_role("button", name=f"Manage {name}").bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= width
    screen.page.get_by_label("Logs of epoch 1").click()
    if width == 390:  # where each row is a card, the logs lie below the reason and not beside it
        cell = screen.page.locator("td[data-label='Why']").first
        logs, whole = cell.locator("details").bounding_box(), cell.bounding_box()
        assert logs is not None
        assert whole is not None
        assert logs["width"] >= whole["width"] * 0.9
    screen.look("about-standby-logs")


def test_a_long_value_of_config_is_no_wider_than_the_page(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    headers = {"content-type": "application/json"}
    path = f"/v1/applications/{app}/entities/{app}/config/my.long"
    assert server.ask("POST", path, f'"{"x" * 1500}"', headers=headers).status == 204
    screen = open_screen(
        server,
        f"/applications/{app}/entities/{app}/config",
        viewport={"width": 390, "height": 900},
    )
    value = screen.page.get_by_role("row", name="my.long").locator("span.mono")
    expect(value.first).to_be_visible()
    box = value.first.bounding_box()
    assert box is not None
    assert box["x"] + box["width"] <= 390
    screen.look("config-long")


LONG = "com.example.platform.services.orders.OrderProcessingApplication_2026_11_26"
NAMED = f"""name: {LONG}
location: localhost
services:
- type: org.apache.brooklyn.entity.stock.BasicStartable
  name: {LONG}_1
  brooklyn.config:
    {LONG.replace("_", ".")}: {LONG}
    other: $brooklyn:entity("{LONG}").attributeWhenReady("{LONG}")
"""


def test_names_without_a_break_are_no_wider_than_the_page(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    made = server.ask("POST", "/v1/applications", NAMED, headers={"content-type": "text/yaml"})
    app, task = made.json["entityId"], made.json["id"]
    entity = server.get(f"/v1/applications/{app}/entities/{LONG}_1")["id"]
    headers = {"content-type": "application/json"}
    sensor = f"/v1/applications/{app}/entities/{entity}/sensors/{LONG}"
    assert server.ask("POST", sensor, f'"{LONG}"', headers=headers).status == 204
    screen = open_screen(server, viewport={"width": 390, "height": 844})
    page = screen.page
    place = f"/applications/{app}/entities/{entity}"
    tabs = ("sensors", "config", "effectors", "activities", "relations")
    paths = {"home": "/", "activity": f"/activities/{task}", "summary": place}
    for name, path in (paths | {tab: f"{place}/{tab}" for tab in tabs}).items():
        page.goto(server.url + path)
        expect(page.locator("main").get_by_text(LONG).first).to_be_visible()
        screen.look(f"long-names-{name}")
    for name in ("Stop", "Delete"):
        page.goto(f"{server.url}/applications/{app}")
        page.get_by_role("button", name=name, exact=True).click()
        expect(screen.dialog.get_by_role("heading")).to_contain_text(LONG)
        widths = "dialog => [dialog.scrollWidth, dialog.clientWidth]"
        inner, outer = screen.dialog.evaluate(widths)
        assert inner <= outer, name
        screen.look(f"long-names-{name.lower()}", whole=False)
