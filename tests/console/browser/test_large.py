"""What is too large to be shown at once: trees, texts, output."""

from __future__ import annotations

from playwright.sync_api import expect

LOUD = """name: Shop
location: localhost
services:
- type: org.apache.brooklyn.entity.software.base.VanillaSoftwareProcess
  name: loud
  brooklyn.config:
    launch.command: |
      echo the first words
      seq -f 'line %.0f of a long output that nobody reads, but that is here' 1 1500000
      echo the last words
    checkRunning.command: "true"
    stop.command: "true"
"""
PAGE_BYTES = 200_000
FETCH = "/applications/fetch"


def deploy(server, plan):
    answer = server.ask("POST", "/v1/applications", plan, headers={"content-type": "text/yaml"})
    assert answer.status == 201, answer.body[:500]
    return answer.json["entityId"]


def test_a_tree_of_ten_thousand_shows_what_is_in_sight_and_follows_changes(server, open_screen):
    entities = "".join(f"- type: basic-entity\n  name: e{number}\n" for number in range(10_000))
    app = deploy(server, f"name: Large\nservices:\n{entities}")
    deploy(server, f"name: Other\nservices:\n{entities}")
    screen = open_screen(server)
    page = screen.page
    asked = []
    page.on("request", lambda one: asked.append(one.url))
    with page.expect_event("requestfinished", lambda one: FETCH in one.url) as read:
        page.get_by_role("link", name="Large").click()
    expect(page.get_by_text("10,001 entities")).to_be_visible()
    assert page.get_by_role("treeitem").count() < 100
    # What is in the other one is not read.
    assert read.value.sizes()["responseBodySize"] < 5_000_000
    assert len([url for url in asked if FETCH in url]) == 1
    server.ask("POST", f"/v1/applications/{app}/entities/e3/name?name=renamed")
    expect(page.get_by_role("treeitem").nth(4)).to_have_accessible_name("renamed")
    page.get_by_role("tree").focus()
    page.keyboard.press("End")
    expect(page.get_by_role("heading", name="e9999")).to_be_visible()
    assert page.get_by_role("treeitem").count() < 100


def test_a_blueprint_of_two_megabytes_is_marked_where_it_is_wrong(server, open_screen, tmp_path):
    good = "- type: basic-entity\n  name: some entity\n  brooklyn.config: {my.key: some value}\n"
    wrong = good.replace("basic-entity", "org.example.Missing")
    file = tmp_path / "large.yaml"
    file.write_text("name: Large\nservices:\n" + good * 25_000 + wrong * 80)
    assert file.stat().st_size > 2_000_000
    screen = open_screen(server, "/deploy")
    page = screen.page
    expect(page.locator(".cm-content")).to_be_visible()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".cm-content")).to_contain_text("name: Large")
    assert page.locator(".cm-line").count() < 500
    page.get_by_role("button", name="Deploy", exact=True).click()
    screen.expected.append("400")
    faults = page.get_by_role("region", name="80 errors; nothing was deployed")
    expect(faults.get_by_role("listitem")).to_have_count(51)
    expect(faults).to_contain_text("and 30 others, marked in the text")
    faults.get_by_role("button", name="line 75003").click()
    expect(page.locator(".cm-activeLine")).to_contain_text("org.example.Missing")
    expect(page.locator(".cm-lint-marker-error").first).to_be_visible()
    page.get_by_role("link", name="Home").first.click()
    page.get_by_role("link", name="Deploy").first.click()
    expect(page.locator(".cm-content")).to_contain_text("name: Large")


def test_of_a_hundred_megabytes_of_output_pages_are_read(server, open_screen):
    app = deploy(server, LOUD)
    screen = open_screen(server, f"/applications/{app}")
    page = screen.page
    sizes = []
    page.on(
        "requestfinished",
        lambda one: "/stream/" in one.url and sizes.append(one.sizes()["responseBodySize"]),
    )
    page.get_by_role("treeitem", name="loud").click()
    page.get_by_role("region", name="loud").get_by_role("link", name="start").first.click()
    page.get_by_role("region", name="Steps").get_by_role("link", name="launch").first.click()
    expect(page.get_by_role("heading", name="launch").first).to_contain_text("Completed")
    page.reload()
    output = page.get_by_role("region", name="Output")
    expect(output).to_contain_text("the last words")
    expect(output.get_by_label("Stream").locator("option").first).to_contain_text(" MB)")
    text = output.locator("pre")
    before = text.inner_text().splitlines()[0]
    page.get_by_role("button", name="Show what is before").click()
    expect(output.get_by_label("Follow the end")).not_to_be_checked()
    expect(text).not_to_have_text(before, use_inner_text=True)
    lines = text.inner_text().splitlines()
    at = lines.index(before)
    assert at > 1000
    numbers = [int(line.split()[1]) for line in lines[1 : at + 100]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers))), "pages do not fit"
    page.get_by_role("button", name="To the beginning").click()
    expect(output).to_contain_text("the first words")
    expect(output).not_to_contain_text("the last words")
    page.get_by_role("button", name="To the end").click()
    expect(output).to_contain_text("the last words")
    assert max(sizes) <= PAGE_BYTES + 1000, sizes
