"""Edits of an entity's tags. Each takes the tags and returns them anew, or as they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

Edit = Callable[[list[Any]], list[Any]]
"""Returns the very list that it was given if nothing changes."""


def added(tag: Any) -> Edit:
    """Return the edit that adds a tag, unless there is an equal one."""
    return lambda tags: tags if any(_is_same(tag, other) for other in tags) else [*tags, tag]


def removed(tag: Any) -> Edit:
    """Return the edit that removes a tag."""

    def edit(tags: list[Any]) -> list[Any]:
        left = [other for other in tags if not _is_same(tag, other)]
        return tags if len(left) == len(tags) else left

    return edit


def with_key(key: str, value: Any) -> Edit:
    """Return the edit that sets the tag that is a map with this one key, in its place or at the end."""

    def edit(tags: list[Any]) -> list[Any]:
        is_it = [isinstance(other, dict) and list(other) == [key] for other in tags]
        place = is_it.index(True) if True in is_it else len(tags)
        return [*tags[:place], {key: value}, *tags[place + 1 :]]

    return edit


def _is_same(one: Any, other: Any) -> bool:
    """Tell whether two values are the same JSON, in which 1 is neither 1.0 nor true."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
