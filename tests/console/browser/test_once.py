"""What is begun on a page is done once, whichever masters die meanwhile."""

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


def test_a_deploy_a_stop_and_a_start_are_done_once_though_their_masters_are_killed(
    cluster, open_screen, tmp_path
):
    n1, n2 = cluster.pair()
    log, gate = tmp_path / "log", tmp_path / "gate"
    screen = open_screen(n2, "/deploy")
    page, web = screen.page, screen.page.get_by_role("heading", name="web").first
    screen.expected.append("net::ERR_")

    screen.write(PLAN.format(log=log, gate=gate))
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("treeitem", name="web").click()
    expect(web).to_contain_text("Starting")
    is_logged(log, "launched")
    n1.kill()
    expect(screen.strip).to_contain_text("n2 leads since")
    gate.touch()
    expect(web).to_contain_text("Running")

    n1.start().becomes("standby").becomes("read")
    expect(screen.strip).to_contain_text("n1 is next")
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_role("group", name="Stop web?").get_by_role("button", name="Stop").click()
    expect(web).to_contain_text("Stopping")
    is_logged(log, "launched", "stopped")
    n2.kill()  # the node that the page came from
    expect(screen.strip).to_contain_text("this page goes on through n1")
    expect(screen.strip).to_contain_text("n1 leads since")
    gate.unlink()
    expect(web).to_contain_text("Stopped")

    n2.start().becomes("standby").becomes("read")
    expect(screen.strip).to_contain_text("n2 is next")
    n1.kill()
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
