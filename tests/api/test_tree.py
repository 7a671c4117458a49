from __future__ import annotations

import pytest
from tests.api.conftest import PLAN
from tests.api.types import TYPES

from brookline.api.tree import Tree
from brookline.model.live import live_of
from brookline.values.clock import SystemClock


async def test_fetch_is_the_tree_of_all_applications(shop):
    house, ids = shop

    (root,) = await house.get("/applications/fetch")

    assert root["id"] == root["applicationId"] == ids["shop"]
    assert root["parentId"] is None
    assert root["links"] == {"self": f"/v1/applications/{ids['shop']}/entities/{ids['shop']}"}
    assert [child["name"] for child in root["children"]] == ["web", "db"]
    web = root["children"][0]
    assert web["parentId"] == ids["shop"]
    assert "children" not in web
    assert (web["members"], web["groupIds"], web["relations"], web["iconUrl"]) == ([], [], [], None)
    assert isinstance(web["creationTimeUtc"], int)


@pytest.mark.parametrize(
    "wanted", ["deployment.metadata,a", '["deployment.metadata","a"]'], ids=["commas", "json"]
)
async def test_sensors_appear_on_the_tops_only(shop, wanted):
    house, ids = shop
    path = f"/applications/{ids['shop']}/entities/{ids['shop']}/sensors/a"
    await house.call("POST", path, json=1)

    (root,) = await house.get("/applications/fetch", params={"sensors": wanted})

    assert root["sensors"] == {"deployment.metadata": None, "a": 1}
    assert "sensors" not in root["children"][0]


async def test_items_come_after_the_applications(shop):
    house, ids = shop

    said = await house.get(f"/applications/fetch?items={ids['web']},unknown")

    assert [one["id"] for one in said] == [ids["shop"], ids["web"]]


async def test_fetch_can_be_of_one_application_by_id_or_name(shop):
    house, ids = shop
    await house.deploy(PLAN.replace("name: shop", "name: other"))

    for wanted in (ids["shop"], "shop"):
        (root,) = await house.get(f"/applications/fetch?application={wanted}")
        assert (root["id"], len(root["children"])) == (ids["shop"], 2)

    told = await house.call("GET", "/applications/fetch?application=none")
    assert told.status == 404


async def test_fetch_follows_changes(shop):
    house, ids = shop
    await house.get("/applications/fetch")

    await house.call("POST", f"/applications/shop/entities/{ids['db']}/name?name=other")
    (root,) = await house.get("/applications/fetch")
    assert [child["name"] for child in root["children"]] == ["web", "other"]

    second = await house.deploy(PLAN)
    assert [one["id"] for one in await house.get("/applications/fetch")] == [ids["shop"], second]


async def test_fetch_has_a_tag_and_is_not_sent_again(shop):
    house, _ = shop
    first = await house.call("GET", "/applications/fetch")

    told = await house.call(
        "GET", "/applications/fetch", headers={"If-None-Match": first.headers["ETag"]}
    )

    assert (told.status, told.body) == (304, b"")


async def test_details_go_as_deep_as_asked_and_have_tags(shop):
    house, ids = shop

    (root,) = await house.get("/applications/details?depth=1")

    assert [set(child) for child in root["children"]] == [{"id", "name", "type", "links"}] * 2
    assert root["tags"] == []
    (whole,) = await house.get("/applications/details?depth=-1&config=widget.*&sensors=service.*")
    assert whole["children"][0]["config"] == {"widget.colour": "red"}
    assert "service.state" in whole["sensors"]
    (bare,) = await house.get("/applications/details?depth=0")
    assert set(bare) == {"id", "name", "type", "links"}
    said = await house.get(f"/applications/details?includeAllApps=false&items={ids['web']}")
    assert [one["id"] for one in said] == [ids["web"], ids["shop"]]


def chain(length):
    records = {}
    for number in range(length):
        records[f"e{number}"] = {
            "app": "e0" if number else "",
            "parent": f"e{number - 1}" if number else "",
            "type": "org.example.Widget",
            "name": f"name {number}",
        }
    return live_of(TYPES, records, {})


async def test_a_deep_tree_is_no_matter():
    live = chain(3000)

    body = (await Tree(SystemClock()).whole(live, (), live.applications())).body

    assert body.count(b'"children":[') == 2999
    assert body.endswith(b"}" + b"]}" * 2999 + b"]")


async def test_the_event_loop_is_let_in_between_slices():
    pauses = []

    class Counting(SystemClock):
        async def sleep(self, seconds):
            pauses.append(seconds)

    tree, live = Tree(Counting()), chain(1200)
    await tree.whole(live, (), live.applications())
    assert len(pauses) == 2

    live.set_sensors("e7", {"service.isUp": True})
    body = (await tree.whole(live, (), live.applications())).body

    assert len(pauses) == 2
    assert body.count(b'"serviceUp":true') == 1


async def test_nothing_is_kept_of_what_is_gone():
    tree, live = Tree(SystemClock()), chain(20)
    await tree.whole(live, (), live.applications())

    live.remove("e19")
    await tree.whole(live, (), live.applications())

    assert tree.kept == 19
