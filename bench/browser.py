"""A browser under measurement: Debian's Chromium without a head, on pages of real nodes."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from typing import TYPE_CHECKING, Any

from bench.figures import CannotMeasure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.nodes import Node
    from playwright.sync_api import Browser, BrowserContext, Page

PATIENCE_MS = 60_000

WATCH = """() => {
  // When a text is on the screen, in ms since 1970: a frame was made of it, and has been shown.
  const now = () => performance.timeOrigin + performance.now()
  const shown = () => new Promise((done) => requestAnimationFrame(() => {
    const { port1, port2 } = new MessageChannel()
    port1.onmessage = () => done(now())
    port2.postMessage('')
  }))
  window.seen = {}
  window.watchFor = (find, root = document) => new MutationObserver(() => {
    const text = find()
    if (text === undefined || text in window.seen) return
    window.seen[text] = 0
    void shown().then((at) => { window.seen[text] = at })
  }).observe(root, {subtree: true, childList: true, characterData: true})
}"""
"""Made part of a page: `watchFor` notes when what a function finds is shown."""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Run a browser.

    Raises:
        CannotMeasure: If there is none.
    """
    try:
        from playwright.sync_api import sync_playwright
    except ImportError as lack:
        raise CannotMeasure("playwright is missing: make install") from lack
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise CannotMeasure("no Chromium is here: .ci/browser installs it")
    options = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=options)
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def logged_in(browser: Browser, node: Node) -> Iterator[BrowserContext]:
    """Give a context with a session and nothing in its cache, in which every page can watch."""
    with contextlib.closing(
        browser.new_context(viewport={"width": 1440, "height": 900})
    ) as context:
        context.set_default_timeout(PATIENCE_MS)
        form = {"user": "admin", "password": node.password}
        answer = context.request.post(url(node, "/v1/login"), form=form)
        assert answer.status == 200, answer.text()
        context.add_init_script(f"({WATCH})()")
        yield context


def url(node: Node, path: str) -> str:
    return f"http://127.0.0.1:{node.port}{path}"


def seen(page: Page, text: str) -> float:
    """Wait until a text that is watched for is shown; return when, in ms since 1970."""
    page.wait_for_function("(text) => window.seen[text] > 0", arg=text)
    return float(page.evaluate("(text) => window.seen[text]", text))


def opened_s(page: Page, address: str, *, find: str, text: str) -> float:
    """Open a page; return the seconds to when `find`, a function of it, finds a text, and it is shown."""
    page.add_init_script(f"watchFor({find})")
    page.goto(address)
    return (seen(page, text) - float(page.evaluate("() => performance.timeOrigin"))) / 1000


def all_seen(page: Page) -> dict[str, float]:
    found: dict[str, Any] = page.evaluate("() => window.seen")
    return {text: float(at) for text, at in found.items()}


def now_ms() -> float:
    """Return the same clock as the browser's, in ms since 1970."""
    return time.time_ns() / 1e6
