"""The page on reliability: each fault has its row, and each test that a row names is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from tests.lab.stores import STORES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "reliability.md").read_text()

FAULTS = 32


def rows():
    table = TEXT.partition("<!-- faults -->")[2].partition("<!-- /faults -->")[0]
    return [
        line.strip("| ").split(" | ") for line in table.splitlines() if re.match(r"\| \d", line)
    ]


def named():
    return sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT)))


def functions_of(path):
    nodes = ast.walk(ast.parse(path.read_text()))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in nodes if isinstance(node, functions)}


def test_each_fault_has_a_row_that_names_a_test():
    assert [int(row[0]) for row in rows()] == list(range(1, FAULTS + 1))
    assert [row[0] for row in rows() if len(row) != 4 or "`tests/" not in row[3]] == []


@pytest.mark.parametrize("name", named())
def test_what_it_names_is_there(name):
    file, _, test = name.partition("::")
    path = ROOT / file

    assert path.exists()
    if test:
        assert test in functions_of(path)


def test_what_it_says_of_one_rule_is_the_name_of_a_story():
    from tests.simulation.directed import STORIES as RULES

    stories = re.findall(r"test_rules_bite\.py` \((\w+)\)", TEXT)
    assert stories
    assert set(stories) <= set(RULES)


def test_it_names_the_stores_of_the_lab():
    assert [store for store in STORES if store not in TEXT.lower()] == []
