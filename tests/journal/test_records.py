from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brookline.journal.notes import joined
from brookline.journal.records import Overlay, Records, changed
from brookline.wire.changes import Change, Drop, Merge, Put

pytestmark = pytest.mark.slow

FIELDS = st.sampled_from("xyz")
VALUES = st.dictionaries(FIELDS, st.integers(0, 3), max_size=3)
KINDS = st.sampled_from(["entity", "task"])
IDS = st.sampled_from("abc")
UNSETS = st.lists(FIELDS, max_size=2, unique=True).map(tuple)
CHANGES = st.one_of(
    st.builds(Put, KINDS, IDS, VALUES),
    st.builds(Merge, KINDS, IDS, VALUES, UNSETS),
    st.builds(Drop, KINDS, IDS),
)
MANY = st.lists(CHANGES, max_size=8)


def shown(view: Records | Overlay) -> dict[str, list[tuple[str, object]]]:
    return {k: [(i, view.get(k, i)) for i in view.ids(k)] for k in ("entity", "task")}


def records(*lots: list[Change]) -> Records:
    made = Records()
    for lot in lots:
        made.apply(lot)
    return made


@given(MANY, MANY)
def test_an_overlay_shows_what_records_will_be(before: list[Change], over: list[Change]) -> None:
    overlay = Overlay(records(before))
    overlay.apply(over)
    assert shown(overlay) == shown(records(before, over))


@given(MANY, MANY, MANY)
def test_overlays_lie_over_one_another(a: list[Change], b: list[Change], c: list[Change]) -> None:
    beneath = Overlay(records(a))
    beneath.apply(b)
    above = Overlay(beneath)
    above.apply(c)
    assert shown(above) == shown(records(a, b, c))


@given(MANY, MANY, MANY)
def test_one_whose_changes_are_applied_shows_the_records(
    a: list[Change], b: list[Change], c: list[Change]
) -> None:
    committed = records(a)
    beneath = Overlay(committed)
    beneath.apply(b)
    above = Overlay(beneath)
    above.apply(c)
    committed.apply(b)
    beneath.rebase(committed)
    assert shown(beneath) == shown(committed)
    assert shown(above) == shown(records(a, b, c))


@given(MANY, MANY)
def test_an_overlay_leaves_what_is_beneath(before: list[Change], over: list[Change]) -> None:
    beneath = records(before)
    Overlay(beneath).apply(over)
    assert shown(beneath) == shown(records(before))


@given(st.none() | VALUES, CHANGES)
def test_a_value_is_never_changed_in_place(value: dict[str, int] | None, change: Change) -> None:
    copy = None if value is None else dict(value)
    changed(value, change)
    assert value == copy


def test_merging_begins_with_nothing_and_unsets_last() -> None:
    assert changed(None, Merge("k", "i", {"x": 1})) == {"x": 1}
    assert changed({"x": 1, "y": 2}, Merge("k", "i", {"z": 3}, ("x", "w"))) == {"y": 2, "z": 3}
    assert changed({"x": 1}, Drop("k", "i")) is None
    assert changed(None, Drop("k", "i")) is None
    assert changed({"x": 1}, Put("k", "i", {"y": 2})) == {"y": 2}


def test_ids_come_in_the_order_of_creation() -> None:
    made = records([Put("entity", i, {}) for i in "bac"], [Put("entity", "b", {"x": 1})])
    assert list(made.ids("entity")) == ["b", "a", "c"]
    made.apply([Drop("entity", "b"), Put("entity", "b", {})])
    assert list(made.ids("entity")) == ["a", "c", "b"]


@given(st.none() | VALUES, st.tuples(CHANGES, CHANGES))
def test_two_changes_join_to_one(value: dict[str, int] | None, pair: tuple[Change, Change]) -> None:
    before, after = pair
    assert changed(value, joined(before, after)) == changed(changed(value, before), after)
