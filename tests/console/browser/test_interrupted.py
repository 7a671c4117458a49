from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.browser.falls import Fall
from tests.console.browser.screen import TOUCH
from tests.e2e.servers import eventually

PLAN = "name: Shop\nservices:\n- type: console_till.Till\n  name: till\n"


def interrupt(cluster, fall=None):
    """End a master while the till pays; return the other node and the application."""
    fall = fall or Fall("kill", cluster)
    master, standby = cluster.pair(*fall.options)
    answer = master.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = answer.json["entityId"]
    path = f"/v1/applications/{app}/entities/till"
    state = f"{path}/sensors/service.state"
    eventually("it runs", lambda: master.ask("GET", state).json == "RUNNING")
    headers = {"content-type": "application/json"}
    task = master.ask("POST", f"{path}/effectors/pay?timeout=0", '{"amount": 5}', headers=headers)
    parts = f"/v1/activities/{task.json['id']}/children"
    eventually("it pays", lambda: [one for one in master.get(parts) if "startTimeUtc" in one])
    eventually("the standby knows the step", lambda: standby.knows(parts))
    fall.of(master, standby)
    return standby, app


def test_what_a_failover_cut_off_is_given_up_for_a_reason(cluster, fall, paid, open_screen):
    server, _ = interrupt(cluster, fall)
    screen = open_screen(server)
    page = screen.page
    attention = page.get_by_role("region", name="What needs attention")
    attention.get_by_role("link", name="1 operation interrupted").click()
    expect(page.get_by_text("hand-over").first).to_be_visible()
    expect(page.get_by_text("when n2 took over from n1")).to_be_visible()
    screen.look("interrupted-one")
    page.get_by_role("button", name="Decide about pay").click()
    screen.dialog.get_by_label("Abandon").check()
    screen.look("interrupted-decide", whole=False)
    screen.dialog.get_by_role("button", name="Abandon it").click()
    expect(screen.dialog.get_by_role("alert").filter(has_text="Say why")).to_be_visible()
    screen.dialog.get_by_label("Reason").fill("paid in cash")
    screen.dialog.get_by_role("button", name="Abandon it").click()
    expect(page.get_by_text("It is given up.")).to_be_visible()
    expect(page.get_by_text("Nothing is interrupted.")).to_be_visible()


def test_what_is_decided_elsewhere_is_gone_from_the_list_and_from_home(cluster, paid, open_screen):
    server, _ = interrupt(cluster)
    home, listed = open_screen(server), open_screen(server, "/interrupted")
    attention = home.page.get_by_role("region", name="What needs attention")
    expect(attention).to_contain_text("1 operation interrupted")
    listed.page.get_by_role("button", name="Decide about pay").click()
    listed.dialog.get_by_label("Abandon").check()
    listed.dialog.get_by_label("Reason").fill("paid by card")
    [one] = server.get("/v1/interrupted")
    told = server.ask("POST", f"/v1/interrupted/{one['id']}/abandon", {"reason": "paid in cash"})
    assert told.status == 200, told
    expect(listed.dialog.get_by_text("Somebody else has decided")).to_be_visible()
    expect(listed.dialog.get_by_label("Reason")).to_have_value("paid by card")
    listed.dialog.get_by_role("button", name="Cancel").click()
    expect(listed.page.get_by_text("Nothing is interrupted.")).to_be_visible()
    expect(attention).not_to_contain_text("interrupted")


def test_what_a_failover_cut_off_is_done_again_by_touch(cluster, paid, open_screen):
    server, _ = interrupt(cluster)
    screen = open_screen(server, "/interrupted", **TOUCH)
    page = screen.page
    screen.look("interrupted-one")
    page.get_by_role("button", name="Decide about pay").tap()
    screen.dialog.get_by_label("Replay").tap()
    screen.look("interrupted-decide", whole=False)
    screen.dialog.get_by_role("button", name="Replay it").tap()
    expect(page.get_by_text("It is done again as a new task.")).to_be_visible()
    page.get_by_role("link", name="Open the task").tap()
    heading = page.get_by_role("heading", name="pay").first
    expect(heading).to_contain_text("Running")
    paid.touch()
    expect(heading).to_contain_text("Completed")
    page.get_by_role("link", name="Interrupted").tap()
    expect(page.get_by_text("Nothing is interrupted.")).to_be_visible()


def test_what_a_failover_cut_off_is_resumed(cluster, paid, open_screen):
    server, _ = interrupt(cluster)
    screen = open_screen(server, "/interrupted")
    page = screen.page
    page.get_by_role("button", name="Decide about pay").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Resume").check()
    dialog.get_by_role("button", name="Resume it").click()
    expect(page.get_by_text("It goes on.")).to_be_visible()
    page.get_by_role("link", name="Open the task").click()
    heading = page.get_by_role("heading", name="pay").first
    expect(heading).to_contain_text("Running")
    page.get_by_role("button", name="Cancel").click()
    screen.look("cancel", whole=False)
    page.get_by_role("button", name="Let it run").click()
    paid.touch()
    expect(heading).to_contain_text("Completed")


@pytest.mark.parametrize("page_of", ["n1", "n2"])
def test_what_is_being_decided_stays_when_the_master_ceases_to_lead(
    cluster, fall, paid, open_screen, page_of
):
    heir = cluster["n1"]
    master, _ = interrupt(cluster, fall)
    fall.back(heir, master)
    screen = open_screen(cluster[page_of], "/interrupted")
    page, dialog = screen.page, screen.dialog
    page.get_by_role("button", name="Decide about pay").click()
    dialog.get_by_label("Abandon").check()
    dialog.get_by_label("Reason").fill("paid in cash")
    screen.expected += ["net::ERR_", "503"]  # that of a node which is about to end
    fall.of(master, heir)
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(dialog.get_by_label("Abandon")).to_be_checked()
    expect(dialog.get_by_label("Reason")).to_have_value("paid in cash")
    expect(dialog.get_by_label("Reason")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("It is given up.")).to_be_visible()
    expect(page.get_by_text("Nothing is interrupted.")).to_be_visible()
    assert heir.get("/v1/interrupted") == []


def test_every_page_counts_what_waits_for_a_decision_and_leads_to_it(cluster, paid, open_screen):
    server, app = interrupt(cluster)
    screen = open_screen(server, "/about")
    link = screen.strip.get_by_role("link", name="1 operation interrupted")
    for path in ("/deploy", f"/applications/{app}", "/about"):
        screen.page.goto(server.url + path)
        expect(link).to_be_visible()
    screen.look_at_all("strip-interrupted")
    link.click()
    expect(screen.page.get_by_role("button", name="Decide about pay")).to_be_visible()
    [one] = server.get("/v1/interrupted")
    told = server.ask("POST", f"/v1/interrupted/{one['id']}/abandon", {"reason": "paid in cash"})
    assert told.status == 200, told
    expect(link).to_have_count(0)


def test_why_it_is_red_leads_to_the_decision_about_it(cluster, paid, open_screen):
    server, app = interrupt(cluster)
    page = open_screen(server, f"/applications/{app}").page
    why = page.get_by_role("region", name="Why is this red?")
    said = why.get_by_role("listitem").filter(has_text="interrupted:")
    said.get_by_role("link", name="decide what becomes of it").click()
    expect(page.get_by_role("button", name="Decide about pay")).to_be_visible()
