from __future__ import annotations

import pytest
from playwright.sync_api import expect

PLAN = """name: Shop
location: localhost
services:
- type: basic-entity
  id: web
  name: web
  brooklyn.config:
    db.url: $brooklyn:entity("db").attributeWhenReady("datastore.url")
- type: basic-entity
  id: db
  name: db
"""


@pytest.mark.parametrize("others", [0, 2000])
def test_it_shows_what_an_entity_takes_from_another_and_leads_there(cluster, open_screen, others):
    server = cluster["n1"].start().becomes("master")
    plan = PLAN + "".join(f"- type: basic-entity\n  name: e{n}\n" for n in range(others))
    answer = server.ask("POST", "/v1/applications", plan, headers={"content-type": "text/yaml"})
    app = answer.json["entityId"]
    web = server.get(f"/v1/applications/{app}/entities/web")["id"]
    screen = open_screen(server, f"/applications/{app}/entities/{web}/relations")
    page = screen.page
    page.evaluate("() => { window.loadedOnce = true }")
    row = page.get_by_role("row", name="db.url")
    expect(row).to_contain_text('$brooklyn:entity("db").attributeWhenReady("datastore.url")')
    expect(page.get_by_text("No config of others takes anything from it.")).to_be_visible()
    drawing = page.get_by_role("group", name="Drawing")
    expect(drawing.locator("rect")).to_have_count(3)
    expect(drawing.locator("path.takes")).to_have_count(1)
    expect(page.get_by_text("Drawn are 3 of 2,003 entities")).to_have_count(1 if others else 0)
    assert screen.violations() == []
    drawing.locator("a", has_text="db").click()
    expect(page.get_by_role("heading", name="db")).to_be_visible()
    expect(page.get_by_role("tab", name="Relations")).to_have_attribute("aria-selected", "true")
    expect(page.get_by_role("row", name="db.url").get_by_role("link", name="web")).to_be_visible()
    assert page.evaluate("() => window.loadedOnce") is True
