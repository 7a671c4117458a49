"""A browser on real servers: whatever it writes to its console as an error fails the test."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import expect, sync_playwright
from tests.console.browser.entities import PLAN, choose
from tests.console.browser.falls import Fall
from tests.console.browser.screen import Screen
from tests.e2e.servers import Cluster

ROOT = Path(__file__).parents[3]
BUILT = ROOT / "src" / "brookline" / "console" / "static" / "index.html"
PLUGIN = Path(__file__).parent / "plugin"
PATIENCE_MS = 30_000


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            # One browser at a time: they are heavier than servers.
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(240))


@pytest.fixture(scope="module")
def launch():
    """Launches browsers for one file: Playwright's loop runs as long as they live, and no other can."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        if os.environ.get("CI"):
            pytest.fail("no Chromium is here; .ci/browser installs it")
        pytest.skip("no Chromium is here; .ci/browser installs it")
    assert BUILT.exists(), "the console is not built; run make console"
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        options = ["--no-sandbox"] if os.geteuid() == 0 else []
        browsers = []

        def start(*more):
            browser = playwright.chromium.launch(executable_path=found, args=[*options, *more])
            browsers.append(browser)
            return browser

        yield start
        for browser in browsers:
            browser.close()


@pytest.fixture(scope="module")
def launched():
    """The browsers of one file, of which the last one is used."""
    return []


@pytest.fixture
def chromium(launch, launched):
    """A browser in which nothing is open: what is known to one test ends with its contexts."""
    if not (launched and launched[-1].is_connected()):
        launched.append(launch())
    yield launched[-1]
    for context in launched[-1].contexts:
        context.close()


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path)
    # What the nodes see of each other shows sooner; a test that is about silences sets its own.
    made.environment["BROOKLINE_HA_POLL"] = "200ms"
    yield made
    made.close()


@pytest.fixture
def plugged(cluster):
    """Have the servers load the plugin; returns the folder in which tests say what it is to do."""
    installed, signs = cluster.folder / "installed", cluster.folder / "signs"
    shutil.copytree(PLUGIN, installed, ignore=shutil.ignore_patterns("__pycache__"))
    about = installed / "console_till-0.dist-info"
    about.mkdir()
    (about / "entry_points.txt").write_text("[brookline.entities]\ntill = console_till\n")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: console-till\nVersion: 0\n")
    signs.mkdir()
    cluster.environment |= {"PYTHONPATH": str(installed), "CONSOLE_SIGNS": str(signs)}
    return signs


@pytest.fixture
def paid(plugged):
    """The file whose presence lets the till pay."""
    return plugged / "paid"


@pytest.fixture(params=["kill", "pause", "switchover", "end"])
def fall(request, cluster):
    """A way in which masters cease to lead; those that stand still are let go on at the end."""
    yield Fall(request.param, cluster)
    for server in cluster.servers.values():
        if server.paused:  # one that was told to end may have no pid.txt any more
            server.resume()


@pytest.fixture
def open_screen(chromium, cluster):
    """Opens pages, each in a context of its own, and looks at the end what went wrong on them."""
    screens = []

    def make(server, path="/", *, login=True, browser=chromium, **options):
        options.setdefault("viewport", {"width": 1440, "height": 900})
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        screen = Screen(context.new_page(), server)
        screens.append(screen)
        screen.page.goto(server.url + path)
        if login:
            screen.log_in()
        return screen

    yield make
    errors = [error for screen in screens for error in screen.errors]
    for screen in screens:
        screen.page.context.close()
    assert errors == []


@pytest.fixture
def server(cluster):
    """A node that leads, and has no others."""
    return cluster["n1"].start().becomes("master")


@pytest.fixture
def left(server, open_screen):
    """The page of an application, with the first of its entities chosen."""
    told = server.ask("POST", "/v1/applications", PLAN, headers={"content-type": "text/yaml"})
    screen = open_screen(server, f"/applications/{told.json['entityId']}")
    choose(screen, "left")
    return screen


@pytest.fixture
def gate(tmp_path):
    """A file that commands of a blueprint wait for; it is there at the latest when the test ends."""
    path = tmp_path / "gate"
    yield path
    path.touch()
