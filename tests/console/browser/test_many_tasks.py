"""Of many tasks the page says that there are more than it shows, and shows them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from playwright.sync_api import expect
from tests.e2e.servers import eventually

STARTABLE = "org.apache.brooklyn.entity.stock.BasicStartable"


def deploy(server, number):
    services = "".join(f"- type: {STARTABLE}\n  name: s{one}\n" for one in range(number))
    plan = f"name: Shop\nservices:\n{services}"
    told = server.ask("POST", "/v1/applications", plan, headers={"content-type": "text/yaml"})
    assert told.status == 201, told
    app = told.json["entityId"]
    state = f"/v1/applications/{app}/entities/{app}/sensors/service.state"
    eventually("it runs", lambda: server.ask("GET", state).json == "RUNNING")
    return app


def test_older_activities_are_offered_and_read(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = deploy(server, 1)
    path = f"/v1/applications/{app}/entities/s0"

    def start(_):
        told = server.ask("POST", f"{path}/effectors/start", {})
        assert told.status in (200, 202), told

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(start, range(219)))
    entity = server.get(path)["id"]
    tasks = server.get(f"{path}/activities?limit=1000")
    assert len(tasks) > 210
    screen = open_screen(server, f"/applications/{app}/entities/{entity}/activities")
    page = screen.page
    rows = page.get_by_role("tabpanel").get_by_role("row")
    expect(page.get_by_text("more than 100 are kept")).to_be_visible()
    assert screen.violations() == []
    page.get_by_role("button", name="Read older ones").click()
    expect(page.get_by_text("more than 200 are kept")).to_be_visible()
    page.get_by_role("button", name="Read older ones").click()
    expect(page.get_by_text("are kept")).to_have_count(0)
    expect(page.get_by_role("button", name="Read older ones")).to_have_count(0)
    page.get_by_role("button", name="more").click()
    expect(rows).to_have_count(len(tasks) + 1)


def test_all_steps_of_a_large_operation_are_had(cluster, open_screen):
    server = cluster["n1"].start().becomes("master")
    app = deploy(server, 600)
    [start] = [one for one in server.get("/v1/activities") if one.get("entityId") == app]
    steps = len(server.get(f"/v1/activities/{start['id']}/children/recurse?limit=-1"))
    assert steps >= 600
    screen = open_screen(server, f"/activities/{start['id']}")
    page = screen.page
    expect(page.get_by_text("it has more than 500")).to_be_visible()
    more = page.get_by_role("button", name="Read more steps")
    for _ in range(steps // 500):
        more.click()
    expect(more).to_have_count(0)
    expect(page.get_by_text("it has more than")).to_have_count(0)
    shown = page.get_by_role("region", name="Steps")
    show_more = shown.get_by_role("button", name="more")
    while show_more.count():
        show_more.click()
    expect(shown.get_by_role("row")).to_have_count(steps + 1)
