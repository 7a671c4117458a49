from __future__ import annotations

import signal

import pytest
from playwright.sync_api import expect
from tests.console.browser.screen import TOUCH
from tests.e2e.servers import eventually

WAITS = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: while [ ! -e {gate} ]; do sleep 0.05; done
    checkRunning.command: "true"
    stop.command: "true"
"""


def test_another_node_is_made_master_by_keyboard_only(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(master, "/about", login=False)
    page, press = screen.page, screen.page.keyboard.press
    expect(page.get_by_label("Password")).to_be_focused()
    page.keyboard.type(screen.password)
    press("Enter")
    expect(screen.row("n2").get_by_role("button", name="Manage n2")).to_be_visible()
    screen.tab_to("Manage n2")
    press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Priority")).to_be_focused()
    press("Control+A")
    page.keyboard.type("first")
    expect(dialog.get_by_role("alert").first).to_contain_text("A whole number is needed")
    press("Control+A")
    page.keyboard.type("3")
    press("Tab")
    page.keyboard.type("MASTER")
    expect(dialog).to_contain_text("n1 is asked to hand over to n2")
    expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()
    screen.tab_to("Reason")
    page.keyboard.type("n1's disk is full")
    expect(dialog).to_contain_text("brookline ha promote n2 --reason 'n1'\\''s disk is full'")
    screen.look_at_all("manage-reason")
    screen.tab_to("I want n1 to stop leading")
    press("Space")
    screen.tab_to("Apply")
    press("Enter")
    screen.tab_to("Do it now")
    press("Enter")
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    press("Enter")
    expect(dialog).to_be_hidden()
    assert screen.focused() == "Manage n2"
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.row("n2")).to_contain_text("MASTER")
    history = page.get_by_role("region", name="Failovers").get_by_role("row")
    expect(history.nth(1)).to_contain_text("switchover by admin: n1's disk is full")
    assert standby.get("/v1/server/ha/priority") == 3
    assert master.state() == "HOT_STANDBY"


def test_another_node_is_made_master_by_touch(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, **TOUCH)
    page, dialog = screen.page, screen.dialog
    page.get_by_role("link", name="About").tap()
    page.get_by_role("button", name="Manage n2").tap()
    dialog.get_by_label("Mode").select_option("MASTER")
    dialog.get_by_label("I want n1 to stop leading").tap()
    dialog.get_by_role("button", name="Apply").tap()
    dialog.get_by_role("button", name="Do it now").tap()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    dialog.get_by_role("button", name="Put it back as it was").tap()
    expect(screen.strip).to_contain_text("n1 leads since")
    dialog.get_by_role("button", name="Close").tap()
    expect(screen.row("n1")).to_contain_text("MASTER")
    assert (master.state(), standby.state()) == ("MASTER", "HOT_STANDBY")


def test_what_has_ended_is_removed_from_any_node(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    page = screen.page
    screen.expected.append("net::ERR_")
    master.signal(signal.SIGTERM)
    master.wait()
    expect(screen.row("n1")).to_contain_text("TERMINATED")
    page.get_by_role("button", name="Remove terminated nodes").click()
    expect(page.get_by_role("dialog")).to_contain_text("Forgets n1.")
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(screen.row("n1")).to_have_count(0)
    expect(page.get_by_text("Forgotten: n1.")).to_be_visible()


def test_before_a_hand_over_the_store_and_what_runs_are_looked_at(cluster, gate, open_screen):
    master, standby = cluster.pair()
    answer = master.ask(
        "POST", "/v1/applications", WAITS.format(gate=gate), headers={"content-type": "text/yaml"}
    )
    assert answer.status == 201, answer
    running = "/v1/activities?running=true"
    eventually("the standby knows that it runs", lambda: standby.knows(running))
    screen = open_screen(standby, "/about")
    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("MASTER")
    expect(dialog).to_contain_text("The store answers, and takes what n1 writes")
    expect(dialog).to_contain_text("1 operation runs and is handed over")
    screen.look_at_all("manage-checks")
    gate.touch()
    eventually("nothing runs", lambda: not standby.get(running))
    dialog.get_by_label("Mode").select_option("")
    dialog.get_by_label("Mode").select_option("MASTER")
    expect(dialog).to_contain_text("No operation runs")


def test_a_mode_that_leaves_nobody_to_follow_says_so_before_it_is_done(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/about")
    page = screen.page
    page.get_by_role("button", name="Manage n1").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Mode").select_option("HOT_BACKUP")
    expect(dialog).to_contain_text("the plane has no master until a node stands again")
    dialog.get_by_label("I want n1 to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    dialog.get_by_role("button", name="Do it now").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(screen.strip).to_contain_text("Nobody leads")
    dialog.get_by_role("button", name="Put it back as it was").click()
    expect(screen.strip).to_contain_text("n1 leads since")


def test_what_has_failed_is_removed_by_keyboard_only(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    page, press = screen.page, screen.page.keyboard.press
    screen.expected.append("net::ERR_")
    master.kill()
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.row("n1")).to_contain_text("FAILED")
    expect(page.get_by_role("button", name="Remove terminated nodes")).to_be_disabled()
    screen.tab_to("Remove n1")
    press("Enter")
    expect(screen.dialog).to_contain_text("n1")
    screen.look_at_all("remove-failed")
    press("Escape")
    expect(screen.dialog).to_be_hidden()
    assert screen.focused() == "Remove n1"
    press("Enter")
    assert screen.focused() == "Remove"
    press("Enter")
    expect(screen.row("n1")).to_have_count(0)
    expect(page.get_by_text("Forgotten: n1.")).to_be_visible()
    expect(screen.row("n2")).to_contain_text("MASTER")
    screen.tab_to("Manage n2")
    assert [one["name"] for one in standby.get("/v1/server/ha/states")["nodes"].values()] == ["n2"]


@pytest.mark.parametrize("page_of", ["n1", "n2"])
def test_a_master_that_is_killed_while_it_is_asked_to_hand_over_is_followed(
    cluster, open_screen, page_of
):
    master, standby = cluster.pair()
    screen = open_screen(cluster[page_of], "/about")
    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("MASTER")
    dialog.get_by_label("I want n1 to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    # Axe looks for the styles of a page whose node is gone.
    screen.expected += ["net::ERR_", "503", "preload assets"]
    master.pause()  # it can neither answer nor hand over
    dialog.get_by_role("button", name="Do it now").click()
    expect(dialog.get_by_role("button", name="Do not wait for it")).to_be_focused()
    if page_of != "n1":  # which answers nothing now, also not to who looks for its styles
        screen.look_at_all("manage-going")
    master.kill()
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(dialog).to_contain_text("It is not known whether it was done.")
    expect(dialog.get_by_role("button", name="Close")).to_be_focused()
    screen.look_at_all("manage-unknown")
    screen.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(screen.row("n2")).to_contain_text("MASTER")
    assert standby.state() == "MASTER"
