"""How deeply lists and maps lie in each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

DEEPEST = 100
"""Lists and maps inside each other; a deeper value could be stored and then break its readers.

Source: the limit of Brooklyn's rendering of values.
"""


def is_shallow(value: Any) -> bool:
    """Tell whether no more than `DEEPEST` lists and maps lie in each other."""
    level = [value]
    for _ in range(DEEPEST):
        level = [
            inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)
        ]
        if not level:
            return True
    return False


def _inside(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
