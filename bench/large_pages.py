"""Rows: what is too large to be shown at once, in a browser."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench.browser import chromium, logged_in, opened_s, seen, url
from bench.figures import CannotMeasure, Row, at_most, told
from bench.nodes import Node, deploy, entities, plane, start_all

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bench.figures import Figure, Setting
    from playwright.sync_api import Browser, Page

FAULTS = 80
_GOOD = "- type: basic-entity\n  name: some entity\n  brooklyn.config: {my.key: some value}\n"
_WRONG = _GOOD.replace("basic-entity", "org.example.Missing")
BLUEPRINT = "name: Large\nservices:\n" + _GOOD * 25_000 + _WRONG * FAULTS
LINES, LEAST_BYTES = 1_600_000, 100_000_000
LOUD = f"""name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: loud
  brooklyn.config:
    launch.command: |
      echo the first words
      seq -f 'line %.0f of a long output that nobody reads, but that is here' 1 {LINES}
      echo the last words
    checkRunning.command: "true"
    stop.command: "true"
"""
_WRITTEN_S = 120.0

_EDITOR = """() => {
  const root = document.querySelector('[data-editor]').shadowRoot
  const line = (text) => () =>
    [...root.querySelectorAll('.cm-line')].some((one) => one.textContent === text) ? text : undefined
  watchFor(line('name: Large'), root)
  watchFor(line('#'), root)
  watchFor(() => document.querySelector('#faults')?.textContent ? 'faults' : undefined)
  window.did = {}
  for (const name of ['change', 'keydown', 'click']) {
    const note = () => { window.did[name] = performance.timeOrigin + performance.now() }
    document.addEventListener(name, note, {capture: true})
  }
}"""
_WORDS = """() => {
  const text = document.querySelector('pre')?.textContent ?? ''
  return text.endsWith('the last words\\n') ? 'end' :
    text.startsWith('the first words\\n') ? 'beginning' : undefined
}"""


def blueprint(setting: Setting) -> Sequence[Figure]:
    """A blueprint of 2 MB in the editor: to be shown, to take a key, to be marked where it is wrong."""
    opened, key, marked = [], [], []
    file = setting.folder / "large.yaml"
    file.write_text(BLUEPRINT)
    with chromium() as browser, plane(setting.folder / "blueprint", "n1") as nodes:
        start_all(nodes)
        for _ in range(setting.rounds):
            took = _edited_s(browser, nodes[0], file)
            for figures, one in zip((opened, key, marked), took, strict=True):
                figures.append(one)
    what = f"blueprint of {len(BLUEPRINT) / 1e6:.0f} MB in the editor"
    return [
        at_most(f"{what}, file to text", opened, 1.0, form="{:.2f} s"),
        at_most(f"{what}, key at its end to its letter", key, 0.1, form="{:.3f} s"),
        told(f"{what}, *Deploy* to the list of its {FAULTS} faults", marked, form="{:.2f} s"),
    ]


def _edited_s(browser: Browser, node: Node, file: Path) -> tuple[float, float, float]:
    with logged_in(browser, node) as context:
        page = context.new_page()
        page.goto(url(node, "/deploy"))
        page.locator(".cm-content").wait_for()
        page.evaluate(_EDITOR)
        page.locator("input[type=file]").set_input_files(file)
        opened = _since(page, "change", "name: Large")
        page.locator(".cm-content").focus()
        page.keyboard.press("Control+End")
        page.keyboard.press("#")
        key = _since(page, "keydown", "#")
        page.get_by_role("button", name="Deploy", exact=True).click()
        return opened, key, _since(page, "click", "faults")


def _since(page: Page, event: str, text: str) -> float:
    """Return the seconds from the last event of a name to when a text is shown."""
    at = seen(page, text)
    return (at - float(page.evaluate("(name) => window.did[name]", event))) / 1000


def output(setting: Setting) -> Sequence[Figure]:
    """A task that has written 100 MB: its page to the last words, and from there to the first."""
    ends, beginnings = [], []
    with chromium() as browser, plane(setting.folder / "output", "n1") as (node,):
        start_all([node])
        path = f"/activities/{_written(node)}"
        for _ in range(setting.rounds):
            with logged_in(browser, node) as context:
                page = context.new_page()
                ends.append(opened_s(page, url(node, path), find=_WORDS, text="end"))
                page.evaluate(
                    "() => document.addEventListener('click', () => {"
                    " window.did = {click: performance.timeOrigin + performance.now()} },"
                    " {capture: true})"
                )
                page.get_by_role("button", name="To the beginning").click()
                beginnings.append(_since(page, "click", "beginning"))
    what = f"output of {LEAST_BYTES / 1e6:.0f} MB"
    return [
        at_most(f"{what}, address to its last words", ends, 1.0, form="{:.2f} s"),
        at_most(f"{what}, *To the beginning* to its first words", beginnings, 1.0, form="{:.2f} s"),
    ]


def _written(node: Node) -> str:
    """Have a task write it all; return the task's id.

    Raises:
        CannotMeasure: It takes too long, or was less.
    """
    app = deploy(node, LOUD)
    path = f"/v1/applications/{app}/entities/{entities(node, app)[0]}/activities"
    deadline = time.monotonic() + _WRITTEN_S
    while time.monotonic() < deadline:
        for task in node.ask("GET", path).json():
            if task["displayName"] == "launch" and task["currentStatus"] == "Completed":
                _check_size(task)
                return str(task["id"])
        time.sleep(0.1)
    raise CannotMeasure(f"no {LEAST_BYTES:,} bytes were written within {_WRITTEN_S:.0f} s")


def _check_size(task: dict[str, Any]) -> None:
    size = sum(stream["metadata"]["size"] for stream in task["streams"].values())
    if size < LEAST_BYTES:
        raise CannotMeasure(f"only {size:,} bytes were written")


ROWS = (
    Row("console-blueprint", blueprint),
    Row("console-output", output),
)
