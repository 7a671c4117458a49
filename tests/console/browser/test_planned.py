"""A hand-over is planned on one page, shown on all, called off, and done at its time."""

from __future__ import annotations

import time

from playwright.sync_api import expect
from tests.e2e.servers import eventually

PATH = "/v1/server/ha/switchover/planned"
FORM = {"content-type": "application/x-www-form-urlencoded"}

_LOCAL = """(ms) => {
  const at = new Date(Date.now() + ms)
  at.setMinutes(at.getMinutes() - at.getTimezoneOffset())
  return at.toISOString().slice(0, 16)
}"""


def test_a_hand_over_is_planned_shown_on_other_pages_and_called_off_there(cluster, open_screen):
    master, standby = cluster.pair()
    screen, other = open_screen(standby, "/about"), open_screen(master, "/about")
    dialog = screen.manage("n2")
    dialog.get_by_label("Mode").select_option("MASTER")
    dialog.get_by_label("Reason").fill("n1 gets a new disk")
    when = dialog.get_by_label("When")
    when.fill(screen.page.evaluate(_LOCAL, -3_600_000))
    expect(dialog.get_by_role("alert").filter(has_text="That is past")).to_be_visible()
    when.fill(screen.page.evaluate(_LOCAL, 3_600_000))
    expect(dialog).to_contain_text("Not now: whoever leads at")
    expect(dialog).to_contain_text("brookline ha switchover --to n2 --at 20")
    dialog.get_by_label("I want n1 to stop leading").check()
    screen.look_at_all("manage-plan")
    dialog.get_by_role("button", name="Apply").click()
    expect(dialog.get_by_role("status")).to_contain_text("Done.")
    dialog.get_by_role("button", name="Close").click()
    for one in (screen, other):
        plan = one.page.get_by_role("region", name="Planned")
        expect(plan).to_contain_text("n2 is to lead, as admin wants it,")
        expect(plan).to_contain_text("n1 gets a new disk")
    other.look("planned")
    other.page.get_by_role("button", name="Call it off").click()
    for one in (screen, other):
        expect(one.page.get_by_role("region", name="Planned")).to_have_count(0)
    assert master.ask("GET", PATH).status == 204
    assert master.state() == "MASTER"


def test_what_is_planned_is_done_at_its_time_and_what_could_not_be_says_so(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    soon = round(time.time() * 1000) + 3_000
    told = standby.ask("POST", PATH, f"at={soon}&to=n2&reason=new+disk", headers=FORM)
    assert told.status == 200, told
    expect(screen.page.get_by_role("region", name="Planned")).to_be_visible()
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.page.get_by_role("region", name="Planned")).to_have_count(0)
    history = screen.page.get_by_role("region", name="Failovers").get_by_role("row")
    expect(history.nth(1)).to_contain_text("switchover by admin: new disk (planned)")
    master.kill()
    eventually("nobody would follow", lambda: cluster.heir(standby) == "")
    screen.expected += ["net::ERR_"]
    soon = round(time.time() * 1000) + 1_000
    assert standby.ask("POST", PATH, f"at={soon}&to=n1", headers=FORM).status == 200
    plan = screen.page.get_by_role("region", name="Planned")
    expect(plan).to_contain_text("It was not done:")
    screen.look("planned-failed")
    screen.page.get_by_role("link", name="Home").click()
    attention = screen.page.get_by_role("region", name="What needs attention")
    attention.get_by_role("link", name="A planned hand-over was not done").click()
    plan.get_by_role("button", name="Forget it").click()
    expect(plan).to_have_count(0)
    assert standby.state() == "MASTER"
