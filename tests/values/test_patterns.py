from __future__ import annotations

import time

import pytest

from brookline.values.patterns import LIMIT_S, matching, replaced

TYPES = ("org.example.Widget", "org.example.Gadget")


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        pytest.param(".*Widget", {TYPES[0]}, id="end"),
        pytest.param("org", set(), id="whole only"),
        pytest.param(r"org\.example\.(?!W).*", {TYPES[1]}, id="look-ahead"),
        pytest.param(".*", set(TYPES), id="all"),
    ],
)
def test_texts_are_matched_as_a_whole(pattern, found):
    assert matching(pattern, TYPES) == found


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        pytest.param("(", "no regular expression", id="none"),
        pytest.param("a" * 2000, "longer than", id="too long"),
        pytest.param("(a|aa)+$b", "too long to match", id="backtracks"),
    ],
)
def test_what_is_no_pattern_or_takes_too_long_is_refused(pattern, why):
    began = time.thread_time()
    with pytest.raises(ValueError, match=why):
        matching(pattern, ["a" * 200, *TYPES])
    assert time.thread_time() - began < 20 * LIMIT_S  # Python's own would take years


def test_what_matches_is_replaced():
    assert replaced(r"(.)-(.)", r"\g<2>+\g<1>", "a-b c-d") == "b+a d+c"


@pytest.mark.parametrize(
    ("pattern", "replacement", "why"),
    [
        pytest.param("(", "x", "no regular expression", id="none"),
        pytest.param("(a)", r"\g<2>", "does not fit", id="no such group"),
        pytest.param("(a|aa)+$b", "x", "too long to match", id="backtracks"),
    ],
)
def test_a_replacement_that_cannot_be_made_is_refused(pattern, replacement, why):
    with pytest.raises(ValueError, match=why):
        replaced(pattern, replacement, "a" * 200)
