"""What the client raises over what it did not think of: nothing that `except Exception` would see."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_PANIC = "PanicException"
"""Its class is in no module that could be imported."""


class Panicked(ValueError):
    """The client could not go on; what it was about to do may have happened."""


def without_panic(call: Callable[[], T]) -> T:
    """Return what a call returns.

    Raises:
        Panicked: If the client panics in it.
    """
    try:
        return call()
    except BaseException as problem:
        if type(problem).__name__ != _PANIC:
            raise
        # Not chained: what shows a chain would show the client's source.
        raise Panicked(f"the client of object stores failed: {problem}") from None
