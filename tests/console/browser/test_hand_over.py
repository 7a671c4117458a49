"""Pages on both nodes while the lead is handed from one to the other, and back."""

from __future__ import annotations

import signal

from playwright.sync_api import expect
from tests.console.browser.test_silence import half_filled, is_as_it_was
from tests.e2e.servers import eventually

FORM = {"content-type": "application/x-www-form-urlencoded"}


def test_pages_of_both_nodes_follow_a_switchover_and_the_end_of_the_new_master(
    cluster, open_screen
):
    n1, n2 = cluster.pair()
    on_n1, on_n2 = half_filled(open_screen, n1, n2, about="n1")
    expect(on_n2.page.get_by_role("note")).to_contain_text("n2 is no master (HOT_STANDBY).")
    form = "to=n2&reason=n1+gets+a+new+disk"
    assert n2.ask("POST", "/v1/server/ha/switchover", form, headers=FORM).status == 200
    for screen, name in ((on_n1, "n1"), (on_n2, "n2")):
        expect(screen.strip).to_contain_text("n2 leads since")
        expect(screen.strip).to_contain_text(f"this page: {name}")
    expect(on_n1.page.get_by_role("note")).to_contain_text("n1 is no master (HOT_STANDBY).")
    expect(on_n2.page.get_by_role("note")).to_be_hidden()
    eventually("n2 knows its heir", lambda: cluster.heir(n2) == "n1")

    n2.signal(signal.SIGTERM)
    for screen in (on_n1, on_n2):
        expect(screen.strip).to_contain_text("n1 leads since")
    expect(on_n2.strip).to_contain_text("n2 is gone; this page goes on through n1")
    expect(on_n1.page.get_by_role("note")).to_be_hidden()
    assert n2.wait() == 0

    is_as_it_was(on_n1, on_n2)
    on_n2.page.get_by_role("button", name="Cancel").click()
    expect(on_n2.row("n2")).to_contain_text("TERMINATED")
    history = on_n2.page.get_by_role("region", name="Failovers").get_by_role("row")
    expect(history.nth(1)).to_contain_text("n2 → n1")
    expect(history.nth(2)).to_contain_text("n1 → n2")
    expect(history.nth(2)).to_contain_text("resigned: switchover by admin: n1 gets a new disk")
    history.nth(2).get_by_label("Logs of epoch 2").click()
    expect(history.nth(2)).to_contain_text("brookline journal show --since 2")
    expect(history.nth(2)).to_contain_text("What n1 and n2 said then")
    on_n2.look("history-logs")
