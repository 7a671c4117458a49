from __future__ import annotations

import msgspec
import pytest
from aiohttp import FormData
from tests.api.conftest import PLAN

YAML = b"name: solo\nservices:\n- type: basic-entity\n"


async def deployed(house, **more):
    return await house.call("POST", "/applications", **more)


async def test_a_deploy_answers_201_with_the_start_and_an_absolute_location(house):
    told = await deployed(house, data=YAML, headers={"Content-Type": "application/yaml"})

    assert told.status == 201
    app = told.json["entityId"]
    assert told.headers["Location"] == f"{house.url}/v1/applications/{app}"
    assert told.json["displayName"] == "start"
    assert told.json["links"]["entity"] == f"/v1/applications/{app}/entities/{app}"
    assert "detailedStatus" in told.json
    assert (await house.get(f"/applications/{app}"))["spec"]["name"] == "solo"


@pytest.mark.parametrize(
    "declared",
    [
        "application/json",
        "application/x-yaml",
        "text/plain",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
    ],
)
async def test_the_declared_type_of_a_blueprint_is_not_trusted(house, declared):
    told = await deployed(house, data=YAML, headers={"Content-Type": declared})

    assert told.status == 201


async def test_a_blueprint_needs_no_type_at_all(house):
    assert (await deployed(house, data=YAML, skip_auto_headers=("Content-Type",))).status == 201


async def test_a_form_may_hold_the_blueprint_in_a_field(house):
    assert (await deployed(house, data={"plan": YAML.decode(), "format": "any"})).status == 201


async def test_a_multipart_form_may_hold_it_too(house):
    form = FormData()
    form.add_field("plan", YAML.decode(), content_type="text/plain")
    form.add_field("format", "brooklyn-camp")

    assert (await deployed(house, data=form)).status == 201


async def test_a_multipart_form_without_a_blueprint_is_400(house):
    form = FormData()
    form.add_field("other", "x", content_type="text/plain")

    told = await deployed(house, data=form)

    assert told.status == 400
    assert "plan" in told.json["message"]


async def test_the_json_of_old_clients_is_a_blueprint(house):
    spec = {"name": "old", "entities": [{"name": "a", "type": "basic-entity"}], "locations": []}

    told = await deployed(house, data=msgspec.json.encode(spec))

    assert told.status == 201
    app = told.json["entityId"]
    assert [one["name"] for one in await house.get(f"/applications/{app}/entities")] == ["a"]


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"just a word", id="scalar"),
        pytest.param(b"services: [", id="bad-yaml"),
        pytest.param(b"name: x\n", id="no-services"),
        pytest.param(b"services:\n- type: no.such.Type\n", id="unknown-type"),
        pytest.param(b"\xff\xfe\x00", id="no-text"),
    ],
)
async def test_a_bad_blueprint_is_400_and_nothing_is_deployed(house, body):
    told = await deployed(house, data=body)

    assert (told.status, told.json["error"]) == (400, 400)
    assert isinstance(told.json["message"], str)
    assert await house.get("/applications") == []


async def test_what_has_no_effect_is_a_warning_in_the_answer(house):
    plan = "services:\n- type: basic-entity\n  brooklyn.policies: [{type: x}]\n"
    told = await house.call("POST", "/applications", data=plan.encode())

    assert told.status == 201
    [warning] = told.json["warnings"]
    assert warning.startswith("blueprint:3:3: 'brooklyn.policies' is known but has no effect")
    told = await house.call("POST", "/applications", data=b"services: [{type: basic-entity}]")
    assert "warnings" not in told.json


async def test_all_faults_of_a_blueprint_come_at_once(house):
    plan = b"services:\n- type: no.such.One\n- type: no.such.Two\n"

    told = await deployed(house, data=plan)

    faults = told.json["data"]["faults"]
    assert len(faults) == 2
    assert [fault["line"] for fault in faults] == [2, 3]


async def test_the_caller_may_choose_the_id(house):
    path = "/applications/mychosenid12345"
    yaml = {"Content-Type": "application/x-yaml"}

    told = await house.call("PUT", path, data=YAML, headers=yaml)

    assert (told.status, told.json["entityId"]) == (201, "mychosenid12345")
    assert (await house.call("PUT", path, data=YAML, headers=yaml)).status == 409


@pytest.mark.parametrize("bad", ["short", "UPPERCASE12345", "with-dash-12345"])
async def test_an_id_of_another_form_is_400(house, bad):
    told = await house.call(
        "PUT", f"/applications/{bad}", data=YAML, headers={"Content-Type": "text/yaml"}
    )

    assert told.status == 400


async def test_put_takes_no_json(house):
    told = await house.call(
        "PUT", "/applications/abcdefghij", data=b"{}", headers={"Content-Type": "application/json"}
    )

    assert told.status == 415


async def test_a_delete_answers_202_and_the_application_goes(house):
    app = await house.deploy(PLAN)

    told = await house.call("DELETE", f"/applications/{app}")

    assert told.status == 202
    task = f"/activities/{told.json['id']}?timeout=20s"
    assert (await house.get(task))["currentStatus"] == "Completed"
    assert (await house.call("GET", f"/applications/{app}")).status == 404
    assert (await house.call("DELETE", f"/applications/{app}")).status == 404
