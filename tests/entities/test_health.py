import pytest

from brookline.entities.health import Report, reported
from brookline.entities.stock import BasicApplication, BasicEntity, BasicStartable
from brookline.model.live import live_of
from brookline.model.service import Lifecycle
from brookline.model.types import Types

TYPES = Types([BasicApplication, BasicEntity, BasicStartable])


def tree(**config):
    """Return an application of two children."""
    records = {
        "app": {"type": BasicApplication.TYPE, "name": "shop", "parent": "", "config": config},
        "a": {"type": BasicStartable.TYPE, "name": "a", "parent": "app", "app": "app"},
        "b": {"type": BasicStartable.TYPE, "name": "b", "parent": "app", "app": "app"},
    }
    return live_of(TYPES, records, {}).entity("app")


def after(entity, report, **sensors):
    """Return the sensors of an entity after a report."""
    before = sensors.get(entity.id, {})
    for change in reported(lambda one: sensors.get(one, {}), entity, report):
        before = {**before, **change.set}
        for name in change.unset:
            before.pop(name)
    return before


RUNS = {"service.state": "RUNNING", "service.isUp": True}
BURNS = {"service.state": "ON_FIRE", "service.isUp": False}
STOPPED = {"service.state": "STOPPED", "service.isUp": False}


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param({}, {}, ("RUNNING", True), id="children-without-a-state-do-not-count"),
        pytest.param(RUNS, RUNS, ("RUNNING", True), id="all-run"),
        pytest.param(RUNS, STOPPED, ("RUNNING", True), id="a-stopped-one-does-not-count"),
        pytest.param(RUNS, BURNS, ("ON_FIRE", False), id="one-burns"),
    ],
)
def test_an_application_is_as_well_as_its_children(a, b, expected):
    app = tree()
    sensors = after(app, Report(expected=Lifecycle.RUNNING), a=a, b=b)
    assert (sensors["service.state"], sensors["service.isUp"]) == expected


def test_before_it_was_started_nothing_is_known_of_it():
    assert after(tree(), Report({"x": 1}), a=BURNS) == {"x": 1}


def test_keys_of_maps_are_set_and_cleared_singly():
    app = tree()
    first = after(app, Report(problems={"x": "bad", "y": "worse"}))
    second = after(app, Report(problems={"x": None}), app=first)
    assert second["service.problems"] == {"y": "worse"}
    assert second["service.state"] == "ON_FIRE"


def test_what_is_as_it_was_changes_nothing():
    app = tree()
    once = after(app, Report(expected=Lifecycle.STOPPED))
    again = reported(lambda _one: once, app, Report({"service.state": "STOPPED"}))
    assert again == []


def test_true_is_not_one():
    app = tree()
    [change] = reported(lambda _one: {"x": 1}, app, Report({"x": True}))
    assert change.set == {"x": True}


def test_a_sensor_can_be_unset():
    app = tree()
    [change] = reported(lambda _one: {"x": 1}, app, Report(unset=("x",)))
    assert change.unset == ("x",)


def test_nothing_is_reported_of_an_entity_that_is_gone():
    assert reported(lambda _one: None, tree(), Report({"x": 1})) == []


def test_a_quorum_that_cannot_be_read_counts_as_all():
    app = tree(**{"quorum.up": "most"})
    sensors = after(app, Report(expected=Lifecycle.RUNNING), a=RUNS, b=BURNS)
    assert sensors["service.isUp"] is False
