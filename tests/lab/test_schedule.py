"""Schedules come from their seed alone, and have all that is on the menu."""

from __future__ import annotations

from collections import Counter

import pytest
from tests.lab.run import menu
from tests.lab.schedule import DRAWS, STAYS, Deed, draw
from tests.lab.store_faults import OF_A_FOLDER, OF_A_SERVER

NODES = ("n1", "n2", "n3")


def test_a_seed_has_one_schedule():
    assert draw(7, 30.0, list(DRAWS), NODES) == draw(7, 30.0, list(DRAWS), NODES)
    assert draw(7, 30.0, list(DRAWS), NODES) != draw(8, 30.0, list(DRAWS), NODES)


def test_a_longer_run_begins_as_a_shorter_one():
    short, long = draw(7, 10.0, list(DRAWS), NODES), draw(7, 30.0, list(DRAWS), NODES)

    assert [(deed.at, deed.what) for deed in short] == [
        (deed.at, deed.what) for deed in long if deed.at < 10.0
    ]


def test_every_kind_of_fault_comes_and_none_that_is_not_on_the_menu():
    kinds = Counter(deed.what for deed in draw(1, 3000.0, list(DRAWS), NODES))
    assert set(kinds) == set(DRAWS)
    assert all(count > 5 for count in kinds.values())

    few = {deed.what for deed in draw(1, 300.0, ["kill -9", "clock jump"], NODES)}
    assert few == {"kill -9", "clock jump"}


@pytest.mark.parametrize("store_faults", [OF_A_FOLDER, OF_A_SERVER])
def test_the_half_minute_of_the_seed_that_stays_has_every_kind(store_faults):
    kinds = menu(store_faults, moves_clocks=True)

    assert {deed.what for deed in draw(STAYS, 30.0, kinds, NODES) if deed.at < 29.0} == set(kinds)


def test_no_fault_outlasts_the_run():
    assert all(deed.at + deed.lasts <= 30.2 for deed in draw(3, 30.0, list(DRAWS), NODES))


def test_a_deed_tells_itself():
    deed = Deed(1.5, "clock jump", "n1", 2.25, "in", -600.0)

    assert str(deed) == "  1.50 s: clock jump n1 (in) -600 for 2.25 s"
