"""Export and import of the persisted state."""

from __future__ import annotations

import io
import json
import zipfile

import pytest
from tests.api.conftest import PLAN
from tests.api.house import House, until

from brookline.plane.states import NodeState
from brookline.stores.shelf import Shelf
from brookline.values.clock import SystemClock

EXPORT, IMPORT = "/server/ha/persist/export", "/server/ha/persist/import"


@pytest.fixture
async def elsewhere(tmp_path):
    """A node of another plane."""
    (tmp_path / "elsewhere").mkdir()
    house = House(Shelf(SystemClock()), tmp_path / "elsewhere", name="other")
    await house.start()
    yield await house.leads()
    await house.stop()


async def exported(house, query=""):
    told = await house.call("GET", EXPORT + query)
    assert told.status == 200, told.body
    return told


def parts(told):
    with zipfile.ZipFile(io.BytesIO(told.body)) as file:
        manifest = json.loads(file.read("manifest.json"))
        return manifest, [json.loads(line) for line in file.read("records.jsonl").splitlines()]


async def test_an_export_is_a_zip_of_the_records_as_of_one_entry(shop):
    house, ids = shop

    told = await exported(house)
    manifest, records = parts(told)

    assert told.headers["content-type"] == "application/octet-stream"
    named = told.headers["content-disposition"]
    assert named.startswith(
        f"attachment; filename = brooklyn-state-{house.node.identity.instance}-"
    )
    assert named.endswith(".zip")
    assert manifest["planeId"] == house.node.plane_id
    assert (manifest["sequence"], manifest["hash"]) == house.node.replica.at[:2]
    assert {r[1] for r in records if r[0] == "entity"} == set(ids.values())


async def test_a_standby_exports_what_the_store_shows(pair):
    master, standby = pair
    app = await master.deploy(PLAN)

    for origin in ("", "?origin=AUTO", "?origin=remote"):
        _, records = parts(await exported(standby, origin))
        assert app in [r[1] for r in records if r[0] == "entity"]


async def test_an_unknown_origin_is_400(house):
    told = await house.call("GET", EXPORT + "?origin=moon")

    assert told.status == 400
    assert "AUTO, LOCAL or REMOTE" in told.json["message"]


async def test_an_export_is_imported_into_another_plane(shop, elsewhere):
    house, ids = shop
    before = await house.get("/applications/fetch")
    zipped = (await exported(house)).body

    told = await elsewhere.call("POST", IMPORT, data=zipped)

    assert told.status == 200, told.body
    assert told.json["applications"] == {ids["shop"]: "shop"}
    assert told.json["entities"] == len(ids)
    assert await elsewhere.get("/applications/fetch") == before
    spec = f"/applications/{ids['shop']}/entities/{ids['shop']}/spec"
    assert (await elsewhere.call("GET", spec)).body == (await house.call("GET", spec)).body
    colour = f"/applications/{ids['shop']}/entities/{ids['web']}/config/widget.colour"
    assert await elsewhere.get(colour) == "red"


async def test_an_import_reaches_the_master_through_a_standby(pair, elsewhere):
    _, standby = pair
    app = await elsewhere.deploy(PLAN)
    zipped = (await exported(elsewhere)).body

    told = await standby.call("POST", IMPORT, data=zipped)

    assert told.status == 200, told.body
    await until(lambda: standby.node.state is NodeState.HOT_STANDBY)
    headers = {"Brookline-Sequence": told.headers["brookline-sequence"]}
    assert (await standby.call("GET", f"/applications/{app}", headers=headers)).status == 200


async def test_a_zip_in_a_form_and_bare_bytes_that_are_called_one_are_taken(shop, elsewhere):
    house, ids = shop
    zipped = (await exported(house)).body

    called = {"content-type": "multipart/form-data"}
    told = await elsewhere.call("POST", IMPORT, data=zipped, headers=called)
    assert told.status == 200, told.body
    await elsewhere.call("DELETE", f"/applications/{ids['shop']}")
    await until(lambda: not elsewhere.management.live.applications())
    told = await elsewhere.call("POST", IMPORT, data={"file": io.BytesIO(zipped)})

    assert told.status == 200, told.body


async def test_what_is_here_already_is_named_and_nothing_is_changed(shop):
    house, ids = shop
    zipped = (await exported(house)).body
    seq = house.node.replica.seq

    told = await house.call("POST", IMPORT, data=zipped)

    assert told.status == 409
    assert all(one in told.json["details"] for one in ids.values())
    assert house.node.replica.seq == seq


async def test_an_import_that_is_sent_again_is_answered_and_not_refused(shop, elsewhere):
    house, _ = shop
    zipped, key = (await exported(house)).body, {"Idempotency-Key": "k1"}
    first = await elsewhere.call("POST", IMPORT, data=zipped, headers=key)
    seq = elsewhere.node.replica.seq

    again = await elsewhere.call("POST", IMPORT, data=zipped, headers=key)

    assert (again.status, again.body) == (200, first.body)
    assert elsewhere.node.replica.seq == seq


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "not a zip", id="empty"),
        pytest.param(b"services: []", "not a zip", id="no zip"),
        pytest.param(b"PK\x03\x04 and no more", "not a zip that can be read", id="broken"),
    ],
)
async def test_what_is_no_export_is_400(house, body, said):
    told = await house.call("POST", IMPORT, data=body)

    assert (told.status, told.json["error"]) == (400, 400)
    assert said in told.json["message"]
