"""What a page does is shown as a command, which does the same."""

from __future__ import annotations

import shlex

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import eventually

PLAN = "name: Shop\nservices:\n- type: console_till.Till\n  name: till\n"


@pytest.fixture
def till(cluster, plugged):
    """A server with a till, and the ids of the application and of the till."""
    server = cluster["n1"].start().becomes("master")
    made = server.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    entity = server.get(f"/v1/applications/{app}/entities/till")
    state = f"/v1/applications/{app}/entities/{app}/sensors/service.state"
    eventually("it runs", lambda: server.ask("GET", state).json == "RUNNING")
    return server, app, entity["id"]


def typed(cluster, shown):
    """Run a command that a page shows, after having made sure that it is seen."""
    expect(shown).to_be_visible()
    program, *words = shlex.split(shown.inner_text())
    assert program == "brookline"
    done = cluster.typed(*words)
    assert done.returncode == 0, done.stderr


def test_config_is_changed_by_the_command_that_is_shown(cluster, till, open_screen):
    server, app, entity = till
    path = f"/v1/applications/{app}/entities/{entity}/config"
    assert server.ask("POST", path, {"my.note": "small", "my.password": "hush"}).status == 204
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/config")
    page, dialog = screen.page, screen.dialog
    page.get_by_role("button", name="Change my.note").click()
    dialog.get_by_label("Value").fill("it's $HOME; large")
    typed(cluster, dialog.locator("code"))
    assert server.get(f"{path}/my.note") == "it's $HOME; large"
    dialog.get_by_role("button", name="Cancel").click()
    expect(page.get_by_role("row", name="my.note")).to_contain_text("it's $HOME; large")
    page.get_by_role("button", name="Change my.password").click()
    dialog.get_by_label("Value").fill("quiet")
    expect(dialog.locator("code")).to_contain_text("--set my.password=@FILE")


def test_effectors_are_called_and_tasks_cancelled_by_the_commands(cluster, till, open_screen):
    server, app, entity = till
    state = f"/v1/applications/{app}/entities/{entity}/sensors/service.state"
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/effectors")
    page, dialog = screen.page, screen.dialog
    page.get_by_role("button", name="Stop", exact=True).click()
    typed(cluster, page.get_by_role("group", name="Stop till?").locator("code"))
    assert server.get(state) == "STOPPED"
    page.get_by_role("group", name="Stop till?").get_by_role("button", name="Cancel").click()
    page.get_by_text("On the command line").click()
    assert screen.violations() == []
    typed(cluster, page.locator("details code").filter(has_text="start").first)
    assert server.get(state) == "RUNNING"
    page.get_by_role("button", name="Invoke pay").click()
    dialog.get_by_label("amount").fill("5")
    expect(dialog.locator("code")).to_have_text(f"brookline invoke {app} {entity} pay -P amount=5")
    dialog.get_by_role("button", name="Invoke").click()
    page.get_by_role("status").get_by_role("link", name="pay").click()
    page.get_by_role("button", name="Cancel").click()
    typed(cluster, dialog.locator("code"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled")
