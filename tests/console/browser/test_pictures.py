"""Every page, wide and narrow, light and dark: nothing against WCAG 2.2 AA, and a picture to look at."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import expect

SHOWN = {
    "home": ("/", "What needs attention"),
    "about": ("/about", "Failovers"),
    "application": ("/applications/{app}", "Shop"),
    "sensors": ("/applications/{app}/entities/{app}/sensors", "Shop"),
    "config": ("/applications/{app}/entities/{app}/config", "Shop"),
    "effectors": ("/applications/{app}/entities/{app}/effectors", "Shop"),
    "activities": ("/applications/{app}/entities/{app}/activities", "Shop"),
    "relations": ("/applications/{app}/entities/{app}/relations", "Drawing"),
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
    screen.look("login")
    screen.log_in()
    for name, (path, heading) in SHOWN.items():
        screen.page.goto(server.url + path.format(app=app, task=task))
        expect(screen.page.get_by_role("heading", name=heading).first).to_be_visible()
        expect(screen.page.get_by_text("Loading…")).to_have_count(0)
        screen.look(name)


@pytest.mark.parametrize(
    ("width", "scheme"), [(1440, "light"), (390, "dark")], ids=["wide-light", "narrow-dark"]
)
def test_every_dialog_can_be_used_by_everybody(cluster, open_screen, width, scheme):
    server, other = cluster.pair()
    app = cluster.deploy(server, "Shop")
    options = {"viewport": {"width": width, "height": 900}, "color_scheme": scheme}
    screen = open_screen(server, f"/applications/{app}", **options)
    page = screen.page

    def look(name, *buttons):
        for button in buttons:
            page.get_by_role("button", name=button, exact=True).click()
        expect(screen.dialog).to_be_visible()
        screen.look(name, whole=False)

    look("delete", "Delete")
    page.keyboard.press("Escape")
    look("stop", "Stop")
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Effectors").click()
    look("invoke", "Invoke stop")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="About").click()
    look("manage", "Manage n2")
    screen.dialog.get_by_label("Mode").select_option("MASTER")
    expect(screen.dialog).to_contain_text("n1 is asked to hand over to n2")
    screen.look("manage-master", whole=False)
    page.keyboard.press("Escape")
    other.signal(signal.SIGTERM)
    expect(screen.row("n2")).to_contain_text("TERMINATED")
    look("remove", "Remove n2")
    page.keyboard.press("Escape")
    look("remove-ended", "Remove terminated nodes")
