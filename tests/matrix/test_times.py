from __future__ import annotations

import pytest
from tests.matrix import cells
from tests.matrix.times import CELLS, said


def report(name, start, stop):
    node, where = f"{name}]", ("f", 1, "t")
    made = pytest.TestReport(node, where, {}, "passed", None, "call", start=start, stop=stop)
    made.duration = stop - start
    return made


def test_what_was_run_beside_each_other_counts_once_and_pauses_do_not():
    ran = [report(f"{CELLS}a", 10, 20), report(f"{CELLS}b", 15, 30), report(f"{CELLS}c", 50, 55)]
    other = report("tests/matrix/test_story.py::test[x", 0, 1000)

    assert said([*ran, other]) == "matrix: 3 of 117 cells in 25 s (30 s one after the other)"


def test_nothing_is_said_if_no_cell_was_run():
    assert said([report("tests/matrix/test_story.py::test[x", 0, 1000)]) == ""


@pytest.mark.parametrize(("count", "warns"), [(39, True), (len(cells.every()), False)])
def test_a_choice_that_takes_too_long_is_told_of(count, warns):
    ran = [report(f"{CELLS}{number}", 10 * number, 10 * number + 10) for number in range(count)]

    assert ("may take 240 s" in said(ran)) == warns
