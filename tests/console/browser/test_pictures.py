"""Every page, wide and narrow, light and dark: nothing against WCAG 2.2 AA, and a picture to look at."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

PICTURES = Path(__file__).parents[3] / ".screenshots"

SHOWN = {
    "home": ("/", "What needs attention"),
    "about": ("/about", "Failovers"),
    "application": ("/applications/{app}", "Shop"),
    "sensors": ("/applications/{app}/entities/{app}/sensors", "Shop"),
    "config": ("/applications/{app}/entities/{app}/config", "Shop"),
    "effectors": ("/applications/{app}/entities/{app}/effectors", "Shop"),
    "activities": ("/applications/{app}/entities/{app}/activities", "Shop"),
    "activity": ("/activities/{task}", "Steps"),
    "deploy": ("/deploy", "Deploy"),
    "interrupted": ("/interrupted", "Interrupted operations"),
    "missing": ("/nowhere", "No such page"),
}


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_used_by_everybody(cluster, open_screen, width, scheme):
    server, _ = cluster.pair()
    app = cluster.deploy(server, "Shop")
    task = server.get(f"/v1/applications/{app}/entities/{app}/activities")[0]["id"]
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    screen = open_screen(server, login=False, **options)
    PICTURES.mkdir(exist_ok=True)
    look(screen, "login", width, scheme)
    screen.log_in()
    for name, (path, heading) in SHOWN.items():
        screen.page.goto(server.url + path.format(app=app, task=task))
        expect(screen.page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(screen.page.get_by_text("Loading…")).to_have_count(0)
        look(screen, name, width, scheme)
    screen.page.goto(server.url + "/about")
    screen.page.get_by_role("button", name="Manage n2").click()
    screen.page.get_by_label("Mode").select_option("MASTER")
    expect(screen.page.get_by_text("This page can reach it")).to_be_visible()
    look(screen, "manage", width, scheme)


def look(screen, name, width, scheme):
    page = screen.page
    page.screenshot(path=PICTURES / f"{name}-{width}-{scheme}.png", full_page=name != "manage")
    assert screen.violations() == [], name
    wide = page.evaluate("() => document.documentElement.scrollWidth")
    assert wide <= width, f"{name} is {wide} wide"
