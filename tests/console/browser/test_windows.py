"""Many windows of one browser, which has six connections for a node, all of them together.

Headless browsers show all their pages at once, so none is ever hidden. Which one is in sight is said
here to the pages instead, as a browser says it: by `document.visibilityState` and its event.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.console.browser.screen import Screen

WINDOWS = 9

STALE = re.compile(r"\bstale\b")
"""Of what is marked as not current."""

SIGHT = """(() => {
  let state = 'visible'
  const say = (name, get) => Object.defineProperty(document, name, {get, configurable: true})
  say('visibilityState', () => state)
  say('hidden', () => state === 'hidden')
  window.inSight = (is) => {
    state = is ? 'visible' : 'hidden'
    document.dispatchEvent(new Event('visibilitychange'))
  }
  const fetched = window.fetch
  window.streams = 0
  window.fetch = async (what, how) => {
    const isStream = String(what).includes('/v1/events')
    if (!isStream) return fetched(what, how)
    window.streams += 1
    how.signal.addEventListener('abort', () => (window.streams -= 1), {once: true})
    return fetched(what, how)
  }
})()"""
"""Lets a page be hidden, and counts the streams that it holds."""

KEEP_WORDS = """() => {
  const strip = document.querySelector('section.strip')
  window.words = []
  new MutationObserver(() => window.words.push([strip.className, strip.innerText]))
    .observe(strip, {subtree: true, childList: true, characterData: true, attributes: true})
}"""


class Windows:
    """Windows of one browser; one is in sight."""

    def __init__(self, screen: Screen) -> None:
        self.all = [screen]
        self.screen = screen
        screen.page.context.add_init_script(SIGHT)
        screen.page.reload()

    def show(self, screen: Screen) -> Screen:
        """Bring a window to the front."""
        if self.screen is not screen:
            self.screen.page.evaluate("() => window.inSight(false)")
        screen.page.bring_to_front()
        screen.page.evaluate("() => window.inSight(true)")
        self.screen = screen
        return screen

    def open(self, path: str) -> Screen:
        """Open a window in front of the others."""
        server = self.screen.server
        screen = Screen(self.screen.page.context.new_page(), server)
        self.all.append(screen)
        self.screen.page.evaluate("() => window.inSight(false)")
        self.screen = screen
        screen.page.goto(server.url + path)
        return screen

    def streams(self) -> list[int]:
        """Return how many streams each window holds."""
        return [screen.page.evaluate("() => window.streams") for screen in self.all]


@pytest.fixture
def windows(open_screen):
    opened = []

    def first(server):
        opened.append(Windows(open_screen(server)))
        return opened[-1]

    yield first
    assert [error for one in opened for screen in one.all for error in screen.errors] == []


def set_sensor(server, app, value):
    path = f"/v1/applications/{app}/entities/{app}/sensors/after.all"
    server.ask("POST", path, f'"{value}"', headers={"content-type": "application/json"})


def test_each_of_many_windows_loads_and_the_one_in_sight_is_live(cluster, windows):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    tabs = windows(server)
    for number in range(WINDOWS - 1):
        screen = tabs.open(f"/applications/{app}/entities/{app}/sensors")
        expect(screen.page.get_by_role("treeitem").first).to_contain_text("Shop")
        expect(screen.strip).to_contain_text("n1 leads since")
        set_sensor(server, app, f"seen {number}")
        expect(screen.page.get_by_role("row", name="after.all")).to_contain_text(f"seen {number}")
        assert tabs.streams()[-1] == 1
    for screen in tabs.all[:-1]:
        screen.page.wait_for_function("() => window.streams === 0")
        expect(screen.page.locator("#content")).to_have_class(STALE)
    # What was missed comes at once, and once.
    set_sensor(server, app, "missed")
    first = tabs.show(tabs.all[1])
    expect(first.page.get_by_role("row", name="after.all")).to_contain_text("missed")
    expect(first.page.locator("#content")).not_to_have_class(STALE)
    set_sensor(server, app, "live again")
    expect(first.page.get_by_role("row", name="after.all")).to_contain_text("live again")


def test_a_window_that_is_brought_to_the_front_shows_the_new_master_and_no_alarm(cluster, windows):
    master, standby = cluster.pair()
    app = cluster.deploy(master, "Shop")
    tabs = windows(master)
    for path in ["/about", *[f"/applications/{app}"] * 3, "/", "/interrupted", "/deploy"]:
        expect(tabs.open(path).strip).to_contain_text("n1 leads since")
    hidden = tabs.all[1]
    for screen in tabs.all:
        screen.expected += ["net::ERR_", "503"]
    for screen in tabs.all[:-1]:
        screen.page.wait_for_function("() => window.streams === 0")
        screen.page.evaluate(KEEP_WORDS)
    expect(hidden.strip).to_contain_text("This page was not in sight")
    expect(hidden.page.locator("#content")).to_have_class(STALE)
    master.kill()
    expect(tabs.screen.strip).to_contain_text("this page goes on through n2")
    standby.becomes("master")
    expect(tabs.screen.strip).to_contain_text("n2 leads since")
    # A hidden one that notices that its node has gone may be about to look for another one.
    assert max(tabs.streams()) == tabs.streams()[-1] == 1
    for screen in (hidden, tabs.all[3], tabs.all[0]):
        tabs.show(screen)
        expect(screen.strip).to_contain_text("n2 leads since")
        expect(screen.strip).to_contain_text("n1 is gone; this page goes on through n2")
        expect(screen.page.locator("#content")).not_to_have_class(STALE)
        untrue = [
            words for _, words in screen.page.evaluate("() => window.words") if "n1 leads" in words
        ]
        assert all("This page was not in sight" in words for words in untrue), untrue
    expect(hidden.row("n2")).to_contain_text("MASTER")
    expect(hidden.row("n1")).to_contain_text("FAILED")


def test_a_window_that_nobody_looks_at_takes_up_a_node_that_joins(cluster, windows):
    server = cluster["n1"].start().becomes("master")
    tabs = windows(server)
    hidden = tabs.all[0]
    expect(hidden.strip).to_contain_text("n1 leads since")
    tabs.open("/about")
    hidden.page.wait_for_function("() => window.streams === 0")
    hidden.page.evaluate("() => { window.loadedOnce = true }")
    cluster["n2"].start().becomes("standby")
    hidden.page.wait_for_function("() => window.loadedOnce === undefined", timeout=60_000)
    expect(hidden.strip).to_contain_text("n1 leads since")
