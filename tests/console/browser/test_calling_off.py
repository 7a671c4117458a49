from __future__ import annotations

from playwright.sync_api import expect


def ask_to_lead(screen, node, old):
    """Fill the form that makes a node the master, and send it."""
    screen.page.get_by_role("button", name=f"Manage {node}").click()
    dialog = screen.page.get_by_role("dialog")
    dialog.get_by_label("Priority").fill("7")
    dialog.get_by_label("Mode").select_option("MASTER")
    dialog.get_by_label(f"I want {old} to stop leading").check()
    dialog.get_by_role("button", name="Apply").click()
    return dialog


def test_a_change_of_who_leads_is_called_off_before_anything_was_sent(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    sent = []
    screen.page.on("request", lambda one: one.method == "POST" and sent.append(one.url))
    dialog = ask_to_lead(screen, "n2", "n1")
    expect(dialog.get_by_role("status")).to_contain_text("Nothing has been sent yet")
    expect(dialog.get_by_role("button", name="Call it off")).to_be_focused()
    assert screen.violations() == []
    screen.page.keyboard.press("Enter")
    expect(dialog.get_by_label("Mode")).to_have_value("MASTER")
    expect(dialog.get_by_label("Priority")).to_have_value("7")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("button", name="Call it off")).to_be_focused()
    screen.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert (sent, standby.get("/v1/server/ha/priority"), master.state()) == ([], 0, "MASTER")


def test_who_does_not_want_to_wait_has_it_done_at_once(cluster, open_screen):
    _, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    dialog = ask_to_lead(screen, "n2", "n1")
    dialog.get_by_role("button", name="Do it now").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(screen.strip).to_contain_text("n2 leads since")
    assert standby.get("/v1/server/ha/priority") == 7


def test_a_step_that_takes_long_need_not_be_waited_for(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(master, "/about")
    dialog = screen.manage("n2")
    dialog.get_by_label("Priority").fill("9")
    dialog.get_by_label("Mode").select_option("HOT_BACKUP")
    expect(dialog.get_by_role("button", name="Apply")).to_be_enabled()
    standby.pause()
    screen.expected.append("net::ERR_")  # what is not waited for is broken off
    try:
        dialog.get_by_role("button", name="Apply").click()
        expect(dialog.get_by_text("A step that runs cannot be called back.")).to_be_visible()
        leave = dialog.get_by_role("button", name="Do not wait for it")
        expect(leave).to_be_focused()
        leave.click()
        left = dialog.get_by_role("status")
        expect(left).to_contain_text("Not waited for: “Set the priority”")
        expect(left).to_contain_text("No further step was begun.")
        assert screen.violations() == []
        dialog.get_by_role("button", name="Close").click()
        expect(dialog).to_be_hidden()
    finally:
        standby.resume()
    # Whether the first step was carried out nobody knows; the next one was never begun.
    standby.becomes("standby")
    expect(screen.row("n2").locator("[data-label='Mode wanted']")).to_have_text("AUTO")


def test_a_priority_that_is_none_is_refused_at_its_field(cluster, open_screen):
    screen = open_screen(cluster["n1"].start().becomes("master"), "/about")
    screen.page.get_by_role("button", name="Manage n1").click()
    dialog = screen.page.get_by_role("dialog")
    priority = dialog.get_by_label("Priority")
    for typed in ("", "high", "1.5", "1e3"):
        priority.fill(typed)
        expect(priority).to_have_attribute("aria-invalid", "true")
        expect(dialog.get_by_role("alert").first).to_contain_text("A whole number is needed")
        expect(dialog.get_by_role("button", name="Apply")).to_be_disabled()
    expect(dialog.get_by_role("option", name="MASTER", exact=True)).to_be_disabled()
    priority.fill("-3")
    expect(priority).not_to_have_attribute("aria-invalid", "true")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    expect(screen.row("n1").locator("[data-label=Priority]")).to_have_text("-3")
