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
