"""Answers that come late, after what is newer or about something else: they do not count."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.console.browser.intercepting import held
from tests.e2e.servers import eventually

PLAN = """name: Shop
services:
- {type: console_till.Till, name: one}
- {type: console_till.Till, name: two}
"""


def deploy(server):
    told = server.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    app = told.json["entityId"]
    for till in ("one", "two"):
        state = f"/v1/applications/{app}/entities/{till}/sensors/service.state"
        eventually(f"{till} runs", lambda path=state: server.ask("GET", path).json == "RUNNING")
    return app


def pay(server, app, till):
    """Have a till begin to pay; return the task."""
    path = f"/v1/applications/{app}/entities/{till}/effectors/pay?timeout=0"
    task = server.ask("POST", path, {"amount": 5}).json["id"]
    parts = f"/v1/activities/{task}/children"
    eventually("it pays", lambda: [one for one in server.get(parts) if "startTimeUtc" in one])
    return task


def settled(page):
    """Return once the page has shown what came up to now."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")


@pytest.fixture
def server(cluster, plugged):
    return cluster["n1"].start().becomes("master")


def test_an_end_shows_that_was_told_while_the_steps_were_read(server, paid, open_screen):
    task = pay(server, deploy(server), "one")
    page = open_screen(server).page
    asked = held(page, "**/children/recurse?*")
    page.goto(f"{server.url}/activities/{task}")
    heading = page.get_by_role("heading", name="pay").first
    expect(heading).to_contain_text("Running")
    paid.touch()
    eventually("it has paid", lambda: server.ask("GET", f"/v1/activities/{task}").status == 200)
    for route in asked:
        route.continue_()  # so that they are as of after its end
    expect(heading).to_contain_text("Completed")
    expect(page.get_by_role("link", name="hand-over")).to_be_visible()


def test_a_result_is_not_shown_as_that_of_what_was_invoked_after_it(server, paid, open_screen):
    app = deploy(server)
    till = server.get(f"/v1/applications/{app}/entities/one")["id"]
    screen = open_screen(server, f"/applications/{app}/entities/{till}/effectors")
    page = screen.page
    panel = page.get_by_role("tabpanel")

    def invoke(amount):
        page.get_by_role("button", name="Invoke pay").click()
        screen.dialog.get_by_label("amount").fill(amount)
        with page.expect_response("**/effectors/pay?*") as begun:
            screen.dialog.get_by_role("button", name="Invoke").click()
        expect(panel.get_by_role("status")).to_contain_text("Running")
        return begun.value.json()["id"]

    first = invoke("5")
    whole = re.compile(f"/v1/activities/{first}$")
    asked = held(page, whole)
    with page.expect_request(whole):
        paid.touch()
    paid.unlink()
    invoke("7")
    with page.expect_response(whole) as late:
        asked[0].continue_()
    late.value.finished()
    settled(page)
    expect(panel.get_by_role("status")).to_contain_text("Running")
    expect(panel.get_by_role("status")).not_to_contain_text("Result")
    paid.touch()
    expect(panel.get_by_role("status")).to_contain_text("Result: 7")


def test_what_is_decided_about_is_what_was_chosen_last(cluster, plugged, open_screen):
    master, standby = cluster.pair()
    app = deploy(master)
    first, second = pay(master, app, "one"), pay(master, app, "two")
    parts = f"/v1/activities/{second}/children"
    eventually("the standby knows", lambda: standby.knows(parts))
    master.kill()
    eventually("both are cut off", lambda: len(standby.get("/v1/interrupted")) == 2)
    screen = open_screen(standby, "/interrupted")
    page = screen.page
    asked = held(page, f"**/v1/interrupted/{first}")

    def decide(till):
        of = page.get_by_role("listitem").filter(has_text=f"pay of {till}")
        of.get_by_role("button", name="Decide about pay").click()

    with page.expect_request(f"**/v1/interrupted/{first}"):
        decide("one")
    decide("two")
    expect(screen.dialog).to_contain_text("What becomes of pay of two?")
    with page.expect_response(f"**/v1/interrupted/{first}") as late:
        asked[0].continue_()
    late.value.finished()
    settled(page)
    expect(screen.dialog).to_contain_text("What becomes of pay of two?")
    expect(screen.dialog).to_contain_text(second)


def test_what_runs_is_told_as_it_was_last_before_the_lead_moves(cluster, plugged, open_screen):
    master, standby = cluster.pair()
    app = deploy(master)
    screen = open_screen(standby, "/about")
    page, asked = screen.page, []
    whole = re.compile(r"/v1/activities\?running=true")

    def hold_the_first(route):
        if not asked:
            asked.append((route, route.fetch()))
        else:
            route.continue_()

    eventually("nothing runs", lambda: not standby.get("/v1/activities?running=true") or None)
    page.route(whole, hold_the_first)
    with page.expect_request(whole):
        screen.manage("n2")
    task = pay(master, app, "one")
    eventually(
        "the standby knows", lambda: standby.ask("GET", f"/v1/activities/{task}").status == 202
    )
    screen.dialog.get_by_label("Mode").select_option("MASTER")
    settled(page)
    route, answer = asked[0]
    with page.expect_response(whole) as late:
        route.fulfill(response=answer)
    late.value.finished()
    settled(page)
    expect(screen.dialog).to_contain_text("1 operation runs")


def test_what_is_wrong_with_the_store_is_not_what_was_wrong_before(server, open_screen):
    screen = open_screen(server)
    page = screen.page
    screen.expected += ["net::ERR_", "503"]
    before = server.get("/v1/server/store") | {"trouble": "the disk is full"}
    asked = []

    def hold_the_first(route):
        asked.append(route)
        if len(asked) > 1:
            route.continue_()

    page.route("**/server/store", hold_the_first)
    page.route("**/server/version", lambda route: route.abort())
    failed = []
    page.on("requestfailed", lambda request: failed.append(request.url))
    tries = 5  # after which it is asked again when there is a connection, and all else with it
    with page.expect_event("requestfailed", lambda one: failed.count(one.url) == tries):
        page.goto(server.url + "/about")
    server.kill()
    expect(page.locator("main.stale")).to_be_visible()
    server.start().becomes("master")
    expect(page.locator("main.stale")).to_have_count(0)
    page.evaluate("() => fetch('/healthz/live')")
    settled(page)
    asked[0].fulfill(json=before)
    store = page.get_by_role("region", name="Store")
    settled(page)
    expect(store).to_contain_text("answers, and carries the log")


def test_an_answer_about_a_page_that_was_left_counts_nowhere(server, open_screen):
    app = deploy(server)
    screen = open_screen(server)
    page = screen.page
    asked = held(page, f"**/entities/{app}/effectors")
    with page.expect_request("**/effectors"):
        page.get_by_role("link", name="Shop").first.click()
    expect(page.get_by_role("treeitem").first).to_contain_text("Shop")
    page.get_by_role("link", name="About").click()
    expect(screen.row("n1")).to_contain_text("MASTER")
    with page.expect_response("**/effectors"):
        for route in asked:
            route.continue_()
    settled(page)  # what the console of the browser says by then fails the test
