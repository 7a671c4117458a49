from brookline.entities.unmanage import unmanaged
from brookline.journal.records import Records


def records():
    made = Records()
    made.put("location", "local", {"name": "localhost", "config": {}})
    made.put("location", "own", {"name": "localhost", "config": {}})
    made.put("location", "m1", {"parent": "own", "config": {"entity": "web"}})
    made.put("location", "m2", {"parent": "local", "config": {"entity": "other"}})
    made.put("entity", "app", {"parent": "", "locations": ["local"]})
    made.put("entity", "group", {"parent": "app", "locations": ["own"]})
    made.put("entity", "web", {"parent": "group", "locations": ["m1"]})
    made.put("entity", "other", {"parent": "app", "locations": ["m2"]})
    made.put("sensors", "web", {"x": 1})
    made.put("spec", "app", {"text": ""})
    return made


def left(made, entity_id):
    made.apply(unmanaged(made, entity_id))
    return {kind: sorted(made.ids(kind)) for kind in ("entity", "sensors", "location", "spec")}


def test_what_is_below_goes_with_its_own_locations_and_machines():
    assert left(records(), "group") == {
        "entity": ["app", "other"],
        "sensors": [],
        "location": ["local", "m2"],
        "spec": ["app"],
    }


def test_an_application_leaves_nothing():
    assert set(map(tuple, left(records(), "app").values())) == {()}


def test_a_location_stays_as_long_as_somebody_has_a_machine_of_it():
    made = records()
    made.put("location", "m2", {"parent": "own", "config": {"entity": "other"}})
    assert left(made, "group")["location"] == ["local", "m2", "own"]


def test_what_is_gone_already_changes_nothing():
    assert unmanaged(records(), "nobody") == []


def test_the_ports_of_what_goes_are_free_on_a_machine_that_stays():
    made = records()
    ports = {"web": {"http.port": 8080}, "other": {"http.port": 8081}}
    made.put("location", "local", {"name": "host", "config": {"host": "h", "ports": ports}})

    made.apply(unmanaged(made, "web"))

    assert (made.get("location", "local") or {})["config"] == {
        "host": "h", "ports": {"other": {"http.port": 8081}},
    }  # fmt: skip
