from __future__ import annotations

import re

from playwright.sync_api import expect


def test_a_silence_is_counted_and_so_is_what_is_left_of_it(cluster, open_screen):
    master, standby = cluster.pair("--ha-timeout", "20s")
    screen = open_screen(standby)
    note = screen.page.get_by_role("note")
    expect(note.get_by_role("link", name="Open this page on n1")).to_be_visible()
    screen.expected.append("net::ERR_")
    master.pause()
    try:
        expect(screen.strip).to_contain_text(re.compile(r"from n1 for ([6-9]|1\d)(\.\d)? s"))
        expect(screen.strip).to_contain_text(re.compile(r"takes over in ([1-9]|1[0-4])(\.\d)? s"))
        plane = screen.page.get_by_role("region", name="The plane")
        expect(plane).to_contain_text("n1, which is silent")
        attention = screen.page.get_by_role("region", name="What needs attention")
        expect(attention).to_contain_text("Master silent: nothing from n1 for")
        expect(note.get_by_role("link", name="Open this page on n1")).to_have_count(0)
        assert screen.violations() == []
        expect(screen.strip).to_contain_text("n2 leads since")
        expect(plane).not_to_contain_text("silent")
    finally:
        master.resume()


def test_a_plane_without_a_master_says_since_when_and_what_still_works(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    cluster.deploy(server, "Shop")
    screen = open_screen(server)
    form = {"content-type": "application/x-www-form-urlencoded"}
    server.ask("POST", "/v1/server/ha/state", "mode=HOT_BACKUP", headers=form)
    expect(screen.strip).to_contain_text(re.compile(r"Nobody leads.*since\s+\d\d:\d\d:\d\d"))
    expect(screen.strip).to_contain_text("Reads go on. Changes wait for a short while")
    expect(screen.page.get_by_role("link", name="Shop")).to_be_visible()
    server.ask("POST", "/v1/server/ha/state", "mode=AUTO", headers=form)
    expect(screen.strip).to_contain_text("n1 leads since")
