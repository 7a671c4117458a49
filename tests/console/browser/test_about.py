"""About shows how the plane stands, and how it came to that, as it changes."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal

from playwright.sync_api import expect
from tests.console.browser.test_interrupted import interrupt
from tests.e2e.servers import eventually

DURATION = re.compile(r"^\d+ ms$|^\d+\.\d s$|^\d+ s$")


def as_read(ms):
    """Return a duration below ten seconds as the page writes it."""
    if ms < 1000:
        return f"{ms} ms"
    return f"{Decimal(ms / 1000).quantize(Decimal('0.1'), ROUND_HALF_UP)} s"


def cell(row, name):
    return row.locator(f"[data-label='{name}']")


def ticks(locator):
    """Make sure that a text changes by itself, and changes again."""
    for _ in range(2):
        now = locator.inner_text()
        expect(locator).not_to_have_text(now)


def test_every_node_has_its_host_mode_version_age_and_lag(cluster, open_screen):
    master, standby = cluster.pair()
    screen = open_screen(standby, "/about")
    nodes = {one["name"]: one for one in standby.get("/v1/server/ha/states")["nodes"].values()}
    for name, one in nodes.items():
        row = screen.row(name)
        assert one["host"]
        assert one["version"]
        expect(cell(row, "Host")).to_have_text(one["host"])
        expect(cell(row, "Mode wanted")).to_have_text("AUTO")
        expect(cell(row, "Version")).to_have_text(one["version"])
        expect(cell(row, "Heartbeat")).to_have_text(re.compile(r"^\d.* ago$"))
        ticks(cell(row, "Heartbeat"))
    expect(cell(screen.row("n1"), "Lag")).to_have_text("\N{EN DASH}")
    expect(cell(screen.row("n2"), "Lag")).to_have_text(DURATION)
    assert standby.ask("POST", "/v1/server/ha/state?mode=HOT_BACKUP").status == 200
    expect(cell(screen.row("n2"), "Mode wanted")).to_have_text("HOT_BACKUP")
    assert master.state() == "MASTER"


def test_the_store_says_what_its_probe_found(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    probe = server.get("/v1/server/store")["probe"]
    assert probe["fit"]
    store = open_screen(server, "/about").page.get_by_role("region", name="Store")
    facts = store.locator("dl")
    expect(facts).to_contain_text(re.compile(r"Last probe\s*fit for several nodes\s*\(.*it took "))
    lag = max(one["lagMs"] or 0 for one in probe["findings"])
    shows = f"after up to {as_read(lag)}" if lag else "at once"
    expect(facts).to_contain_text(re.compile(rf"Lag\s*what is written shows {shows}"))
    expect(store).to_contain_text(f"{len(probe['findings'])} properties tried")


def test_the_last_entry_and_its_age_are_of_the_same_moment(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    path = f"/v1/applications/{app}/entities/{app}/config/my.size"
    screen = open_screen(server, "/about")
    last = screen.page.get_by_role("region", name="Product").locator("dd", has_text="·")
    expect(last).to_contain_text("10 sec. ago")
    before = int(last.inner_text().split()[0])
    told = server.ask("POST", path, '"large"', headers={"content-type": "application/json"})
    assert told.status == 204, told
    expect(last).to_contain_text("now")
    assert int(last.inner_text().split()[0]) > before


def test_after_a_kill_the_history_says_how_long_each_part_took_and_what_it_cut_off(
    cluster, paid, open_screen
):
    server, _ = interrupt(cluster)
    row = eventually("n2 leads", lambda: _finished(server.get("/v1/server/ha/history")[0]))
    assert row["interrupted"]
    screen = open_screen(server, "/about")
    shown = screen.page.get_by_role("region", name="Failovers").get_by_role("row").nth(1)
    expect(cell(shown, "From → to")).to_have_text("n1 → n2")
    for name, field in (("Detect", "detectMs"), ("Elect", "electMs"), ("Take over", "replayMs")):
        expect(cell(shown, name)).to_have_text(as_read(row[field]))
    expect(cell(shown, "Interrupted").get_by_role("listitem")).to_have_text(row["interrupted"])
    expect(cell(screen.row("n1"), "Lag")).to_have_text("\N{EN DASH}")
    expect(screen.row("n1")).to_contain_text("FAILED")


def _finished(row):
    return row if row["name"] == "n2" and row["activeUtc"] else None
