"""What somebody is doing while the master ceases to lead, in each way, goes on."""

from __future__ import annotations

import signal

import pytest
from playwright.sync_api import expect
from tests.console.browser.screen import TOUCH
from tests.e2e.servers import eventually

RED = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: "echo no room for it >&2; exit 3"
    checkRunning.command: "true"
    stop.command: "true"
"""


def third(cluster, *options):
    """A node that has ended, for good."""
    server = cluster["n3"].start(*options).becomes("standby")
    server.signal(signal.SIGTERM)
    assert server.wait() == 0
    return server


def names(node):
    return {one["name"] for one in node.get("/v1/server/ha/states")["nodes"].values()}


def test_a_node_is_removed(cluster, fall, open_screen):
    master, standby = cluster.pair(*fall.options)
    third(cluster, *fall.options)
    screen = open_screen(standby, "/about")
    expect(screen.row("n3")).to_contain_text("TERMINATED")
    eventually("n2 is the heir", lambda: cluster.heir(master) == "n2")
    screen.page.get_by_role("button", name="Remove n3").click()
    expect(screen.dialog).to_contain_text("Remove n3?")
    screen.expected += ["net::ERR_", "503"]
    fall.begin(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.dialog).to_contain_text("Remove n3?")
    screen.dialog.get_by_role("button", name="Remove").click()
    expect(screen.page.get_by_text("Forgotten: n3.")).to_be_visible()
    expect(screen.row("n3")).to_have_count(0)
    eventually("it is forgotten", lambda: names(standby) == {"n1", "n2"})


def test_a_node_is_removed_that_nobody_could_remove_when_it_was_asked_for(cluster, open_screen):
    master, standby = cluster.pair("--write-wait", "30s")
    third(cluster)
    screen = open_screen(standby, "/about")
    expect(screen.row("n3")).to_contain_text("TERMINATED")
    eventually("n2 is the heir", lambda: cluster.heir(master) == "n2")
    screen.page.get_by_role("button", name="Remove n3").click()
    screen.expected += ["net::ERR_", "503"]
    master.pause()  # what was sent to it may have been done, and is done by nobody else
    screen.dialog.get_by_role("button", name="Remove").click()
    master.kill()
    alert = screen.dialog.get_by_role("alert")
    expect(alert).to_contain_text("It may have been: look before you do it again.")
    screen.look("remove-unknown", whole=False)
    expect(screen.strip).to_contain_text("n2 leads since")
    screen.dialog.get_by_role("button", name="Remove").click()
    expect(screen.page.get_by_text("Forgotten: n3.")).to_be_visible()
    assert names(standby) == {"n1", "n2"}


def test_a_node_is_removed_by_touch(cluster, open_screen):
    _, standby = cluster.pair()
    third(cluster)
    screen = open_screen(standby, **TOUCH)
    page = screen.page
    page.get_by_role("link", name="About").tap()
    expect(screen.row("n3")).to_contain_text("TERMINATED")
    page.get_by_role("button", name="Remove n3").tap()
    expect(screen.dialog).to_contain_text("Remove n3?")
    screen.look("remove", whole=False)
    screen.dialog.get_by_role("button", name="Remove").tap()
    expect(page.get_by_text("Forgotten: n3.")).to_be_visible()
    expect(screen.row("n3")).to_have_count(0)
    eventually("it is forgotten", lambda: names(standby) == {"n1", "n2"})


def test_why_something_is_red_is_followed_to_what_its_start_wrote(cluster, fall, open_screen):
    master, standby = cluster.pair(*fall.options)
    made = master.ask("POST", "/v1/applications", RED, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    eventually("the standby has it", lambda: standby.has(app))
    screen = open_screen(standby)
    page = screen.page
    attention = page.get_by_role("region", name="What needs attention")
    attention.get_by_role("link", name="Why is this red?").click()
    why = page.get_by_role("region", name="Why is this red?")
    step = why.get_by_role("link", name="read what “launch” wrote to its stderr")
    expect(step).to_be_visible()
    screen.expected += ["net::ERR_", "503"]
    fall.begin(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(why).to_contain_text("because")
    step.click()
    expect(page.get_by_role("heading", name="launch").first).to_contain_text("Failed")
    expect(page.get_by_label("Stream")).to_have_value("stderr")
    expect(page.get_by_role("region", name="Output")).to_contain_text("no room for it")
    page.go_back()
    why.get_by_role("link", name="invoke restart of web").click()
    panel = page.get_by_role("tabpanel")
    expect(panel).to_be_focused()
    expect(panel.get_by_role("button", name="Invoke restart")).to_be_enabled()


def test_a_login_is_finished(cluster, fall, open_screen):
    master, standby = cluster.pair(*fall.options)
    screen = open_screen(standby, "/about", login=False)
    page = screen.page
    page.get_by_label("Password").fill(screen.password)
    screen.expected += ["net::ERR_", "503"]
    fall.begin(master, standby)
    page.get_by_role("button", name="Log in").click()
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(page.get_by_role("heading", name="HA status")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Logged in as admin")).to_be_visible()


@pytest.mark.parametrize("fall", ["pause", "switchover"], indirect=True)
def test_a_login_at_the_node_that_ceases_to_lead_holds_on_the_next_master(
    cluster, fall, open_screen
):
    master, standby = cluster.pair(*fall.options)
    screen = open_screen(master, "/about")
    screen.expected += ["net::ERR_", "503"]
    fall.of(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    screen.page.goto(standby.url + "/about")
    expect(screen.strip).to_contain_text("this page: n2")
    expect(screen.page.get_by_text("Logged in as admin")).to_be_visible()
