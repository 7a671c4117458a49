"""What the checker finds."""

from __future__ import annotations

from typing import NamedTuple


class Violation(NamedTuple):
    """A promise that was not kept.

    Attributes:
        rule: Which, in one word or two.
        text: What was seen, for people.
        where: Client or node in whose row the picture shows it.
        at: When, in seconds since the beginning; negative if that is not known.
    """

    rule: str
    text: str
    where: str = ""
    at: float = -1.0

    def __str__(self) -> str:
        return f"{self.rule}: {self.text}"
