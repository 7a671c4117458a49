"""Pages of a standby that keeps no copy: they say what is not known there, and where it is."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.servers import eventually

BURNS = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: "false"
"""


def burning(server):
    """Deploy what does not start."""
    answer = server.ask("POST", "/v1/applications", BURNS, headers={"content-type": "text/yaml"})
    path = f"/v1/applications/{answer.json['entityId']}/entities/web/sensors/service.state"
    eventually("it is on fire", lambda: server.ask("GET", path).json == "ON_FIRE")


@pytest.fixture
def pair(cluster):
    """A master, and a standby that keeps no copy."""
    master, standby = cluster.pair()
    assert standby.ask("POST", "/v1/server/ha/state?mode=STANDBY").status == 200
    eventually("it is cold", lambda: standby.state() == "STANDBY")
    eventually("the master has an heir", lambda: cluster.heir(master) == "n2")
    return master, standby


def test_a_cold_standby_does_not_say_that_nothing_needs_attention(pair, open_screen):
    master, standby = pair
    burning(master)
    screen = open_screen(standby)
    attention = screen.page.get_by_role("region", name="What needs attention")
    expect(attention).to_contain_text("It is not known here whether an application is on fire")
    expect(attention).not_to_contain_text("Nothing.")
    screen.look("home-cold")
    attention.get_by_role("link", name="Open this page on n1").click()
    expect(screen.page).to_have_url(f"{master.url}/")


def test_a_standby_that_becomes_cold_and_hot_again_says_so_on_an_open_page(pair, open_screen):
    master, standby = pair
    screen = open_screen(standby)
    attention = screen.page.get_by_role("region", name="What needs attention")
    expect(attention).to_contain_text("It is not known here")
    assert standby.ask("POST", "/v1/server/ha/state?mode=HOT_STANDBY").status == 200
    expect(attention).to_contain_text("Nothing. Somebody leads")
    burning(master)
    expect(attention).to_contain_text("Shop is on fire")
    screen.expected.append("403")  # to what is asked while it becomes cold
    assert standby.ask("POST", "/v1/server/ha/state?mode=STANDBY").status == 200
    expect(attention).to_contain_text("It is not known here")
    expect(attention).not_to_contain_text("Shop is on fire")
