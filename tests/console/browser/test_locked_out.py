"""Forms that are half filled in when a session ends, and that are to be sent all the same."""

from __future__ import annotations

from playwright.sync_api import expect


def log_in_again(screen):
    form = screen.page.get_by_role("dialog", name="Log in")
    expect(form).to_contain_text("Your session has ended")
    assert screen.violations() == []
    form.get_by_label("Password").fill(screen.password)
    form.get_by_role("button", name="Log in").click()
    expect(form).to_have_count(0)


def test_a_node_is_managed_by_who_logs_in_again(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/about")
    screen.expected += ["401", "403"]
    screen.page.get_by_role("button", name="Manage n1").click()
    dialog = screen.page.get_by_role("dialog", name="Manage n1")
    dialog.get_by_label("Priority").fill("12")
    screen.page.context.clear_cookies()
    screen.press(dialog.get_by_role("button", name="Apply"))
    log_in_again(screen)
    expect(dialog.get_by_label("Priority")).to_have_value("12")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    assert server.get("/v1/server/ha/priority") == 12


def test_an_effector_keeps_its_parameters(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, f"/applications/{app}/entities/{app}/effectors")
    page = screen.page
    screen.expected += ["401", "403"]
    page.get_by_role("button", name="Invoke start").click()
    dialog = page.get_by_role("dialog", name="Invoke start")
    typed = dialog.get_by_role("textbox").first
    typed.fill('"localhost"')
    page.context.clear_cookies()
    screen.press(dialog.get_by_role("button", name="Invoke"))
    log_in_again(screen)
    expect(typed).to_have_value('"localhost"')
    dialog.get_by_role("button", name="Invoke").click()
    expect(page.get_by_role("status").filter(has_text="Begun:")).to_be_visible()
