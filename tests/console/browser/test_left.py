"""Who does not wait for what was sent goes on elsewhere undisturbed, and is told what became of it."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.console.browser.intercepting import held, release
from tests.console.browser.test_interrupted import interrupt

LATER = """name: Later
services:
- type: org.apache.brooklyn.entity.stock.BasicStartable
"""


def told(screen):
    return screen.page.get_by_role("region", name="What was not waited for")


def deploy(screen, plan):
    """Have a blueprint be deployed, and leave before the answer comes; return what is held back."""
    page = screen.page
    asked = held(page, "**/v1/applications")
    screen.write(plan)
    with page.expect_request("**/v1/applications"):
        page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("link", name="About").click()
    return asked


def test_a_deploy_carries_nobody_off_from_the_page_where_he_is(server, open_screen):
    screen = open_screen(server, "/deploy")
    page = screen.page
    asked = deploy(screen, LATER)
    expect(told(screen)).to_contain_text("Deploy Later: it is under way.")
    screen.manage("n1").get_by_label("Priority").fill("5")
    with page.expect_response("**/v1/applications"):
        release(asked)
    expect(told(screen)).to_contain_text("Deploy Later: it has begun.")
    expect(screen.dialog.get_by_label("Priority")).to_have_value("5")
    page.keyboard.press("Escape")
    screen.look_at_all("notice")
    told(screen).get_by_role("link", name="Open the application").click()
    expect(page.get_by_role("heading", name="Later").first).to_be_visible()
    told(screen).get_by_role("button", name="Dismiss").click()
    expect(told(screen)).to_have_count(0)


def test_what_is_wrong_with_a_blueprint_is_told_elsewhere_too(server, open_screen):
    screen = open_screen(server, "/deploy")
    screen.expected += ["400"]
    asked = deploy(screen, "name: Later\nservices:\n- type: no.such.Type\n")
    expect(told(screen)).to_contain_text("Deploy Later: it is under way.")
    release(asked)
    expect(told(screen)).to_contain_text("Deploy Later: it did not work.")
    expect(told(screen)).to_contain_text("line 3")
    told(screen).get_by_role("link", name="Go to the blueprint").click()
    expect(screen.page.locator(".cm-content")).to_contain_text("no.such.Type")


def test_an_effector_goes_on_without_the_dialog_and_says_so(left):
    page = left.page
    page.get_by_role("tab", name="Effectors").click()
    page.get_by_role("button", name="Invoke stop").click()
    asked = held(page, "**/effectors/stop?*")
    with page.expect_request("**/effectors/stop?*"):
        left.dialog.get_by_role("button", name="Invoke").click()
    expect(left.dialog).to_contain_text("It is under way, and cannot be called back.")
    expect(left.dialog.get_by_role("button", name="Cancel")).to_have_count(0)
    left.dialog.get_by_role("button", name="Do not wait for it").click()
    expect(left.dialog).to_have_count(0)
    expect(told(left)).to_contain_text("Invoke stop of left: it is under way.")
    release(asked)
    expect(told(left)).to_contain_text("Invoke stop of left: it has begun.")
    told(left).get_by_role("link", name="Open the task").click()
    expect(page.get_by_role("heading", name="stop").first).to_be_visible()


def test_config_is_saved_without_the_dialog_and_says_so(left):
    page = left.page
    page.get_by_role("tab", name="Config").click()
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Change").first.click()
    of_a_key = re.compile(r"/config/(?!current-state)")
    asked = held(page, of_a_key)
    left.dialog.get_by_label("Value").fill("other")
    with page.expect_request(of_a_key):
        left.dialog.get_by_role("button", name="Save").click()
    expect(left.dialog.get_by_role("button", name="Do not wait for it")).to_be_visible()
    page.keyboard.press("Escape")
    expect(left.dialog).to_have_count(0)
    expect(told(left)).to_contain_text("of left: it is under way.")
    release(asked)
    expect(told(left)).to_contain_text("of left: it is done.")
    expect(page.get_by_role("tabpanel")).to_contain_text("other")


def test_what_failed_after_its_dialog_was_closed_is_told(left, server):
    page = left.page
    left.expected += ["net::ERR_"]
    page.get_by_role("button", name="Delete").click()
    left.dialog.get_by_role("textbox").fill("Shop")
    server.pause()
    left.dialog.get_by_role("button", name="Delete it").click()
    left.dialog.get_by_role("button", name="Do not wait for it").click()
    expect(told(left)).to_contain_text("Delete Shop: it is under way.")
    server.kill()
    expect(told(left)).to_contain_text("Delete Shop: it is not known whether it was done.")
    expect(told(left)).to_contain_text("look before you do it again")
    expect(told(left).get_by_role("alert")).to_have_count(0)  # read out as it is


def test_what_became_of_a_restart_is_told_where_somebody_has_gone(left):
    page = left.page
    left.expected += ["net::ERR_"]
    asked = held(page, "**/effectors/restart?*")
    with page.expect_request("**/effectors/restart?*"):
        page.get_by_role("button", name="Restart", exact=True).click()
    page.get_by_role("link", name="About").click()
    expect(told(left)).to_contain_text("Invoke restart of left: it is under way.")
    release(asked)
    expect(told(left)).to_contain_text("Invoke restart of left: it has begun.")


def test_an_answer_about_one_decision_leaves_the_dialog_of_another_alone(
    cluster, paid, open_screen
):
    server, _ = interrupt(cluster)
    screen = open_screen(server, "/interrupted")
    page = screen.page
    page.get_by_role("button", name="Decide about pay").click()
    screen.dialog.get_by_label("Abandon").check()
    screen.dialog.get_by_label("Reason").fill("paid in cash")
    asked = held(page, "**/abandon")
    with page.expect_request("**/abandon"):
        screen.dialog.get_by_role("button", name="Abandon it").click()
    screen.dialog.get_by_role("button", name="Do not wait for it").click()
    expect(told(screen)).to_contain_text("Abandon pay of till: it is under way.")
    page.get_by_role("button", name="Decide about pay").click()
    expect(screen.dialog).to_be_visible()
    release(asked)
    expect(screen.dialog).to_contain_text("Somebody else has decided")
    screen.dialog.get_by_role("button", name="Cancel").click()
    expect(told(screen)).to_contain_text("Abandon pay of till: it is done.")


def test_removing_one_node_leaves_the_dialog_of_another_alone(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    for name in ("n2", "n3"):
        ended = cluster[name].start().becomes("standby")
        ended.kill()
    screen = open_screen(server, "/about")
    page = screen.page
    asked = held(page, "**/clear/node")
    page.get_by_role("button", name="Remove n2").click()
    with page.expect_request("**/clear/node"):
        screen.dialog.get_by_role("button", name="Remove").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove n3").click()
    release(asked)
    expect(told(screen)).to_contain_text("Remove n2: it is done.")
    expect(screen.row("n2")).to_have_count(0)
    expect(screen.dialog).to_contain_text("Remove n3?")
    page.keyboard.press("Escape")
    told(screen).get_by_role("button", name="Dismiss").focus()
    page.keyboard.press("Enter")
    expect(told(screen)).to_have_count(0)
    expect(page.get_by_role("main")).to_be_focused()
