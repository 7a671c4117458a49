from __future__ import annotations

import pytest
from tests.api.house import ADMIN, House

from brookline.version import VERSION


async def test_version_names_the_product_and_nulls_what_is_not_known(house):
    said = await house.get("/server/version")

    assert said == {"version": VERSION, "buildSha1": None, "buildBranch": None, "features": []}


@pytest.mark.parametrize(
    ("path", "said"),
    [
        pytest.param("up", b"true", id="up"),
        pytest.param("healthy", b"true", id="healthy"),
        pytest.param("shuttingDown", b"false", id="shuttingDown"),
        pytest.param("user", b'"admin"', id="user"),
        pytest.param("ha/state", b'"MASTER"', id="state-with-quotes"),
        pytest.param("ha/priority", b"0", id="priority"),
    ],
)
async def test_small_answers_are_bare_json(house, path, said):
    told = await house.call("GET", f"/server/{path}")

    assert (told.status, told.body) == (200, said)
    assert told.headers["Content-Type"] == "application/json"


async def test_plane_id_is_raw_text_with_the_type_of_json(house):
    told = await house.call("GET", "/server/planeid")

    assert told.text == house.node.plane_id
    assert told.headers["Content-Type"] == "application/json"


async def test_extended_life_signs_have_an_object_for_ha(house):
    said = await house.get("/server/up/extended")

    assert (said["up"], said["healthy"], said["shuttingDown"], said["osgiUp"]) == (
        True, True, False, True,
    )  # fmt: skip
    assert said["ha"]["planeId"] == house.node.plane_id
    assert said["ha"]["nodes"][said["ha"]["masterId"]]["status"] == "MASTER"
    sensitive = said["brooklyn.security.sensitive.fields"]
    assert "password" in sensitive["tokens"]
    assert sensitive["plaintext.blocked"] is False


async def test_a_property_is_a_json_string_and_204_when_it_is_not_set(house):
    assert await house.get("/server/config/brooklyn.some.key") == "value"
    assert (await house.call("GET", "/server/config/nothing")).status == 204


async def test_a_secret_property_is_suppressed_on_request(house):
    said = await house.get("/server/config/my.password?suppressSecrets=true")

    assert said == "<suppressed> (MD5 hash: 588D39BC)"


async def test_reload_answers_204(house):
    told = await house.call("POST", "/server/properties/reload")

    assert (told.status, house.control.reloads) == (204, 1)


async def test_shutdown_takes_its_form_and_answers_before_the_end(house):
    form = {"stopAppsFirst": "true", "shutdownTimeout": "1m", "delayForHttpReturn": "100ms"}

    told = await house.call("POST", "/server/shutdown", data={**form, "unknown": "field"})

    assert (told.status, told.body) == (204, b"")
    order = house.control.orders[0]
    assert (order.stop_apps_first, order.force_on_error) == (True, False)
    assert (order.shutdown_timeout_s, order.delay_s) == (60.0, 0.1)
    assert await house.get("/server/shuttingDown") is True


async def test_shutdown_without_a_form_has_the_defaults_of_amp(house):
    await house.call("POST", "/server/shutdown")

    order = house.control.orders[0]
    assert (order.shutdown_timeout_s, order.request_timeout_s, order.delay_s) == (20.0, 20.0, 5.0)


async def test_a_delay_in_milliseconds_wins(house):
    form = {"delayMillis": "50", "delayForHttpReturn": "9s"}

    await house.call("POST", "/server/shutdown", data=form)

    assert house.control.orders[0].delay_s == 0.05


async def test_a_bad_duration_is_400(house):
    told = await house.call("POST", "/server/shutdown", data={"shutdownTimeout": "soon"})

    assert told.status == 400
    assert "shutdownTimeout" in told.json["message"]


async def test_logout_echoes_the_text_with_401_for_the_web_ui(house):
    told = await house.call("POST", "/logout?unauthorize=logging-out-from-webapp")

    assert told.status == 401
    assert told.json["message"] == "logging-out-from-webapp"
    assert told.json["currentUser"] == "admin"


async def test_logout_of_somebody_else_is_403(house):
    told = await house.call("POST", "/logout?user=ann")

    assert (told.status, told.json["requestedUser"]) == (403, "ann")


async def test_logout_answers_json_whatever_is_accepted_and_has_no_get(house):
    told = await house.call("POST", "/logout", headers={"Accept": "text/html"})

    assert (told.status, told.json["message"]) == (200, "logged out")
    assert (await house.call("GET", "/logout")).status == 405
    assert (await house.call("POST", "/logout/unauthorize")).status == 401


async def test_access_is_answered_for_the_br_client(house):
    said = await house.get("/access")

    assert said == {"locationProvisioningAllowed": True, "links": {"self": "/v1/access"}}


async def test_nobody_is_logged_in_to_probes(house):
    told = await house.raw("GET", "/healthz/live")

    assert (told.status, told.text) == (200, "MASTER")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("probe", "status"),
    [("live", 200), ("ready", 200), ("master", 200), ("standby", 503), ("read", 200)],
)
async def test_probes_of_a_master(house, method, probe, status):
    told = await house.raw(method, f"/healthz/{probe}")

    assert told.status == status
    assert len(told.body) < 30


async def test_a_node_that_is_ending_is_not_ready_but_live(house):
    house.control.up = False

    assert (await house.raw("GET", "/healthz/ready")).status == 503
    assert (await house.raw("GET", "/healthz/live")).status == 200


async def test_an_unknown_probe_wants_a_login(house):
    assert (await house.raw("GET", "/healthz/nothing")).status == 401
    assert (await house.raw("GET", "/healthz/nothing", headers=ADMIN)).status == 404


async def test_a_node_that_has_not_begun_answers_for_itself(shelf, tmp_path):
    house = House(shelf, tmp_path)
    await house.open()
    house.control.up = False

    assert await house.get("/server/ha/state") == "INITIALIZING"
    assert await house.get("/server/up") is False
    assert (await house.get("/server/up/extended"))["ha"]["planeId"] is None
    states = await house.get("/server/ha/states")
    [me] = states["nodes"].values()
    assert (states["masterId"], me["nodeId"], me["status"]) == (
        "", states["ownId"], "INITIALIZING"
    )  # fmt: skip
    assert await house.get("/server/ha/history") == []
    assert (await house.get("/server/ha/metrics"))["state"] == "INITIALIZING"
    assert (await house.call("GET", "/server/planeid")).body == b""
    assert (await house.call("GET", "/applications")).status == 403
    assert (await house.call("GET", "/activities/x")).status == 503
    assert (await house.raw("GET", "/healthz/live")).status == 200
    assert (await house.raw("GET", "/healthz/ready")).status == 503

    await house.client.close()
    house.kill()
    house.login.close()


@pytest.mark.parametrize(
    "priority", [f"{1 << 63}", f"{-(1 << 63) - 1}", "9" * 5000], ids=["above", "below", "far"]
)
async def test_a_priority_that_no_other_node_could_read_is_400(house, priority):
    told = await house.call("POST", "/server/ha/priority", data={"priority": priority})

    assert told.status == 400
    assert len(told.json["message"]) < 200
    assert await house.get("/server/ha/priority") == 0


async def test_a_priority_in_a_body_of_another_type_is_415_and_changes_nothing(house):
    await house.call("POST", "/server/ha/priority", data={"priority": "7"})

    told = await house.call(
        "POST", "/server/ha/priority", data=b"3", headers={"Content-Type": "application/json"}
    )

    assert told.status == 415
    assert await house.get("/server/ha/priority") == 7
