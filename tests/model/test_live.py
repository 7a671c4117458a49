from __future__ import annotations

import pytest

from brookline.errors import NotFound
from brookline.model.bus import Event, Happening
from brookline.model.entity import Entity
from brookline.model.live import Live, live_of
from brookline.model.types import Types


class Thing(Entity):
    TYPE = "org.example.Thing"


class Other(Entity):
    TYPE = "org.example.Other"


TYPES = Types([Thing, Other])


def record(name: str, parent: str = "", **more: object) -> dict[str, object]:
    return {"app": "aa", "parent": parent, "type": Thing.TYPE, "name": name, **more}


@pytest.fixture
def live() -> Live:
    records = {
        "aa": record("Shop"),
        "b": record("web", "aa", planId="web"),
        "c": record("db", "aa"),
        "d": record("web", "c", planId="web"),
        "zz": {**record("shop 2"), "app": "zz"},
    }
    return live_of(TYPES, records, {"b": {"x": 1}})


def test_it_gives_applications_trees_and_entities(live: Live) -> None:
    assert [app.id for app in live.applications()] == ["aa", "zz"]
    shop = live.applications()[0]
    assert [child.id for child in shop.children] == ["b", "c"]
    assert [entity.id for entity in shop.descendants()] == ["b", "c", "d"]
    d = live.entity("d")
    assert d is not None
    assert d.application is shop
    assert [above.id for above in d.ancestors()] == ["c", "aa"]
    assert len(live) == 5


def test_applications_are_found_by_id_or_name_in_any_case(live: Live) -> None:
    assert live.application_named("aa").id == "aa"
    assert live.application_named("SHOP 2").id == "zz"
    with pytest.raises(NotFound):
        live.application_named("b")


def test_entities_are_found_by_id_or_by_name_depth_first(live: Live) -> None:
    shop = live.application_named("aa")
    assert live.entity_named(shop, "d").id == "d"
    assert live.entity_named(shop, "web").id == "b"
    assert live.entity_named(shop, "aa").id == "aa"
    with pytest.raises(NotFound):
        live.entity_named(shop, "nothing")


def test_plan_ids_are_found_within_their_application(live: Live) -> None:
    assert [e.id for e in live.with_plan_id("aa", "web")] == ["b", "d"]
    assert live.with_plan_id("zz", "web") == ()
    live.build("b", record("web", "aa", planId="other"), {})
    live.remove("d")
    assert live.with_plan_id("aa", "web") == ()
    assert [e.id for e in live.with_plan_id("aa", "other")] == ["b"]


def test_each_change_raises_the_versions_of_what_it_concerns(live: Live) -> None:
    b, c, app = (live.entity(i) for i in ("b", "c", "aa"))
    assert b
    assert c
    assert app
    before = (b.version, c.version, app.version, live.version)
    live.set_sensors("b", {"x": 2})
    assert b.version > before[3]
    assert (c.version, app.version) == before[1:3]
    live.build("e", record("new", "aa"), {})
    assert app.version > before[2]
    renamed = live.version
    live.build("c", record("renamed", "aa"), {})
    assert c.version > renamed
    assert c.name == "renamed"


def test_what_is_removed_is_gone_from_everywhere(live: Live) -> None:
    shop = live.application_named("aa")
    live.remove("d")
    live.remove("c")
    assert [e.id for e in shop.descendants()] == ["b"]
    live.remove("b")
    live.remove("aa")
    live.remove("aa")
    assert [app.id for app in live.applications()] == ["zz"]
    live.clear()
    assert (len(live), live.applications()) == (0, ())


def test_a_change_of_type_replaces_the_object_in_its_place(live: Live) -> None:
    live.build("c", {**record("db", "aa"), "type": Other.TYPE}, {})
    c = live.entity("c")
    assert isinstance(c, Other)
    assert [e.id for e in live.application_named("aa").descendants()] == ["b", "c", "d"]
    d = live.entity("d")
    assert d is not None
    assert d.parent is c


def test_listeners_hear_of_changes_until_they_stop(live: Live) -> None:
    heard: list[tuple[Happening, str, str]] = []
    of_b: list[str] = []

    def note(event: Event) -> None:
        heard.append((event.happening, event.entity.id, event.sensor))

    stop = live.bus.listen(note)
    stop_b = live.bus.listen(lambda event: of_b.append(event.sensor), "b")
    live.set_sensors("b", {"x": 1, "y": 2})
    live.set_sensors("c", {"z": 1})
    live.build("e", record("new", "c"), {})
    live.remove("e")
    live.set_sensors("nobody", {"x": 1})
    stop_b()
    live.set_sensors("b", {})
    stop()
    live.remove("b")
    assert heard == [
        (Happening.SENSOR_CHANGED, "b", "y"),
        (Happening.SENSOR_CHANGED, "c", "z"),
        (Happening.ENTITY_ADDED, "e", ""),
        (Happening.ENTITY_REMOVED, "e", ""),
        (Happening.SENSOR_CHANGED, "b", "x"),
        (Happening.SENSOR_CHANGED, "b", "y"),
    ]
    assert of_b == ["y"]
    assert not live.bus.heard


def test_locations_are_those_of_the_nearest_that_has_some() -> None:
    live = live_of(
        TYPES,
        {
            "aa": record("app", locations=["l1"]),
            "b": record("b", "aa"),
            "c": record("c", "b", locations=["l2"]),
            "d": record("d", "b", noLocations=True),
            "e": record("e", "d"),
        },
        {},
    )
    found = {entity.id: list(entity.effective_locations()) for entity in live.entities()}
    assert found == {"aa": ["l1"], "b": ["l1"], "c": ["l2"], "d": [], "e": []}


def test_locations_are_kept_in_step_with_their_records() -> None:
    live = Live(TYPES)
    live.build_location("l1", {"name": "here", "spec": "localhost", "config": {"a": 1}})
    found = live.location("l1")
    assert found is not None
    assert (found.name, found.spec, found.config) == ("here", "localhost", {"a": 1})
    live.remove_location("l1")
    assert live.location("l1") is None


def test_each_entity_says_what_it_is(live: Live) -> None:
    web = live.entity("b")
    assert web is not None
    assert web.sensors == {"x": 1, "entity.id": "b", "application.id": "aa"}
    heard: list[str] = []
    live.bus.listen(lambda event: heard.append(event.sensor))

    live.set_sensors("b", {"x": 2})

    assert heard == ["x"]
    assert web.sensors["entity.id"] == "b"
    live.build("e", record("item", "aa", catalogItemId="item:1.0"), {})
    item = live.entity("e")
    assert item is not None
    assert item.sensors["catalog.id"] == "item:1.0"
