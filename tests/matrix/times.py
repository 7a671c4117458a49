"""How long the cells of the matrix took: said at the end of each run of tests that had some."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.matrix import cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pytest

CELLS = "tests/matrix/test_matrix.py::test_each_command_is_run_once["
MOST_S = 240.0
"""What the choice may take that every run of all tests tries, on two cores with nothing else to do."""


def said(reports: Iterable[pytest.TestReport]) -> str:
    """Return a line about the cells among what was run, or the empty text if there are none."""
    mine = [one for one in reports if one.nodeid.startswith(CELLS)]
    if not mine:
        return ""
    tried = len({one.nodeid for one in mine})
    took_s, at_once = _spanned_s(mine), sum(one.duration for one in mine)
    of = len(cells.every())
    line = f"matrix: {tried} of {of} cells in {took_s:.0f} s ({at_once:.0f} s one after the other)"
    if tried < of and took_s > MOST_S:
        line += f"; a choice may take {MOST_S:.0f} s, on two cores with nothing else to do"
    return line


def _spanned_s(reports: Sequence[pytest.TestReport]) -> float:
    """Return the seconds in which at least one of them was run."""
    spanned, until = 0.0, float("-inf")
    for start, stop in sorted((one.start, one.stop) for one in reports):
        spanned += max(0.0, stop - max(start, until))
        until = max(until, stop)
    return spanned
