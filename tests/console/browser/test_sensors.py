from __future__ import annotations

from playwright.sync_api import expect

_DRAWN = """canvas => {
  const {width, height} = canvas
  const {data} = canvas.getContext('2d').getImageData(0, 0, width, height)
  return data.some((one) => one > 0)
}"""


def test_a_number_that_changes_has_a_graph_of_how_it_went(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    screen = open_screen(server, f"/applications/{app}/entities/{app}/sensors")
    page = screen.page
    path = f"/v1/applications/{app}/entities/{app}/sensors"
    for load in (20, 80, 41.5):
        server.ask("POST", path, {"my.load": load, "my.word": f"is {load}"})
        expect(page.get_by_role("row", name="my.load").first).to_contain_text(str(load))
    row = page.get_by_role("row", name="my.load").first
    graph = row.get_by_role("button", name="Graph of my.load")
    expect(graph).to_have_attribute("aria-expanded", "false")
    expect(row.locator("canvas")).to_have_count(1)
    assert row.locator("canvas").evaluate(_DRAWN)
    expect(page.get_by_role("button", name="Graph of my.word")).to_have_count(0)
    graph.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("20 to 80 in")).to_be_visible()
    expect(page.locator("canvas")).to_have_count(2)
    server.ask("POST", path, {"my.load": 95})
    expect(page.get_by_text("20 to 95 in")).to_be_visible()
    expect(graph).to_be_focused()
    assert screen.violations() == []
    page.keyboard.press("Enter")
    expect(page.locator("canvas")).to_have_count(1)


def test_of_a_long_value_the_beginning_shows_and_the_rest_is_had(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = cluster.deploy(server, "Shop")
    path = f"/v1/applications/{app}/entities/{app}/sensors"
    server.ask("POST", path, {"my.text": "x" * 5000 + "the end", "my.map": {"a": 1, "b": "two"}})
    screen = open_screen(server, f"/applications/{app}/entities/{app}/sensors")
    row = screen.page.get_by_role("row", name="my.text")
    expect(row).not_to_contain_text("the end")
    row.get_by_role("button", name="Show 3,007 more characters").click()
    expect(row).to_contain_text("the end")
    expect(row.get_by_role("button")).to_have_count(0)
    expect(screen.page.get_by_role("row", name="my.map")).to_contain_text("a: 1")
