"""What a task writes, by streams."""

from __future__ import annotations

from playwright.sync_api import expect

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


def test_one_that_is_chosen_is_not_overwritten_by_what_was_read_before(
    cluster, open_screen, tmp_path
):
    server, gate = cluster["n1"].start().becomes("master"), tmp_path / "gate"
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
