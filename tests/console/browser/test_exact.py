"""Whole numbers of more digits than a browser's own have are shown, typed and sent with all of them."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

BIG, NEXT = 9007199254740993, 9007199254740995
LARGEST = 2**63 - 1

PLAN = f"""name: Shop
services:
- type: console_till.Till
  name: till
  brooklyn.config:
    my.big: {BIG}
    my.list: [{LARGEST}, 1]
"""


@pytest.fixture
def till(cluster, plugged):
    server = cluster["n1"].start().becomes("master")
    made = server.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    return server, app, server.get(f"/v1/applications/{app}/entities/till")["id"]


def test_config_shows_them_and_saves_what_is_typed(till, open_screen):
    server, app, entity = till
    path = f"/v1/applications/{app}/entities/{entity}/config"
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/config")
    page, dialog = screen.page, screen.dialog
    field, save = dialog.get_by_label("Value"), dialog.get_by_role("button", name="Save")
    for key, shown, typed in (
        ("my.big", str(BIG), str(NEXT)),
        ("my.list", str(LARGEST), f"[{LARGEST - 1}, {NEXT}]"),
    ):
        row = page.get_by_role("row", name=key)
        expect(row).to_contain_text(shown)
        page.get_by_role("button", name=f"Change {key}").click()
        expect(field).to_have_value(shown if key == "my.big" else f"[\n  {LARGEST},\n  1\n]")
        expect(save).to_be_disabled()
        field.fill(typed)
        expect(dialog.locator("code")).to_contain_text(f"{key}={typed.replace(', ', ',')}")
        save.click()
        expect(dialog).to_have_count(0)
        expect(row).to_contain_text(str(NEXT))
    assert server.get(f"{path}/my.big") == NEXT
    assert server.get(f"{path}/my.list") == [LARGEST - 1, NEXT]


def test_sensors_show_them_as_they_change(till, open_screen):
    server, app, entity = till
    path = f"/v1/applications/{app}/entities/{entity}/sensors"
    server.ask("POST", path, {"my.counter": BIG})
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/sensors")
    row = screen.page.get_by_role("row", name="my.counter").first
    expect(row).to_contain_text(str(BIG))
    server.ask("POST", path, {"my.counter": NEXT, "my.map": {"a": LARGEST}})
    expect(row).to_contain_text(str(NEXT))
    expect(screen.page.get_by_role("row", name="my.map")).to_contain_text(f"a: {LARGEST}")
    server.ask("POST", path, {"my.counter": LARGEST})
    expect(row.get_by_role("button", name="Graph of my.counter")).to_be_visible()


def test_effectors_are_called_with_them(till, paid, open_screen):
    server, app, entity = till
    paid.touch()
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/effectors")
    page, dialog = screen.page, screen.dialog
    page.get_by_role("button", name="Invoke pay").click()
    dialog.get_by_label("amount").fill(str(NEXT))
    expect(dialog.locator("code")).to_contain_text(f"-P amount={NEXT}")
    dialog.get_by_role("button", name="Invoke").click()
    expect(page.get_by_role("status").get_by_text(str(NEXT))).to_be_visible()
