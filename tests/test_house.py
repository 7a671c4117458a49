"""The house's own rules: rooms that do not grow past what one can hold in the head."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / "src" / "brookline").rglob("*.py"))
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_POSITIONAL = 5


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text())
    return [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT / "src" / "brookline"))


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_is_one_concept(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_functions_are_short_and_take_few_arguments(path: Path) -> None:
    for function in _functions(path):
        length = (function.end_lineno or 0) - function.lineno + 1
        assert length <= MOST_FUNCTION_LINES, f"{function.name} has {length} lines"
        positional = [a for a in function.args.args if a.arg not in ("self", "cls")]
        assert len(positional) <= MOST_POSITIONAL, (
            f"{function.name} takes {len(positional)} arguments"
        )


def test_all_rooms_are_on_the_map() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rooms = [
        p.parent.name for p in SOURCES if p.name == "__init__.py" and p.parent.name != "brookline"
    ]
    assert [room for room in rooms if f"`{room}/`" not in text] == []
