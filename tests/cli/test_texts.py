"""Durations and times as people read them, and names as they write them."""

from __future__ import annotations

import pytest

from brookline.cli.moments import duration, moment
from brookline.cli.trees import find_application
from brookline.errors import InvalidInput, NotFound


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, "-"),
        (0, "0ms"),
        (99, "99ms"),
        (400, "0.4s"),
        (31_800, "31.8s"),
        (125_000, "2m 05s"),
        (3_600_000 * 3 + 7 * 60_000, "3h 07m"),
        (86_400_000 * 4 + 3_600_000 * 2, "4d 2h"),
    ],
)
def test_durations_are_short(ms, text):
    assert duration(ms) == text


def test_a_time_of_another_day_has_its_date():
    now_ms = 1_800_000_000_000
    assert len(moment(now_ms - 1000, now_ms)) == len("10:02:11")
    assert moment(now_ms - 400 * 86_400_000, now_ms).startswith("2025-")
    assert moment(None, now_ms) == "-"


TREE = {
    "id": "a",
    "name": "Shop",
    "children": [
        {"id": "b", "name": "tier", "children": [{"id": "c", "name": "web"}]},
        {"id": "d", "name": "db"},
    ],
}


def test_an_application_is_found_by_id_or_name():
    assert find_application([TREE], "a") is TREE
    assert find_application([TREE], "sHOP") is TREE
    with pytest.raises(NotFound, match="no application 'x'; there are: Shop"):
        find_application([TREE], "x")
    with pytest.raises(InvalidInput, match=r"by its id \(a, z\)"):
        find_application([TREE, TREE | {"id": "z"}], "shop")
