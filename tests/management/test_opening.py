from __future__ import annotations

from typing import Any

import pytest

from brookline.journal.records import Records
from brookline.management.opening import opening
from brookline.wire.changes import Put


def after(*puts: Put) -> tuple[Records, tuple[str, ...]]:
    """Return the records and the names of what was cut off, as a new epoch begins with them."""
    records = Records()
    records.apply(puts)
    found = opening(records, 99)
    for item in found.items:
        records.apply(item.changes)
    return records, found.interrupted


def sensors(state: str, **more: Any) -> dict[str, Any]:
    return {"service.state.expected": {"state": state, "timestampUtc": 1}, **more}


@pytest.mark.parametrize("state", ["STARTING", "STOPPING"])
def test_what_was_under_way_is_on_fire_and_says_why(state: str) -> None:
    before = sensors(
        state, **{"service.problems": {"mine": "kept"}, "service.notUp.indicators": {}}
    )
    records, _ = after(Put("entity", "e", {"name": "E"}), Put("sensors", "e", before))
    now = records.get("sensors", "e")
    assert now is not None
    assert now["service.state.expected"] == {"state": "ON_FIRE", "timestampUtc": 99}
    assert now["service.state"] == "ON_FIRE"
    assert now["service.isUp"] is False
    assert now["service.problems"]["mine"] == "kept"
    word = "start" if state == "STARTING" else "stop"
    assert f"its {word} was interrupted" in now["service.problems"]["interrupted"]


@pytest.mark.parametrize("state", ["RUNNING", "STOPPED", "ON_FIRE", "CREATED"])
def test_what_rested_is_left_alone(state: str) -> None:
    before = sensors(state)
    records, names = after(Put("entity", "e", {"name": "E"}), Put("sensors", "e", before))
    assert records.get("sensors", "e") == before
    assert names == ()


def test_sensors_without_an_entity_are_left_alone() -> None:
    before = sensors("STARTING")
    records, _ = after(Put("sensors", "e", before), Put("sensors", "f", {}))
    assert records.get("sensors", "e") == before


def test_unfinished_operations_are_named() -> None:
    records, names = after(
        Put("task", "t1", {"name": "start", "entityName": "shop", "status": "running"}),
        Put("task", "t2", {"name": "part", "parent": "t1", "status": "running"}),
        Put("task", "t3", {"name": "old", "status": "completed"}),
    )
    assert names == ("start of shop",)
    assert [records.get("task", t)["status"] for t in ("t1", "t2", "t3")] == [  # type: ignore[index]
        "interrupted",
        "interrupted",
        "completed",
    ]


def test_a_plane_without_unfinished_work_opens_with_nothing() -> None:
    assert opening(Records(), 1) == ((), ())
