"""The tree of a blueprint's text; each node knows its place."""

from __future__ import annotations

from typing import Any

from brookline.values.coercion import text_of


class Node:
    """A value with its place in the text.

    Attributes:
        at: Its place, see `source.place`.
        size: How many nodes it stands for once its aliases are written out.
    """

    __slots__ = ("at", "size")

    kind = "value"

    def __init__(self, at: int) -> None:
        self.at = at
        self.size = 1

    def plain(self) -> Any:
        """Return the value as JSON; aliases become copies of their own."""
        raise NotImplementedError


class Scalar(Node):
    """A text, number, truth or null.

    Attributes:
        value: What it means.
        text: What is written.
        offset: Columns from `at` to the text itself, such as 1 for a quote; -1 if the text is
            spread over lines.
    """

    __slots__ = ("offset", "text", "value")

    kind = "text"

    def __init__(self, at: int, value: Any, text: str, offset: int) -> None:
        super().__init__(at)
        self.value = value
        self.text = text
        self.offset = offset

    def plain(self) -> Any:
        """Return the value."""
        return self.value

    def name(self) -> str:
        """Return the value as the name of a key: always a text, as in JSON."""
        return "null" if self.value is None else text_of(self.value)


class Sequence(Node):
    """A list."""

    __slots__ = ("items",)

    kind = "list"

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.items: list[Node] = []

    def plain(self) -> Any:
        """Return a list of plain values."""
        return [item.plain() for item in self.items]


class Mapping(Node):
    """A map.

    Attributes:
        entries: Values by the text of their keys, in the order of the text.
        places: Where the keys stand.
    """

    __slots__ = ("entries", "places")

    kind = "map"

    def __init__(self, at: int) -> None:
        super().__init__(at)
        self.entries: dict[str, Node] = {}
        self.places: dict[str, int] = {}

    def plain(self) -> Any:
        """Return a dict of plain values."""
        return {key: node.plain() for key, node in self.entries.items()}

    def get(self, *names: str) -> Node | None:
        """Return the value under the first of these keys that is there, or None."""
        for name in names:
            if name in self.entries:
                return self.entries[name]
        return None
