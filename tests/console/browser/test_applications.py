from __future__ import annotations

import pytest
from playwright.sync_api import expect

PLAN = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: web
  brooklyn.config:
    launch.command: |
      echo "hello from the launch"
      echo $$ > pid.txt
      {launch}
    checkRunning.command: "true"
    stop.command: "true"
"""


def test_a_blueprint_with_an_error_is_marked_at_its_place_and_deployed_once_mended(
    server, open_screen
):
    screen = open_screen(server, "/deploy")
    page = screen.page
    screen.expected.append("400")
    editor = page.locator(".cm-content")
    screen.write("name: Shop\nservices:\n- type: org.example.Missing\n")
    page.get_by_role("button", name="Deploy", exact=True).click()
    faults = page.get_by_role("region", name="1 error; nothing was deployed")
    expect(faults).to_contain_text("org.example.Missing")
    expect(page.locator(".cm-lint-marker-error")).to_have_count(1)
    screen.look("deploy-faults")
    faults.get_by_role("button", name="line 3").click()
    expect(editor).to_be_focused()
    screen.write("name: Shop\nservices:\n- type: basic-entity\n  name: db\n")
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Shop").first).to_contain_text("Running")
    expect(page.get_by_role("treeitem")).to_have_count(2)


def test_an_application_is_followed_commanded_and_deleted(server, open_screen):
    screen = open_screen(server, "/deploy")
    page = screen.page
    screen.write(PLAN.replace("{launch}", "true"))
    page.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("heading", name="Shop").first).to_contain_text("Running")
    page.get_by_role("tree").focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("heading", name="web")).to_contain_text("Running")
    page.get_by_role("tab", name="Sensors").click()
    expect(page.get_by_role("row", name="service.isUp")).to_contain_text("true")
    page.get_by_role("tab", name="Effectors").click()
    page.get_by_role("button", name="Invoke restart").click()
    page.get_by_role("dialog").get_by_role("button", name="Invoke").click()
    begun = page.get_by_role("status").filter(has_text="Begun:")
    expect(begun).to_contain_text("Completed")
    begun.get_by_role("link", name="restart").click()
    expect(page.get_by_role("heading", name="restart").first).to_contain_text("Completed")
    page.get_by_role("region", name="Steps").get_by_role("link", name="launch").first.click()
    expect(page.get_by_role("region", name="Output")).to_contain_text("hello from the launch")
    page.get_by_role("link", name="web").click()
    page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Delete it")).to_be_disabled()
    dialog.get_by_label("Type the name").fill("Shop")
    dialog.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("The application has been deleted.")).to_be_visible()


def test_a_red_application_names_its_cause_and_the_cause_its_error(server, open_screen):
    screen = open_screen(server, "/deploy")
    page = screen.page
    screen.write(PLAN.replace("{launch}", "echo no room >&2; exit 3"))
    page.get_by_role("button", name="Deploy", exact=True).click()
    why = page.get_by_role("region", name="Why is this red?")
    expect(why).to_contain_text("because")
    expect(why).to_contain_text("web")
    expect(why).to_contain_text("3")
    step = why.get_by_role("listitem").filter(has_text="start:").get_by_role("link")
    expect(step).to_have_text("read what “launch” wrote to its stderr")
    expect(why.get_by_role("link", name="invoke restart of web")).to_be_visible()
    screen.look_at_all("why")
    step.click()
    expect(page.get_by_label("Stream")).to_have_value("stderr")
    expect(page.get_by_role("region", name="Output")).to_contain_text("no room")
    page.get_by_role("link", name="Home").first.click()
    attention = page.get_by_role("region", name="What needs attention")
    expect(attention).to_contain_text("Shop is on fire")


def test_to_stop_an_application_which_ends_it_its_name_is_typed(server, open_screen):
    plan = "name: Shop\nservices:\n" + "".join(
        f"- type: basic-entity\n  name: e{number}\n" for number in range(8)
    )
    answer = server.ask("POST", "/v1/applications", plan, headers={"content-type": "text/yaml"})
    app = answer.json["entityId"]
    screen = open_screen(server, f"/applications/{app}")
    page, dialog = screen.page, screen.dialog
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(dialog).to_contain_text("9 entities and all that they run are gone")
    expect(dialog).to_contain_text("With it: e0, e1, e2, e3, e4, and 3 others.")
    expect(dialog.get_by_role("button", name="Stop it")).to_be_disabled()
    dialog.get_by_label("Type the name").fill("Shop")
    dialog.get_by_role("button", name="Stop it").click()
    expect(page.get_by_text("The application has been deleted.")).to_be_visible()
    assert server.get("/v1/applications") == []


def test_a_change_shows_without_a_reload_and_keeps_the_focus(server, cluster, open_screen):
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, f"/applications/{app}/entities/{app}/sensors")
    words = screen.page.get_by_label("Filter by name")
    words.fill("my.")
    path = f"/v1/applications/{app}/entities/{app}/sensors/my.figure"
    server.ask("POST", path, "41", headers={"content-type": "application/json"})
    expect(screen.page.get_by_role("row", name="my.figure")).to_contain_text("41")
    server.ask("POST", path, "42", headers={"content-type": "application/json"})
    expect(screen.page.get_by_role("row", name="my.figure")).to_contain_text("42")
    expect(words).to_be_focused()


def test_a_standby_that_refuses_changes_says_why_its_buttons_are_off(cluster, fall, open_screen):
    master, standby = cluster.pair("--non-master-writes", "REFUSE", *fall.options)
    app = cluster.deploy(master, "Shop")
    screen = open_screen(standby, f"/applications/{app}")
    expect(screen.page.get_by_role("note")).to_contain_text("takes no changes")
    expect(screen.page.get_by_role("button", name="Delete")).to_be_disabled()
    expect(screen.page.get_by_role("treeitem").first).to_contain_text("Shop")
    screen.expected += ["net::ERR_", "503"]
    fall.of(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    expect(screen.page.get_by_role("button", name="Delete")).to_be_enabled()


def test_a_long_tree_shows_what_is_looked_for(cluster, server, open_screen):
    plan = "name: Long\nservices:\n" + "".join(
        f"- type: basic-entity\n  name: e{number}\n" for number in range(2000)
    )
    answer = server.ask("POST", "/v1/applications", plan, headers={"content-type": "text/yaml"})
    app = answer.json["entityId"]
    screen = open_screen(server, f"/applications/{app}")
    page = screen.page
    expect(page.get_by_text("2,001 entities")).to_be_visible()
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="e1999")).to_be_visible()
    assert page.get_by_role("treeitem").count() < 100
    page.get_by_label("Filter the tree").fill("e777")
    expect(page.get_by_role("treeitem")).to_have_count(2)


@pytest.mark.parametrize("page_of", ["n1", "n2"])
def test_output_shows_as_it_is_written_and_goes_on_through_a_failover(
    cluster, fall, tmp_path, open_screen, page_of
):
    master, standby = cluster.pair(*fall.options)
    go_on = tmp_path / "go-on"
    wait = f"echo part one; while [ ! -e {go_on} ]; do sleep 0.05; done; echo part two"
    screen = open_screen(cluster[page_of], "/deploy")
    page = screen.page
    screen.write(PLAN.replace("{launch}", wait))
    page.get_by_role("button", name="Deploy", exact=True).click()
    page.get_by_role("treeitem", name="web").click()
    page.get_by_role("region", name="web").get_by_role("link", name="start").first.click()
    page.get_by_role("region", name="Steps").get_by_role("link", name="launch").first.click()
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("part one")
    screen.expected += ["net::ERR_", "503"]  # that of a node which is about to end
    fall.of(master, standby)
    expect(screen.strip).to_contain_text("n2 leads since")
    go_on.touch()
    expect(output).to_contain_text("part two")
    expect(page.get_by_role("heading", name="launch").first).to_contain_text("Completed")
    assert output.inner_text().count("part one") == 1
