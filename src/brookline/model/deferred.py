"""Deferred values: expressions in a config tree that are evaluated when they are used."""

from __future__ import annotations

from typing import Any

PREFIX = "$brooklyn:"


def is_deferred(value: Any) -> bool:
    """Tell whether this very value is an expression, in its text or its map form."""
    if isinstance(value, str):
        return value.startswith(PREFIX)
    if isinstance(value, dict) and len(value) == 1:
        key = next(iter(value))
        return isinstance(key, str) and key.startswith(PREFIX)
    return False


def has_deferred(value: Any) -> bool:
    """Tell whether an expression occurs anywhere in a value."""
    if is_deferred(value):
        return True
    if isinstance(value, dict):
        return any(has_deferred(item) for item in value.values())
    if isinstance(value, list):
        return any(has_deferred(item) for item in value)
    return False
