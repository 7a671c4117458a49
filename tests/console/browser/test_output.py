"""What a task writes, by streams."""

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
      echo words of stdout
      echo words of stderr >&2
      while [ ! -e {gate} ]; do sleep 0.05; done
      echo and the last of stderr >&2
    checkRunning.command: "true"
    stop.command: "true"
"""


def test_one_that_is_chosen_is_not_overwritten_by_what_was_read_before(cluster, open_screen, gate):
    server = cluster["n1"].start().becomes("master")
    screen = open_screen(server, "/deploy")
    page = screen.page
    screen.write(PLAN.format(gate=gate))
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("treeitem", name="web").click()
    page.get_by_role("region", name="web").get_by_role("link", name="start").first.click()
    steps = page.get_by_role("region", name="Steps")
    held = []

    def hold(route):
        held.append(route)

    page.route("**/stream/stdout?*", hold)
    with page.expect_request("**/stream/stdout?*"):
        steps.get_by_role("link", name="launch").first.click()
    output = page.get_by_role("region", name="Output")
    output.get_by_label("Stream").select_option("stderr")
    expect(output.locator("pre")).to_contain_text("words of stderr")
    with page.expect_response("**/stream/stdout?*") as late:
        held[0].continue_()
    assert late.value.body() == b"words of stdout\n"
    gate.touch()
    expect(output.locator("pre")).to_contain_text("and the last of stderr")
    expect(output.locator("pre")).to_contain_text("words of stderr")
    expect(output.locator("pre")).not_to_contain_text("words of stdout")
    screen.look_at_all("activity-output")


TICKS = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: |
      n=0
      while [ ! -e {gate} ]; do n=$((n + 1)); echo "tïck $n"; sleep 0.01; done
    checkRunning.command: "true"
    stop.command: "true"
"""


def begun(server, plan, step):
    """Deploy; return the id of a step of the start, once it has written something."""
    headers = {"content-type": "text/yaml"}
    told = server.ask("POST", "/v1/applications", plan.encode(), headers=headers)
    parts = f"/v1/activities/{told.json['id']}/children/recurse"

    def found():
        tasks = server.get(parts).values()
        return next((one["id"] for one in tasks if one["displayName"] == step), None)

    task = eventually(f"{step} runs", found)
    eventually("it writes", lambda: written(server, task))
    return task


def written(server, task):
    """Return what a task has written to stdout by now."""
    return server.ask("GET", f"/v1/activities/{task}/stream/stdout").body.decode()


def test_no_word_is_missing_where_what_is_read_meets_what_comes(cluster, open_screen, gate):
    server, standby = cluster.pair()
    task = begun(server, TICKS.format(gate=gate), "launch")
    eventually(
        "the standby has it", lambda: standby.ask("GET", f"/v1/activities/{task}").status == 202
    )
    screen = open_screen(standby, f"/activities/{task}")  # which looks there more seldom
    output = screen.page.get_by_role("region", name="Output")
    follow = output.get_by_label("Follow the end")
    for _ in range(10):
        follow.uncheck()
        follow.check()
        more = len(written(server, task)) + 500
        eventually("it writes on", lambda n=more: len(written(server, task)) > n)
        expect(output.locator("pre")).to_contain_text(written(server, task).split("\n")[-2])
        expect(output).not_to_contain_text("not kept")
    gate.touch()
    expect(screen.page.get_by_role("heading", name="launch").first).to_contain_text("Completed")
    expect(output.locator("pre")).to_have_text(written(server, task), use_inner_text=True)
