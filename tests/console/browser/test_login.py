from __future__ import annotations

import itertools

from playwright.sync_api import expect


def test_a_wrong_password_is_refused_and_a_right_one_leads_to_the_page_wanted(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/about", login=False)
    page = screen.page
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_have_text("Wrong user name or password.")
    expect(page.get_by_label("Password")).to_be_focused()
    screen.log_in()
    expect(page.get_by_role("heading", name="HA status")).to_be_visible()
    assert page.url.endswith("/about")
    page.reload()
    expect(page.get_by_role("heading", name="HA status")).to_be_visible()
    screen.expected.append("/v1/interrupted")  # asked when the session had just ended
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_who_guesses_is_told_for_how_long_to_wait_longer_each_time(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), login=False)
    page = screen.page
    screen.expected.append("429")
    box, alert = page.get_by_label("Password"), page.get_by_role("alert")
    waits: list[int] = []
    for number in itertools.count():
        if len(waits) == 2:
            break
        # The same wrong one again is no other guess.
        box.fill(f"wrong {number}")
        with page.expect_response("**/v1/login") as said:
            page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Log in")).to_be_enabled()
        if said.value.status == 401:
            expect(alert).to_have_text("Wrong user name or password.")
            continue
        assert said.value.status == 429
        seconds = int(said.value.headers["retry-after"])
        expect(alert).to_have_text(f"Too many wrong passwords. Try again in {seconds} s.")
        if seconds > max(waits, default=0):
            waits.append(seconds)


def test_addresses_of_amps_console_lead_to_ours(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, "/#!/about")
    expect(screen.page.get_by_role("heading", name="HA status")).to_be_visible()
    place = f"/brooklyn-ui-app-inspector/#!/application/{app}/entity/{app}/sensors"
    screen.page.goto(server.url + place)
    expect(screen.page.get_by_role("heading", name="Shop").first).to_be_visible()
    expect(screen.page.get_by_role("tab", name="Sensors")).to_have_attribute(
        "aria-selected", "true"
    )
    assert screen.page.url.endswith(f"/applications/{app}/entities/{app}/sensors")


def test_a_session_that_ends_takes_nothing_away(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/deploy")
    page = screen.page
    screen.write("name: Typed before\nservices:\n- type: basic-entity\n")
    page.context.clear_cookies()
    screen.expected += ["401", "403"]
    screen.press(page.get_by_role("button", name="Deploy", exact=True))
    dialog = page.get_by_role("dialog", name="Log in")
    expect(dialog).to_contain_text("Your session has ended")
    screen.look("login-again", whole=False)
    dialog.get_by_label("Password").fill(screen.password)
    dialog.get_by_role("button", name="Log in").click()
    expect(dialog).to_be_hidden()
    expect(page.locator(".cm-content")).to_contain_text("Typed before")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Typed before").first).to_be_visible()


def test_a_server_without_a_login_asks_for_none(cluster, open_screen):
    server = cluster["n1"].start("--noConsoleSecurity").becomes("master")
    cluster.deploy(server, "Shop")
    screen = open_screen(server, login=False)
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(screen.page.get_by_role("link", name="Shop")).to_be_visible()
    expect(screen.page.get_by_role("button", name="Log out")).to_have_count(0)
    screen.page.get_by_role("link", name="About").click()
    screen.page.get_by_role("button", name="Manage n1").click()
    dialog = screen.page.get_by_role("dialog")
    dialog.get_by_label("Priority").fill("2")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")


def test_a_login_holds_on_every_node_and_after_its_master_was_killed(cluster, open_screen):
    n1, n2 = cluster.pair()
    screen = open_screen(n1)
    page = screen.page
    page.goto(n2.url + "/about")
    expect(screen.strip).to_contain_text("this page: n2")
    screen.expected.append("net::ERR_")
    n1.kill()
    expect(screen.strip).to_contain_text("n2 leads since")
    page.reload()
    expect(page.get_by_text("Logged in as admin")).to_be_visible()
    n1.start().becomes("standby").becomes("read")
    page.goto(n1.url + "/about")
    expect(screen.strip).to_contain_text("this page: n1")
    screen.expected.append("/v1/interrupted")  # asked when the session had just ended
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()
    page.goto(n2.url + "/about")
    expect(page.get_by_role("heading", name="Log in")).to_be_visible()


def test_a_session_that_is_ended_in_another_tab_brings_the_form(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/about")
    screen.expected += ["401", "403"]
    second = screen.page.context.new_page()
    second.goto(server.url + "/about")
    second.get_by_role("button", name="Log out").click()
    expect(second.get_by_role("heading", name="Log in")).to_be_visible()
    # Its stream tells; its next request comes much later.
    expect(screen.page.get_by_role("dialog", name="Log in")).to_contain_text("has ended")
