from __future__ import annotations

import subprocess
import sys
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


def test_what_is_harmless_does_not_load_another_module():
    code = (
        "import sys; from brookline.values.patterns import matching, replaced;"
        r"print(matching(r'.*\.port', ['http.port', 'x']), replaced('-', '+', 'a-b'), 'regex' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "{'http.port'} a+b False\n"


@pytest.mark.parametrize("pattern", ["[", "*", "a{2,1}", "\\"])
def test_a_simple_pattern_may_be_wrong_too(pattern):
    with pytest.raises(ValueError, match="no regular expression"):
        matching(pattern, TYPES)
