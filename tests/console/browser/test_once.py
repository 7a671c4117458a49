"""What is begun on a page is done once, whichever masters cease to lead meanwhile, and however."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.servers import eventually

PLAN = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: |
      echo launched >> {log}
      while [ ! -e {gate} ]; do sleep 0.05; done
    checkRunning.command: "true"
    stop.command: |
      echo stopped >> {log}
      while [ -e {gate} ]; do sleep 0.05; done
"""


def is_logged(log, *words):
    eventually(
        f"{words[-1]} is logged", lambda: log.exists() and log.read_text().split() == [*words]
    )


def test_a_deploy_a_stop_and_a_start_are_done_once_though_their_masters_cease_to_lead(
    cluster, fall, gate, open_screen, tmp_path
):
    n1, n2 = cluster.pair(*fall.options)
    log = tmp_path / "log"
    screen = open_screen(n2, "/deploy")
    page, web = screen.page, screen.page.get_by_role("heading", name="web").first
    screen.expected += ["net::ERR_", "503"]  # that of a node which is about to end

    screen.write(PLAN.format(log=log, gate=gate))
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("treeitem", name="web").click()
    expect(web).to_contain_text("Starting")
    is_logged(log, "launched")
    fall.of(n1, n2)
    expect(screen.strip).to_contain_text("n2 leads since")
    gate.touch()
    expect(web).to_contain_text("Running")

    fall.back(n1, n2)
    expect(screen.strip).to_contain_text("n1 is next")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("group", name="Stop web?").get_by_role("button", name="Stop").click()
    expect(web).to_contain_text("Stopping")
    is_logged(log, "launched", "stopped")
    fall.of(n2, n1)  # the node that the page came from
    if fall.way != "switchover":
        expect(screen.strip).to_contain_text("this page goes on through n1")
    expect(screen.strip).to_contain_text("n1 leads since")
    gate.unlink()
    expect(web).to_contain_text("Stopped")

    fall.back(n2, n1)
    expect(screen.strip).to_contain_text("n2 is next")
    fall.begin(n1, n2)
    page.get_by_role("button", name="Start", exact=True).click()  # nobody leads at this moment
    expect(screen.strip).to_contain_text("n2 leads since")
    gate.touch()
    expect(web).to_contain_text("Running")
    assert log.read_text().split() == ["launched", "stopped", "launched"]
    path = page.url.removeprefix(n2.url).replace("/", "/v1/", 1)
    done = n2.get(f"{path}/activities")
    names = [task["displayName"] for task in done]
    assert (names.count("start"), names.count("launch")) == (2, 2)
    assert {task["currentStatus"] for task in done} == {"Completed"}
