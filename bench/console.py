"""Rows: what an operator sees of the plane in a browser, and how soon."""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from typing import TYPE_CHECKING, Any

from bench.browser import all_seen, chromium, logged_in, now_ms, opened_s, seen, url
from bench.failover import stage
from bench.figures import CannotMeasure, Row, at_most, percentile, told
from bench.nodes import Node, deploy, entities, many, plane, start_all
from bench.sizes import LARGE, wait_for_rest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.figures import Figure, Setting
    from bench.nodes import Connection
    from playwright.sync_api import Browser, Page

CHANGES, PAUSE_S = 200, 0.043
"""The pause is no multiple of a frame's time, so that changes meet it at every moment."""

RATE, FOR_S, LATE_MS = 100, 10.0, 50
STATES = 10
"""Each so-many-th sensor is a state in the tree; the master counts all children anew for it."""

_LEADS = "() => document.querySelector('section.strip')?.textContent.match(/n2 leads since/)?.[0]"
_N = """() => [...document.querySelectorAll('tbody tr')]
  .find((row) => row.querySelector('th')?.textContent.trim() === 'n')
  ?.querySelector('td')?.textContent.trim()"""
_USABLE = """() => {
  const leads = document.querySelector('section.strip')?.textContent.includes('leads since')
  return leads && document.querySelector('%s') ? 'usable' : undefined
}"""
_APPLICATION, _CHILD = 'td a[href^="/applications/"]', '[role=treeitem][aria-level="2"]'
_FRAMES = """(late) => {
  window.frames = {late: [], longest: 0, script: 0}
  let last = performance.now()
  const next = (now) => {
    const gap = now - last
    if (gap > late) window.frames.late.push(Math.round(gap))
    window.frames.longest = Math.max(window.frames.longest, gap)
    last = now
    requestAnimationFrame(next)
  }
  requestAnimationFrame(next)
  new PerformanceObserver((list) => {
    const ran = list.getEntries().flatMap((frame) => frame.scripts.map((one) => one.duration))
    window.frames.script = Math.max(window.frames.script, ...ran)
  }).observe({type: 'long-animation-frame'})
}"""
"""Late frames, and the longest that a script ran in one: all else that makes one late is the machine's."""


def pixels(setting: Setting) -> Sequence[Figure]:
    """A change at the master, to its being shown on an open page of a hot standby."""
    medians, tails = [], []
    with chromium() as browser:
        for number in range(setting.rounds):
            with stage(setting, f"pixels-{number}") as on:
                took = _changes_ms(browser, on.master, on.standby, on.app)
            medians.append(statistics.median(took))
            tails.append(percentile(took, 0.99))
    what = "change at the master to pixels on a page of a standby"
    return [
        at_most(f"{what}, median", medians, 100, form="{:.0f} ms"),
        at_most(f"{what}, p99", tails, 300, form="{:.0f} ms"),
    ]


def _changes_ms(browser: Browser, master: Node, standby: Node, app: str) -> list[float]:
    path = f"/applications/{app}/entities/{app}/sensors"
    with logged_in(browser, standby) as context, contextlib.closing(master.connection()) as writer:
        page = context.new_page()
        _set(writer, app, app, "n", "v0")
        page.goto(url(standby, path))
        page.evaluate(f"() => watchFor({_N})")
        page.get_by_role("cell", name="v0", exact=True).wait_for()
        sent = {}
        for number in range(1, CHANGES + 1):
            sent[f"v{number}"] = now_ms()
            _set(writer, app, app, "n", f"v{number}")
            page.wait_for_timeout(1000 * PAUSE_S)
        seen(page, f"v{CHANGES}")
        found = all_seen(page)
    # Of two within one frame only the later one is ever shown.
    took = [found[value] - at for value, at in sent.items() if value in found]
    assert len(took) > CHANGES * 0.9, f"only {len(took)} of {CHANGES} were seen"
    return took


def _set(writer: Connection, app: str, entity: str, name: str, value: str) -> None:
    path = f"/v1/applications/{app}/entities/{entity}/sensors/{name}"
    answer = writer.ask("POST", path, json.dumps(value).encode(), "application/json")
    assert answer.status == 204, answer.body


def failover(setting: Setting) -> Sequence[Figure]:
    """`kill -9` of the master, to "n2 leads" on an open page of n2."""
    took = []
    with chromium() as browser:
        for number in range(setting.rounds):
            with (
                stage(setting, f"failover-{number}") as on,
                logged_in(browser, on.standby) as context,
            ):
                page = context.new_page()
                page.goto(url(on.standby, "/about"))
                page.get_by_text("n1 leads since").first.wait_for()
                page.evaluate(f"() => watchFor({_LEADS})")
                began = now_ms()
                on.master.kill()
                took.append((seen(page, "n2 leads since") - began) / 1000)
    what = 'kill -9 of the master to "n2 leads" on an open page of n2'
    return [at_most(what, took, 1.0, form="{:.2f} s")]


def first_page(setting: Setting) -> Sequence[Figure]:
    """The first page with nothing in the browser's cache: its bytes, and when it can be used."""
    sizes, took = [], []
    with chromium() as browser, plane(setting.folder / "first-page", "n1", "n2") as nodes:
        start_all(nodes)
        deploy(nodes[0], many(10))
        for _ in range(setting.rounds):
            with logged_in(browser, nodes[0]) as context:
                page = context.new_page()
                took.append(_usable_s(page, url(nodes[0], "/"), _APPLICATION))
                sizes.append(_compressed_kb(page))
    return [
        at_most("first page of the console, compressed", sizes, 120, form="{:.0f} kB"),
        at_most("first page, to who leads and a link to click on", took, 0.5, form="{:.2f} s"),
    ]


def _usable_s(page: Page, address: str, what: str) -> float:
    """Open a page; return the seconds to when it shows who leads and a thing that can be used."""
    return opened_s(page, address, find=_USABLE % what, text="usable")


def _compressed_kb(page: Page) -> float:
    """Return what the files of a page were on the wire, without answers of the API."""
    total = page.evaluate(
        "() => [...performance.getEntriesByType('navigation'),"
        " ...performance.getEntriesByType('resource').filter((one) => !one.name.includes('/v1/'))]"
        ".reduce((sum, one) => sum + one.encodedBodySize, 0)"
    )
    return float(total) / 1000


def tree(setting: Setting) -> Sequence[Figure]:
    """The tree of 10,000 entities: its opening, and frames while 100 sensors a second change."""
    opened, late, longest, scripts = [], [], [], []
    with chromium() as browser, _large(setting) as (node, app):
        for _ in range(setting.rounds):
            with logged_in(browser, node) as context:
                page = context.new_page()
                opened.append(_usable_s(page, url(node, f"/applications/{app}"), _CHILD))
                frames = _while_changing(page, node, app)
                late.append(len(frames["late"]))
                longest.append(frames["longest"])
                scripts.append(frames["script"])
    what = f"tree of {LARGE:,} entities"
    return [
        at_most(f"{what}, address to tree", opened, 1.0, form="{:.2f} s"),
        at_most(
            f"{what}, {RATE} sensors a second: frames over {LATE_MS} ms in {FOR_S:.0f} s",
            late,
            0,
            form="{:.0f}",
        ),
        told("the same: longest time between two frames", longest, form="{:.0f} ms"),
        told("the same: longest run of a script in a late frame", scripts, form="{:.0f} ms"),
    ]


@contextlib.contextmanager
def _large(setting: Setting) -> Iterator[tuple[Node, str]]:
    with plane(setting.folder / "tree", "n1") as (node,):
        start_all([node])
        app = deploy(node, many(LARGE))
        wait_for_rest(node)
        yield node, app


def _while_changing(page: Page, node: Node, app: str) -> dict[str, Any]:
    """Change sensors of the entity that is looked at, and states in the tree; return the frames.

    Raises:
        CannotMeasure: The machine is too busy for so many changes.
    """
    children = entities(node, app)[:RATE]
    page.get_by_role("tab", name="Sensors").click()
    with contextlib.closing(node.connection()) as writer:
        _set(writer, app, app, "s0", "-1")
        page.get_by_role("rowheader", name="s0", exact=True).wait_for()
        page.evaluate(_FRAMES, LATE_MS)
        began = time.perf_counter()
        for number in range(round(RATE * FOR_S)):
            if number % STATES:
                _set(writer, app, app, f"s{number % 50}", str(number))
            else:
                child = children[number // STATES % len(children)]
                _set(writer, app, child, "service.state", "STARTING" if number % 3 else "RUNNING")
            time.sleep(max(0.0, began + (number + 1) / RATE - time.perf_counter()))
        rate = RATE * FOR_S / (time.perf_counter() - began)
    if rate < 0.95 * RATE:
        raise CannotMeasure(f"only {rate:.0f} sensors a second could be changed")
    frames: dict[str, Any] = page.evaluate("() => window.frames")
    return frames


ROWS = (
    Row("console-pixels", pixels),
    Row("console-failover", failover),
    Row("console-first-page", first_page),
    Row("console-tree", tree),
)
