"""Quorums: how many of some entities must be healthy for the whole to be."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from brookline.errors import InvalidInput

_EPSILON = 1e-6

_WORDS = {
    "all": (0, 1.0, True),
    "allandatleastone": (1, 1.0, False),
    "atleastone": (1, 0.0, False),
    "atleastoneunlessempty": (1, 0.0, True),
    "alwayshealthy": (0, 0.0, True),
    "alwaystrue": (0, 0.0, True),
}


@dataclass(frozen=True, slots=True)
class Quorum:
    """A rule of quorum.

    Attributes:
        least: Number that must be healthy.
        ratio: Part of all that must be healthy, 0 to 1.
        empty_passes: Whether nothing at all is enough.
        points: Pairs (total, required), rising; in place of the other rules if given.
    """

    least: int = 0
    ratio: float = 0.0
    empty_passes: bool = True
    points: tuple[tuple[float, float], ...] = ()

    @classmethod
    def of(cls, value: Any) -> Quorum:
        """Read a quorum: a word, a number, or a list of ``[total, required]`` pairs.

        Raises:
            InvalidInput: If the value is none of these.
        """
        if isinstance(value, Quorum):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return cls(least=value, empty_passes=value <= 0)
        if isinstance(value, str):
            body = value.strip()
            word = _WORDS.get(body.lower().replace("_", ""))
            if word is not None:
                return cls(*word)
            if body.lstrip("-").isdigit():
                return cls.of(int(body))
            value = _listed(body)
        if isinstance(value, list):
            return cls(points=_points(value))
        raise _unreadable(value)

    def holds(self, healthy: int, total: int) -> bool:
        """Tell whether this many of all are enough."""
        if self.points:
            return healthy + _EPSILON >= _required(self.points, total)
        if total == 0 and self.empty_passes:
            return True
        return healthy >= self.least and healthy + _EPSILON >= self.ratio * total


def _listed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError as error:
        raise _unreadable(body) from error


def _points(value: list[Any]) -> tuple[tuple[float, float], ...]:
    try:
        points = sorted((float(total), float(required)) for total, required in value)
    except (TypeError, ValueError) as error:
        raise _unreadable(value) from error
    if len({total for total, _ in points}) < max(2, len(points)):
        raise _unreadable(value)
    return tuple(points)


def _required(points: tuple[tuple[float, float], ...], total: int) -> float:
    """Return the required number by the segment around a total; the outer ones go on."""
    index = next((i for i, (x, _) in enumerate(points[1:-1]) if total <= x), len(points) - 2)
    (x0, y0), (x1, y1) = points[index], points[index + 1]
    return y0 + (total - x0) * (y1 - y0) / (x1 - x0)


def _unreadable(value: Any) -> InvalidInput:
    return InvalidInput(
        f"{value!r} is not a quorum: all, atLeastOne, atLeastOneUnlessEmpty, "
        "allAndAtLeastOne, alwaysHealthy, a number, or a list of [total, required] pairs"
    )
