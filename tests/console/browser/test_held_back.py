"""A page that gets no events, because something in between holds them back."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.console.browser.holding import holding


@pytest.fixture
def proxy(server):
    yield from holding(server.port)


def test_it_says_so_and_asks_instead(server, proxy, cluster, open_screen):
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, login=False)
    page = screen.page
    page.goto(f"{proxy.url}/applications/{app}/entities/{app}/sensors")
    # Streams that are given up in the middle; the nodes refuse a page from elsewhere.
    screen.expected += ["net::ERR_", "CORS policy"]
    page.get_by_label("Password").fill(screen.password)
    page.get_by_role("button", name="Log in").click()
    expect(screen.strip).to_contain_text("its stream of events does not come through")
    expect(screen.strip).to_contain_text("n1 leads")
    expect(page.get_by_role("treeitem").first).to_contain_text("Shop")
    assert screen.violations() == []
    page.get_by_label("Filter by name").fill("my.")
    path = f"/v1/applications/{app}/entities/{app}/sensors/my.figure"
    for figure in ("41", "42"):
        server.ask("POST", path, figure, headers={"content-type": "application/json"})
        expect(page.get_by_role("row", name="my.figure")).to_contain_text(figure)
    expect(page.get_by_label("Filter by name")).to_have_value("my.")
    page.get_by_role("link", name="About").click()
    expect(screen.row("n1")).to_contain_text("MASTER")


def test_a_page_whose_events_come_says_nothing_of_it(server, open_screen):
    screen = open_screen(server)
    beats = "() => fetch('/v1/events?topics=plane').then(async answer => {"
    page = screen.page
    # So long until the node has said that it lives.
    page.evaluate(
        beats + " const reader = answer.body.getReader(); const text = new TextDecoder();"
        " for (let all = ''; !all.includes('event: beat');)"
        " all += text.decode((await reader.read()).value); await reader.cancel() })"
    )
    expect(screen.strip).to_contain_text("n1 leads since")
    expect(screen.strip).not_to_contain_text("come through")
