"""Dialogs that are open when their node ceases to lead, where only the master takes changes."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.browser.screen import TOUCH
from tests.e2e.servers import eventually

REFUSES = ("--set", "brookline.nonMasterWrites=refuse")
FORM = {"content-type": "application/x-www-form-urlencoded"}
PLAN = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.stock.BasicStartable
  name: front
  brooklyn.config:
    my.size: small
"""


@pytest.fixture
def shop(cluster):
    master, standby = cluster.pair(*REFUSES)
    made = master.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = made.json["entityId"]
    front = master.get(f"/v1/applications/{app}/entities/front")["id"]
    return master, standby, f"/applications/{app}/entities/{front}"


def hand_over(master, to):
    eventually("it would follow", lambda: master.cluster.heir(master) == to.name)
    form = f"to={to.name}"
    assert master.ask("POST", "/v1/server/ha/switchover", form, headers=FORM).status == 200
    to.becomes("master")


@pytest.mark.parametrize("options", [{}, TOUCH], ids=["wide", "narrow"])
def test_what_is_edited_is_off_with_the_reason_and_the_way_to_the_master(
    shop, open_screen, options
):
    master, standby, front = shop
    screen = open_screen(master, f"{front}/config", **options)
    screen.page.get_by_role("button", name="Change my.size").click()
    dialog = screen.dialog
    field, save = dialog.get_by_label("Value"), dialog.get_by_role("button", name="Save")
    field.fill("large")
    expect(save).to_be_enabled()
    hand_over(master, standby)
    expect(save).to_be_disabled()
    status = dialog.get_by_role("status")
    expect(status).to_contain_text("This node takes no changes while it does not lead")
    screen.look("refused-config", whole=False)
    with screen.page.context.expect_page() as opened:
        status.get_by_role("link", name="Open this page on n2").click()
    opened.value.wait_for_load_state()
    assert opened.value.url == f"{standby.url}{front}/config"
    opened.value.close()
    expect(field).to_have_value("large")
    # It may lead again.
    hand_over(standby, master)
    expect(status).to_be_empty()
    save.click()
    expect(dialog).to_have_count(0)
    assert master.get(f"/v1{front}/config/my.size") == "large"


def test_what_is_invoked_or_deleted_is_off_too_and_nodes_are_managed_as_ever(shop, open_screen):
    master, standby, front = shop
    app = front.split("/")[2]
    invoking = open_screen(master, f"{front}/effectors")
    invoking.page.get_by_role("button", name="Invoke restart").click()
    deleting = open_screen(master, f"/applications/{app}")
    deleting.page.get_by_role("button", name="Delete").click()
    deleting.dialog.get_by_label("Type").fill("Shop")
    managing = open_screen(master, "/about")
    managing.manage("n1").get_by_label("Priority").fill("3")
    buttons = [
        invoking.dialog.get_by_role("button", name="Invoke"),
        deleting.dialog.get_by_role("button", name="Delete"),
    ]
    for button in buttons:
        expect(button).to_be_enabled()
    hand_over(master, standby)
    for button, screen in zip(buttons, (invoking, deleting), strict=True):
        expect(button).to_be_disabled()
        expect(screen.dialog.get_by_role("link", name="Open this page on n2")).to_be_visible()
    expect(managing.strip).to_contain_text("n2 leads since")
    managing.dialog.get_by_role("button", name="Apply").click()
    expect(managing.dialog.get_by_role("status")).to_contain_text("Done.")
    assert master.get("/v1/server/ha/priority") == 3
