from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.blueprint.spec import EntitySpec, Plan
    from brookline.model.live import Live


def sketch(spec: EntitySpec) -> Any:
    return (spec.cls.__name__, spec.name, [sketch(child) for child in spec.children])


def test_services_are_put_under_an_application(plan: Callable[[str], Plan]) -> None:
    [root] = plan(
        """
        name: shop
        location: localhost
        brooklyn.config: {k: 1}
        services:
        - type: web
          id: w
          name: front
          launch.command: ./run
          brooklyn.config:
            env: {A: 1}
            start.timeout: 90s
            other: yes
          brooklyn.children:
          - type: org.apache.brooklyn.entity.stock.BasicEntity
        - serviceType: java:basic-entity
        """
    ).roots
    assert sketch(root) == (
        "BasicApplication",
        "shop",
        [("Web", "front", [("BasicEntity", "", [])]), ("BasicEntity", "", [])],
    )
    assert root.config == {"k": 1, "brooklyn.wrapper_app": True}
    assert [location.spec for location in root.locations] == ["localhost"]
    assert root.children[0].config == {
        "shell.env": {"A": 1},
        "start.timeout": "1m 30s",
        "other": True,
        "launch.command": "./run",
        "camp.plan.id": "w",
    }


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "name: a\nservices:\n- type: BasicApplication\n  brooklyn.children: [{type: web}]",
            ("BasicApplication", "a", [("Web", "", [])]),
        ),
        (
            "services: [{type: BasicApplication, name: b, services: [{type: web}]}]",
            ("BasicApplication", "b", [("Web", "", [])]),
        ),
        (
            "name: a\nservices: [{type: BasicApplication, name: b}]",
            ("BasicApplication", "a", [("BasicApplication", "b", [])]),
        ),
        (
            (
                "brooklyn.config: {k: 1}\n"
                "services: [{type: BasicApplication, brooklyn.config: {k: 2}}]"
            ),
            ("BasicApplication", "", [("BasicApplication", "", [])]),
        ),
        (
            "brooklyn.enrichers: [{type: x}]\nservices: [{type: BasicApplication}]",
            ("BasicApplication", "", [("BasicApplication", "", [])]),
        ),
        (
            "wrappedApp: true\nservices: [{type: BasicApplication}]",
            ("BasicApplication", "", [("BasicApplication", "", [])]),
        ),
        ("services: [{type: web}]", ("BasicApplication", "", [("Web", "", [])])),
        ("type: web\nname: w", ("BasicApplication", "w", [("Web", "w", [])])),
        (
            "type: BasicApplication\nservices: [{type: web}]",
            ("BasicApplication", "", [("Web", "", [])]),
        ),
        (
            (
                '{"name": "old", "entities": [{"name": "e", "type": "web", "config": {"port": 1}}], '
                '"locations": ["localhost"]}'
            ),
            ("BasicApplication", "old", [("Web", "e", [])]),
        ),
    ],
    ids=[
        "merged, name from the plan",
        "merged, name of its own",
        "kept: both have names",
        "kept: config clashes",
        "kept: enricher",
        "kept: asked for",
        "no application",
        "a type alone",
        "an application with services",
        "older JSON",
    ],
)
def test_an_application_around_one_application_is_merged_away(
    plan: Callable[[str], Plan], text: str, expected: Any
) -> None:
    assert sketch(plan(text).roots[0]) == expected


def test_what_is_merged_takes_over_config_tags_and_locations(plan: Callable[[str], Plan]) -> None:
    [root] = plan(
        "location: localhost\nbrooklyn.config: {k: 1}\nbrooklyn.tags: [t]\nid: top\n"
        "services: [{type: BasicApplication, brooklyn.config: {l: 2}, brooklyn.tags: [{u: 1}]}]"
    ).roots
    assert root.config == {"k": 1, "l": 2, "camp.plan.id": "top"}
    assert (root.tags, root.plan_id) == (["t", {"u": 1}], "top")
    assert [location.spec for location in root.locations] == ["localhost"]


def test_older_json_is_read_with_its_config(plan: Callable[[str], Plan]) -> None:
    [root] = plan('{"name":"o","entities":[{"type":"web","config":{"port":"80"}}]}').roots
    assert root.children[0].config == {"http.port": "80"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("services: [{type: web}]", [("Web", "", [])]),
        (
            "services: [{type: web}, {type: basic-entity}]",
            [("Web", "", []), ("BasicEntity", "", [])],
        ),
        ("- type: web\n- type: web\n", [("Web", "", []), ("Web", "", [])]),
        ("type: web\nname: x", [("Web", "x", [])]),
        (
            "name: x\nservices: [{type: web}, {type: web}]",
            [("BasicApplication", "x", [("Web", "", []), ("Web", "", [])])],
        ),
        ("name: x\nservices: [{type: web}]", [("Web", "x", [])]),
    ],
    ids=["one", "several", "a list", "a type", "named around two", "named around one"],
)
def test_children_to_add_come_without_a_needless_application(
    added: Callable[[str], Plan], text: str, expected: Any
) -> None:
    assert [sketch(root) for root in added(text).roots] == expected


def test_all_faults_are_told_at_once_with_their_places(faults: Callable[[str], list[str]]) -> None:
    text = """\
name: [x]
location: mars
services:
- type: org.apache.brooklyn.entity.stock.BasicEntty
  brooklyn.config:
    a: $brooklyn:atributeWhenReady("x")
- type: web
  brooklyn.config:
    start.timeout: soon
    launch.command: [a, b]
    b:
      deep:
      - "$brooklyn:formatString(\\"%s\\""
    c:
      $brooklyn:config: [x, y, z]
- name: nothing
- just text
- type: {a: 1}
- type: web
  brooklyn.config: [1]
  brooklyn.children: {type: web}
  brooklyn.tags: [$brooklyn:config("x")]
  location: localhost
  locations: [byon]
- type: web
  location: {localhost: 1}
- type: web
  location: {localhost: , byon: }
"""
    assert faults(text) == [
        "1:7 'name' must be a text, not a list",
        "2:11 unknown location 'mars'",
        (
            "4:9 unknown type 'org.apache.brooklyn.entity.stock.BasicEntty'; "
            "did you mean 'org.apache.brooklyn.entity.stock.BasicEntity'?"
        ),
        "6:18 unknown function 'atributeWhenReady'; did you mean 'attributeWhenReady'?",
        "9:20 config 'start.timeout': 'soon' is not a duration such as '15s' or '1m 30s'",
        "10:21 config 'launch.command': a list is not a text",
        "13:37 expected ',' or ')' after an argument",
        "15:17 the function 'config' takes 1 argument, not 3",
        "16:3 an entity needs a 'type'",
        "17:3 an entity is a map with a 'type', not a text",
        "18:9 'type' must be the name of a type, not a map",
        "20:20 brooklyn.config must be a map, not a list",
        "21:22 'brooklyn.children' must be a list, not a map",
        "22:19 tags cannot hold expressions",
        "24:3 'location' and 'locations' are both given and do not agree",
        "26:25 the config of location 'localhost' must be a map",
        "28:13 a location is a text, or a map with one entry: its spec and its config",
    ]


def test_what_may_be_meant_as_the_type_is_told_beside_other_faults(
    faults: Callable[[str], list[str]],
) -> None:
    text = """\
services:
- typ: vanilla
  description: x
- tipe: web
  location: [1]
- name: type
"""
    assert faults(text) == [
        "2:3 an entity needs a 'type', and 'typ' is unknown; did you mean 'type'?",
        "4:3 an entity needs a 'type', and 'tipe' is unknown; did you mean 'type'?",
        "5:14 a location is a text, or a map with one entry: its spec and its config",
        "6:3 an entity needs a 'type'",
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "1:1 a blueprint is a map with 'services', and this is empty"),
        ("hello", "1:1 a blueprint is a map with 'services', and this is a text"),
        ("- type: web", "1:1 a blueprint is a map with 'services', and this is a list"),
        ("name: x", "1:1 a blueprint needs 'services': a list of what to deploy"),
        ("services: []", "1:1 'services' must be a list of entities"),
        ("name: x\nservices:\n", "2:1 'services' must be a list of entities"),
    ],
    ids=repr,
)
def test_a_text_that_asks_for_nothing_is_refused(
    faults: Callable[[str], list[str]], text: str, fault: str
) -> None:
    assert faults(text) == [fault]


def test_services_that_are_no_list_are_refused(faults: Callable[[str], list[str]]) -> None:
    assert faults("services: web") == ["1:11 'services' must be a list, not a text"]
    assert faults("services: {type: web}") == ["1:11 'services' must be a list, not a map"]


def test_what_has_no_effect_is_a_warning_and_never_silent(plan: Callable[[str], Plan]) -> None:
    warnings = plan(
        """\
version: 1
description: shop
brooklyn.policies: [{type: x}]
extra: 1
services:
- type: web
  brooklyn.confg: {}
  brooklyn.parameters: [{name: p}]
  prot: 80
  brooklyn.config: {templates.install: {}}
  openIptables: true
"""
    ).warnings
    assert [f"{w.line}:{w.column} {w.message}" for w in warnings] == [
        "3:1 'brooklyn.policies' is known but has no effect in this version yet",
        "4:1 the key 'extra' of the plan is unknown and has no effect",
        (
            "7:3 the key 'brooklyn.confg' is unknown and has no effect; "
            "did you mean 'brooklyn.config'?"
        ),
        "8:3 'brooklyn.parameters' is known but has no effect in this version yet",
        "9:3 the key 'prot' is unknown and has no effect; did you mean 'port'?",
        "10:21 'templates.install' is known but has no effect in this version yet",
        "11:3 'openIptables' is known but has no effect in this version yet",
    ]


def test_locations_come_in_every_form(plan: Callable[[str], Plan]) -> None:
    for text in (
        "location: localhost",
        "locations: [localhost]",
        "location: localhost\nlocations: [localhost]",
        "location: {localhost: }",
        "location:\n  localhost: {user: x}",
    ):
        [root] = plan(f"{text}\nservices: [{{type: web}}]").roots
        assert [location.spec for location in root.locations] == ["localhost"], text
        assert not root.no_locations
    assert plan("location: []\nservices: [{type: web}]").roots[0].no_locations
    assert not plan("location:\nservices: [{type: web}]").roots[0].no_locations


def test_an_anchored_service_is_made_as_often_as_it_is_used(live: Callable[[str], Live]) -> None:
    found = live("services:\n- &w {type: web, id: x}\n- *w\n- *w\n")
    assert [e.plan_id for e in found.entities()] == ["", "x", "x", "x"]


def test_records_name_what_the_blueprint_does_not(live: Callable[[str], Live]) -> None:
    found = live("services:\n- type: web\n- {type: basic-entity, name: 7}\niconUrl: x.png\n")
    assert [e.name for e in found.entities()] == ["Application (e0)", "Web:e1", "7"]
    assert found.applications()[0].tags == [{"kind": "icon_url", "contents": "x.png"}]
    assert [e.parent and e.parent.id for e in found.entities()] == [None, "e0", "e0"]


def test_thousands_of_unknown_types_are_refused_quickly(faults: Callable[[str], list[str]]) -> None:
    many = "services:\n" + "- type: webb\n" * 5_000
    assert len(faults(many)) == 5_000


def test_a_range_of_ports_that_runs_backwards_is_a_fault_also_under_an_undeclared_key(faults):
    text = """\
services:
- type: web
  brooklyn.config:
    http.port: 17200-8190
    other.port: 8080,17200-8190
    third.port: 8080, 18080+
    name.port: http
    range: 17200-8190
"""
    assert faults(text) == [
        "4:16 config 'http.port': the range of ports '17200-8190' runs backwards",
        "5:17 config 'other.port': the range of ports '17200-8190' runs backwards",
    ]


def test_names_that_no_screen_can_show_are_faults_at_their_places(faults) -> None:
    text = f"""\
name: "a\\0b"
services:
- type: web
  name: {"x" * 1001}
  id: "c\\x1b[2J"
- type: web
  name: {"x" * 1000}
"""
    assert faults(text) == [
        "1:7 'name' has the control character U+0000",
        "4:9 'name' is longer than 1,000 characters",
        "5:7 'id' has the control character U+001B",
    ]


def test_a_name_may_be_written_as_a_block_of_text(plan: Callable[[str], Plan]) -> None:
    [root] = plan("name: >\n  Shop of\n  Zoë ✓\nservices:\n- type: web\n").roots
    assert root.name == "Shop of Zoë ✓"
