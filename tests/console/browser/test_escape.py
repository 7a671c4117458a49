"""Dialogs that Esc must not close, however often it is pressed; browsers close any at the second."""

from __future__ import annotations

from playwright.sync_api import expect

TIMES = 4


def escape(screen, dialog):
    for _ in range(TIMES):
        screen.page.keyboard.press("Escape")
        # What the browser closes it tells of a moment later.
        screen.page.evaluate("() => new Promise(done => setTimeout(done))")
        expect(dialog).to_be_visible()


def test_the_form_of_a_session_that_has_ended_stays_and_what_is_below_it_too(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/about")
    screen.expected += ["401", "403"]
    page = screen.page
    screen.manage("n1").get_by_label("Priority").fill("12")
    manage = page.get_by_role("dialog", name="Manage n1")
    page.context.clear_cookies()
    screen.press(manage.get_by_role("button", name="Apply"))
    form = page.get_by_role("dialog", name="Log in")
    password = form.get_by_label("Password")
    expect(form).to_contain_text("Your session has ended")
    password.fill("half ty")
    escape(screen, form)
    expect(password).to_have_value("half ty")
    expect(password).to_be_focused()
    # Nothing in it has the focus once its margin is clicked at.
    page.mouse.click(3, 3)
    escape(screen, form)
    password.fill(screen.password)
    form.get_by_role("button", name="Log in").click()
    expect(form).to_have_count(0)
    expect(manage.get_by_label("Priority")).to_have_value("12")
    manage.get_by_role("button", name="Apply").click()
    expect(manage.get_by_role("status")).to_contain_text("Done.")
    # One that may be closed is, at the first.
    page.keyboard.press("Escape")
    expect(manage).to_have_count(0)
    assert screen.focused() == "Manage n1"


def test_a_form_that_the_browser_closes_all_the_same_is_there_again(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/deploy")
    screen.expected += ["401", "403"]
    screen.write("name: Typed before\nservices:\n- type: basic-entity\n")
    screen.page.context.clear_cookies()
    screen.press(screen.page.get_by_role("button", name="Deploy", exact=True))
    form = screen.page.get_by_role("dialog", name="Log in")
    form.get_by_label("Password").fill("half ty")
    # As a gesture to go back does, of which there is no key.
    form.evaluate("form => form.close()")
    expect(form.get_by_label("Password")).to_have_value("half ty")
    expect(form.get_by_label("Password")).to_be_focused()
    assert form.evaluate("form => form.matches(':modal')")
    expect(screen.page.locator(".cm-content")).to_contain_text("Typed before")


def test_steps_that_run_are_seen_to_their_end(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("MASTER")
    dialog.get_by_label("I want n1 to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    master.pause()  # it can neither answer nor hand over
    try:
        dialog.get_by_role("button", name="Do it now").click()
        expect(dialog.get_by_role("button", name="Do not wait for it")).to_be_focused()
        escape(screen, dialog)
        expect(dialog.get_by_role("button", name="Do not wait for it")).to_be_focused()
    finally:
        master.resume()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(screen.strip).to_contain_text("n2 leads since")
    screen.page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
