from __future__ import annotations

import msgspec
import pytest
from tests.api.conftest import PLAN
from tests.api.types import TYPES

from brookline.api.summaries import application_summary, entity_list
from brookline.model.live import live_of
from brookline.values.clock import SystemClock

LINKS = {
    "self", "parent", "application", "children", "config", "sensors", "effectors", "adjuncts",
    "policies", "activities", "locations", "tags", "expunge", "rename", "spec",
}  # fmt: skip


def entity(ids, name="web"):
    return f"/applications/{ids['shop']}/entities/{ids[name]}"


async def test_an_application_is_found_by_id_and_by_name_in_any_case(shop):
    house, ids = shop

    said = await house.get(f"/applications/{ids['shop']}")

    assert said["id"] == ids["shop"]
    assert said["status"] in ("ACCEPTED", "STARTING", "RUNNING")
    assert said["links"] == {
        "self": f"/v1/applications/{ids['shop']}",
        "entities": f"/v1/applications/{ids['shop']}/entities",
    }
    assert (await house.get("/applications/SHOP"))["id"] == ids["shop"]
    assert [one["id"] for one in await house.get("/applications")] == [ids["shop"]]


@pytest.mark.parametrize(
    ("state", "status"),
    [("RUNNING", "RUNNING"), ("ON_FIRE", "ERROR"), ("CREATED", "ACCEPTED"), (None, "UNKNOWN")],
)
def test_the_status_of_an_application_follows_its_state(state, status):
    record = {"type": "org.apache.brooklyn.entity.stock.BasicApplication", "name": "a"}
    live = live_of(TYPES, {"a": record}, {"a": {"service.state": state} if state else {}})

    assert application_summary(live.applications()[0]).status == status


async def test_the_location_of_an_application_can_be_looked_up(shop):
    house, ids = shop
    (location,) = (await house.get(f"/applications/{ids['shop']}"))["spec"]["locations"]

    said = await house.get(f"/locations/{location}")

    assert (said["id"], said["spec"], said["config"]) == (location, "localhost", {})
    assert (await house.get(f"{entity(ids)}/locations"))[0]["id"] == location
    assert [one["id"] for one in await house.get("/locations")] == ["localhost"]
    assert (await house.call("GET", "/locations/nowhere")).status == 404


async def test_an_entity_has_all_links_and_no_null(shop):
    house, ids = shop

    said = await house.get(entity(ids))

    assert set(said) == {"id", "name", "type", "links"}
    assert set(said["links"]) == LINKS
    assert said["links"]["self"] == f"/v1{entity(ids)}"
    assert said["links"]["rename"] == f"/v1{entity(ids)}/name"
    assert all(link.startswith("/v1/") for link in said["links"].values())


async def test_the_root_is_an_entity_without_a_parent(shop):
    house, ids = shop

    said = await house.get(entity(ids, "shop"))

    assert set(said["links"]) == LINKS - {"parent"}


async def test_an_entity_is_found_by_name_too(shop):
    house, ids = shop

    assert (await house.get("/applications/shop/entities/web"))["id"] == ids["web"]


async def test_an_entity_of_another_application_is_412(shop):
    house, ids = shop
    other = await house.deploy(PLAN)

    told = await house.call("GET", f"/applications/{other}/entities/{ids['web']}")

    assert (told.status, told.json["error"]) == (412, 412)


async def test_a_child_is_no_application(shop):
    house, ids = shop

    assert (await house.call("GET", f"/applications/{ids['web']}")).status == 404


@pytest.mark.parametrize("path", ["nosuch", "nosuch/entities/x", "shop/entities/nosuch"])
async def test_what_is_not_there_is_404(shop, path):
    house, _ = shop

    told = await house.call("GET", f"/applications/{path}")

    assert (told.status, told.json["error"]) == (404, 404)


async def test_children_are_those_of_the_application_in_order(shop):
    house, ids = shop

    said = await house.get(f"{entity(ids, 'shop')}/children")

    assert [one["name"] for one in said] == ["web", "db"]
    assert await house.get(f"{entity(ids)}/children") == []


async def test_descendants_begin_with_the_entity_itself(shop):
    house, ids = shop

    assert [one["name"] for one in await house.get("/applications/shop/descendants")] == [
        "shop", "web", "db",
    ]  # fmt: skip
    wanted = "/applications/shop/descendants?typeRegex=.*Widget"
    assert [one["name"] for one in await house.get(wanted)] == ["web"]
    assert [one["id"] for one in await house.get(f"{entity(ids)}/descendants")] == [ids["web"]]
    assert (await house.call("GET", "/applications?typeRegex=(")).status == 400


async def test_a_sensor_of_all_descendants_by_id(shop):
    house, ids = shop
    await house.call("POST", f"{entity(ids)}/sensors/a", json=1)

    said = await house.get("/applications/shop/descendants/sensor/a")

    assert said == {ids["web"]: 1}


async def test_children_can_be_added_and_found(shop):
    house, ids = shop
    path = f"{entity(ids)}/children?start=false"

    told = await house.call(
        "POST",
        path,
        data=b"- type: basic-entity\n  name: below\n",
        headers={"Content-Type": "application/json"},
    )

    assert told.status == 201
    (child,) = told.json["result"]
    where = f"/v1/applications/{ids['shop']}/entities/{child}"
    assert told.headers["Location"] == house.url + where
    assert [one["name"] for one in await house.get(f"{entity(ids)}/children")] == ["below"]


async def test_children_in_plain_text_are_415(shop):
    house, ids = shop

    told = await house.call(
        "POST", f"{entity(ids)}/children", data=b"[]", headers={"Content-Type": "text/plain"}
    )

    assert told.status == 415


async def test_an_entity_can_be_renamed(shop):
    house, ids = shop

    told = await house.call("POST", f"{entity(ids)}/name?name=new%20name")

    assert (told.status, told.body) == (200, b"")
    assert (await house.get(entity(ids)))["name"] == "new name"
    assert (await house.call("POST", f"{entity(ids)}/name")).status == 400
    for wrong in ("a%00b", "x" * 1001):
        assert (await house.call("POST", f"{entity(ids)}/name?name={wrong}")).status == 400


async def test_an_expunged_entity_is_gone(shop):
    house, ids = shop

    told = await house.call("POST", f"{entity(ids)}/expunge?release=false&timeout=0")

    assert told.status == 202
    await house.get(f"/activities/{told.json['id']}?timeout=20s")
    assert (await house.call("GET", entity(ids))).status == 404


async def test_only_what_was_deployed_has_a_spec(shop):
    house, ids = shop

    told = await house.call("GET", f"{entity(ids, 'shop')}/spec")

    assert (told.status, told.text) == (200, PLAN)
    assert told.headers["Content-Type"] == "text/x-yaml"
    (listed,) = await house.get(f"{entity(ids, 'shop')}/speclist")
    assert (listed["format"], listed["contents"]) == ("brooklyn-camp", PLAN)
    assert (await house.call("GET", f"{entity(ids)}/spec")).status == 204
    assert (await house.call("GET", f"{entity(ids)}/speclist")).status == 204


@pytest.mark.parametrize("kind", ["text/plain", "application/yaml", "text/yaml"])
async def test_a_spec_has_the_type_that_is_asked_for(shop, kind):
    house, ids = shop

    told = await house.call("GET", f"{entity(ids, 'shop')}/spec", headers={"Accept": kind})

    assert told.headers["Content-Type"].partition(";")[0] == kind


async def test_tags_hold_the_spec_of_what_was_deployed(shop):
    house, ids = shop

    kinds = [tag.get("kind") for tag in await house.get(f"{entity(ids, 'shop')}/tags")]

    assert kinds == ["yaml_spec", None]
    assert await house.get(f"{entity(ids)}/tags") == [{"depth_in_ancestor": 1}]
    assert await house.get(f"{entity(ids)}/tag/get/depth_in_ancestor") == 1
    assert (await house.call("GET", f"{entity(ids)}/tag/get/nothing")).status == 204


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("policies", []),
        ("adjuncts", []),
        ("adjuncts?adjunctType=policy", []),
        ("workflows/", []),
        ("relations", []),
        ("policies/current-state", {}),
    ],
)
async def test_what_clients_ask_and_we_have_none_of_is_empty(shop, part, said):
    house, ids = shop

    assert await house.get(f"{entity(ids)}/{part}") == said


async def test_unknown_kinds_of_adjuncts_are_400_and_unknown_ones_404(shop):
    house, ids = shop

    assert (await house.call("GET", f"{entity(ids)}/adjuncts?adjunctType=x")).status == 400
    assert (await house.call("GET", f"{entity(ids)}/adjuncts/x")).status == 404
    assert (await house.call("GET", f"{entity(ids)}/icon")).status == 204


async def test_a_long_list_lets_other_work_in():
    records = {
        f"e{n}": {
            "type": "org.example.Widget",
            "name": "x",
            "app": "e0",
            "parent": "e0" if n else "",
        }
        for n in range(1200)
    }
    pauses = []

    class Counting(SystemClock):
        async def sleep(self, seconds):
            pauses.append(seconds)

    entities = list(live_of(TYPES, records, {}).entities())

    answer = await entity_list(entities, Counting())

    assert len(pauses) == 2
    assert len(msgspec.json.decode(answer.body)) == 1200


async def test_a_question_for_types_that_would_take_for_ever_is_400(shop):
    house, _ = shop
    told = await house.call("GET", "/applications?typeRegex=" + "(" * 3)
    assert told.status == 400

    endless = "(.|..)%2B$b"
    told = await house.call("GET", f"/applications/shop/descendants?typeRegex={endless}")

    assert told.status == 400
    assert "too long" in told.json["message"]
