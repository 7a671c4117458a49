"""What an import takes, and what it refuses before anything is changed."""

from __future__ import annotations

import pytest

from brookline.errors import Conflict, InvalidInput
from brookline.journal.records import Records
from brookline.management.archive import Line
from brookline.management.importing import fitting, merged

APP = {"type": "t.App", "name": "shop", "app": "shop000000", "parent": ""}
WEB = {"type": "t.Web", "name": "web", "app": "shop000000", "parent": "shop000000",
       "locations": ["local00000"]}  # fmt: skip
LOCAL = {"name": "localhost", "spec": "localhost"}


def lines(*, local=LOCAL, app=APP, web=WEB, more=()):
    return [
        Line("location", "local00000", local),
        Line("entity", "shop000000", app),
        Line("entity", "web0000000", web),
        Line("sensors", "web0000000", {"service.state": "RUNNING"}),
        Line("spec", "shop000000", {"format": "brooklyn-camp", "text": "name: shop"}),
        *more,
    ]


def test_applications_are_taken_and_the_rest_is_counted():
    fit = fitting(lines(more=[Line("task", "t1", {}), Line("mastership", "1", {})]))
    decision = merged(fit, 5, "told")(Records())

    assert decision.answer == "told"
    assert dict(fit.applications()) == {"shop000000": "shop"}
    assert fit.passed_over == {"task": 1, "mastership": 1}
    assert [(put.kind, put.id) for put in decision.changes] == [
        ("location", "local00000"),
        ("entity", "shop000000"),
        ("entity", "web0000000"),
        ("sensors", "web0000000"),
        ("spec", "shop000000"),
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(lines(app={**APP, "type": 5}), "entity shop000000", id="wrong shape"),
        pytest.param(lines(web={**WEB, "tags": {}}), "entity web0000000", id="wrong field"),
        pytest.param(lines(web={**WEB, "parent": "nobody0000"}), "its parent", id="no parent"),
        pytest.param(lines(app={**APP, "app": "other00000"}), "own application", id="no root"),
        pytest.param(lines(web={**WEB, "app": "other00000"}), "another application", id="other app"),
        pytest.param(lines(web={**WEB, "locations": ["x"]}), "is in location x", id="no location"),
        pytest.param(lines(more=lines()[:1]), "there twice", id="twice"),
        pytest.param(
            lines(more=[Line("sensors", "nobody0000", {})]), "of no entity", id="loose sensors"
        ),
        pytest.param(
            lines(more=[Line("entity", "../etc", APP)]), "has an id that is none", id="bad id"
        ),
    ],
)  # fmt: skip
def test_what_does_not_hold_together_is_refused(given, said):
    with pytest.raises(InvalidInput) as refused:
        fitting(given)

    assert said in refused.value.message


def test_all_that_is_here_already_is_named():
    here = Records()
    here.put("entity", "shop000000", APP)
    here.put("entity", "web0000000", WEB)
    here.put("location", "local00000", {**LOCAL, "spec": "other"})

    with pytest.raises(Conflict) as refused:
        merged(fitting(lines()), 5, "told")(here)

    assert refused.value.details.splitlines() == [
        "application shop (shop000000)",
        "entity web (web0000000)",
        "location localhost (local00000)",
    ]


def test_the_very_same_location_may_be_here():
    here = Records()
    here.put("location", "local00000", LOCAL)

    assert merged(fitting(lines()), 5, "told")(here).changes


def test_what_machines_know_of_the_other_plane_is_left_out():
    guarded = {**LOCAL, "config": {"user": "me", "guard": {"folder": "/g", "id": "x", "boot": "y"}}}
    decision = merged(fitting(lines(local=guarded)), 5, "told")(Records())

    assert decision.changes[0].value["config"] == {"user": "me"}


def test_a_machine_that_is_here_keeps_what_it_knows():
    guarded = {**LOCAL, "config": {"user": "me", "guard": {"folder": "/g", "id": "x", "boot": "y"}}}
    here = Records()
    here.put("location", "local00000", guarded)
    decision = merged(fitting(lines(local=guarded)), 5, "told")(here)

    assert "location" not in {change.kind for change in decision.changes}


def test_what_was_starting_when_it_was_exported_is_on_fire():
    starting = {"service.state.expected": {"state": "STARTING", "timestampUtc": 1}}
    given = lines(more=[Line("sensors", "shop000000", starting)])
    records = Records()

    records.apply(merged(fitting(given), 5, "told")(records).changes)

    sensors = records.get("sensors", "shop000000") or {}
    assert sensors["service.state"] == "ON_FIRE"
    assert "interrupted" in str(sensors["service.problems"])
