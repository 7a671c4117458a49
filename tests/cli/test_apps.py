"""apps, show, tree, delete, sensors, config, effectors, against a scripted plane."""

from __future__ import annotations

import json

import pytest

from brookline.cli.entities import assigned
from brookline.testing.http_plane import Reply

WEB = {"id": "web1", "name": "web", "type": "org.x.BasicApplication", "serviceState": "RUNNING"}
SERVER = {"id": "srv", "name": "server", "type": "org.x.VanillaSoftwareProcess", "serviceUp": True}
TREE = {**WEB, "children": [{**SERVER, "serviceState": "RUNNING"}]}


@pytest.fixture(autouse=True)
def answers(plane):
    plane.answers |= {
        "GET /v1/applications": [{"id": "web1", "status": "RUNNING", "spec": {"name": "web"}}],
        "GET /v1/applications/web1": {"id": "web1", "status": "RUNNING", "spec": {"name": "web"}},
        "GET /v1/applications/fetch": [TREE],
        "GET /v1/applications/web1/entities/web1/sensors/current-state": {"host.address": "h"},
        "GET /v1/applications/web1/entities/web1/locations": [{"id": "l", "name": "localhost"}],
        "GET /v1/applications/web1/descendants/sensor/main.uri": {"srv": "http://x/"},
    }
    return plane.answers


def test_apps_lists_names_and_states(brookline):
    assert brookline("apps").out.splitlines() == ["ID    NAME  STATUS", "web1  web   RUNNING"]


def test_show_is_one_dense_screen(brookline):
    assert brookline("show", "web").out.splitlines() == [
        "web  web1  RUNNING",
        "  location  localhost",
        "  host.address  h",
        "",
        "ENTITY    ID    TYPE                    STATE    UP  URI",
        "web       web1  BasicApplication        RUNNING  -",
        "  server  srv   VanillaSoftwareProcess  RUNNING  up  http://x/",
    ]


def test_show_has_a_line_for_each_problem(brookline, answers):
    answers["GET /v1/applications/web1/entities/web1/sensors/current-state"] = {
        "service.problems": {"start": "it failed", "children": "server is not healthy"}
    }
    lines = brookline("show", "web").out.splitlines()
    assert lines[2:4] == [
        "  service.problems  start: it failed",
        "  service.problems  children: server is not healthy",
    ]


def test_show_as_data_has_all_of_it(brookline):
    value = brookline("show", "web", "-o", "json").json()
    assert value["tree"]["children"][0]["id"] == "srv"
    assert value["sensors"] == {"host.address": "h"}


def test_tree_of_one_application(brookline):
    assert len(brookline("tree", "web").out.splitlines()) == 3
    assert brookline("tree", "nope").status == 2


def test_sensors_of_an_entity_of_the_application(brookline, answers):
    answers["GET /v1/applications/web/entities/server/sensors/current-state"] = {
        "b": {"x": 1},
        "a": None,
    }
    assert brookline("sensors", "web", "server").out.splitlines() == [
        "SENSOR  VALUE",
        "a       -",
        'b       {"x": 1}',
    ]


def test_one_sensor_is_printed_bare(brookline, answers):
    answers["GET /v1/applications/web/entities/web/sensors/main.uri"] = "http://x/"
    assert brookline("sensors", "web", "-n", "main.uri").out == "http://x/\n"


def test_an_unset_sensor_is_empty(brookline, answers):
    answers["GET /v1/applications/web/entities/web/sensors/x"] = Reply(204)
    assert brookline("sensors", "web", "-n", "x", "-o", "json").json() is None
    ran = brookline("sensors", "web", "-n", "x")
    assert (ran.status, ran.out, ran.err) == (0, "", "sensor x has no value\n")


def test_words_as_yaml_are_bare(brookline, answers):
    answers["GET /v1/applications/web/entities/web/sensors/main.uri"] = "http://x/"
    assert brookline("sensors", "web", "-n", "main.uri", "-o", "yaml").out == "http://x/\n"


def test_config_is_changed(brookline, plane, answers):
    answers["POST /v1/applications/web/entities/server/config/port"] = Reply(204)
    assert brookline("config", "web", "server", "--set", 'port={"a": 1}').status == 0
    [write] = plane["n1"].writes()
    assert json.loads(write.body) == {"a": 1}


def test_effectors_are_listed_with_their_parameters(brookline, answers):
    answers["GET /v1/applications/web/entities/web/effectors"] = [
        {
            "name": "resize",
            "description": "Change size",
            "parameters": [{"name": "desiredSize", "type": "java.lang.Integer"}],
        }
    ]
    assert "resize    desiredSize (Integer)  Change size" in brookline("effectors", "web").out


def task(**fields):
    return {"id": "t1", "displayName": "stop", "currentStatus": "Completed", **fields}


def test_delete_returns_at_once(brookline, plane, answers):
    answers["DELETE /v1/applications/web1"] = Reply(202, task(currentStatus="In progress"))
    ran = brookline("delete", "web")
    assert ran.out == "web is being removed: task t1\n"
    assert "2 entities" in ran.err
    assert [seen.method for seen in plane["n1"].writes()] == ["DELETE"]


def test_delete_waits_until_it_is_gone(brookline, answers):
    looks = iter([Reply(body={"id": "web1"}), Reply(404, {"message": "gone"})])
    answers["DELETE /v1/applications/web1"] = Reply(202, task())
    answers["GET /v1/activities/t1"] = task(endTimeUtc=5)
    answers["GET /v1/activities/t1/children/recurse"] = {}
    answers["GET /v1/applications/web1"] = lambda _node, _seen: next(looks)
    ran = brookline("delete", "web", "--wait", "-o", "json")
    assert ran.json()["deleted"] is True


@pytest.mark.parametrize("text", ["a", "=b", "a=@/nowhere"])
def test_a_malformed_parameter_is_a_usage_error(brookline, text):
    assert brookline("invoke", "web", "x", "-P", text).status == 1


def test_values_are_text_unless_they_are_json_structures():
    assert assigned("a=1") == ("a", "1")
    assert assigned("a=b=c") == ("a", "b=c")
    assert assigned("a=[1]") == ("a", [1])
    assert assigned("a={nope") == ("a", "{nope")
