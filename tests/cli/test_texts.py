"""Durations, tables, screens: what people read."""

from __future__ import annotations

import io

import pytest

from brookline.cli.moments import duration, moment
from brookline.cli.screen import Screen, has_colour
from brookline.cli.table import render
from brookline.cli.trees import draw, find_application
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


def test_a_table_is_as_wide_as_its_words():
    assert render(("A", "LONG"), [("first", "x"), ("b", "second\nline")]) == [
        "A      LONG",
        "first  x",
        "b      second line",
    ]


def test_a_table_is_cut_to_the_terminal():
    assert render(("A", "B"), [("abcdef", "ghijkl")], width=11) == ["A       B", "abcdef  gh…"]


def test_states_are_coloured_and_still_aligned():
    plain = render(("S", "N"), [("MASTER", "1"), ("x", "2")])
    coloured = render(("S", "N"), [("MASTER", "1"), ("x", "2")], colour=True)
    assert coloured[1] == "\x1b[32mMASTER\x1b[0m  1"
    assert coloured[2] == plain[2]


class Terminal(io.StringIO):
    """What a terminal would be sent."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "colour"),
    [
        ({"TERM": "xterm"}, True),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False),
    ],
)
def test_colour_can_be_switched_off(environment, colour):
    assert has_colour(Terminal(), environment) is colour
    assert has_colour(io.StringIO(), environment) is False


def test_a_screen_replaces_what_it_drew():
    terminal = Terminal()
    screen = Screen(terminal)
    screen.draw(["one", "two"])
    screen.draw(["three"])
    assert terminal.getvalue() == "one\ntwo\n\r\x1b[2A\x1b[0Jthree\n"


def test_a_line_that_stays_stands_above_the_screen():
    terminal = Terminal()
    screen = Screen(terminal)
    screen.draw(["one"])
    screen.say("event")
    screen.draw(["one"])
    assert terminal.getvalue() == "one\n\r\x1b[1A\x1b[0Jevent\none\n"


TREE = {
    "id": "a",
    "name": "Shop",
    "children": [
        {"id": "b", "name": "tier", "children": [{"id": "c", "name": "web"}]},
        {"id": "d", "name": "db"},
    ],
}


def test_a_tree_is_drawn_with_its_branches():
    assert [text for text, _ in draw(TREE, lambda node: node["name"])] == [
        "Shop",
        "├─ tier",
        "│  └─ web",
        "└─ db",
    ]


def test_an_application_is_found_by_id_or_name():
    assert find_application([TREE], "a") is TREE
    assert find_application([TREE], "sHOP") is TREE
    with pytest.raises(NotFound, match="no application 'x'; there are: Shop"):
        find_application([TREE], "x")
    with pytest.raises(InvalidInput, match=r"by its id \(a, z\)"):
        find_application([TREE, TREE | {"id": "z"}], "shop")
