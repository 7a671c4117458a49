"""Figures: what a row of the table has measured, against what it should be."""

from __future__ import annotations

import dataclasses
import math
import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    Combine = Callable[[Sequence[float]], float]

UNKNOWN = "-"


class CannotMeasure(Exception):
    """Something is missing on this machine; the message says what and how to get it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: What was measured.
        brooklyn: What a real Brooklyn 1.1.0 measured on such a machine.
        target: What it should be here.
        here: What it is.
        met: Whether that is good enough; None where nothing is asked.
        rounds: What each round measured, in the unit of `here`.
    """

    what: str
    brooklyn: str
    target: str
    here: str
    met: bool | None
    rounds: tuple[float, ...]

    @property
    def verdict(self) -> str:
        return {True: "met", False: "MISSED", None: ""}[self.met]


@dataclasses.dataclass(frozen=True, slots=True)
class Setting:
    """Where and how often rows are measured.

    Attributes:
        folder: For homes and stores, on the disk that is measured.
        rounds: How often each row is; the table shows medians.
    """

    folder: Path
    rounds: int


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """A part of the table that is measured together.

    Attributes:
        name: For ``--only``.
        measure: Measures it.
    """

    name: str
    measure: Callable[[Setting], Sequence[Figure]]

    @property
    def about(self) -> str:
        """The first line of what `measure` says of itself."""
        return (self.measure.__doc__ or "").partition("\n")[0]


def at_most(
    what: str,
    rounds: Sequence[float],
    limit: float,
    *,
    form: str,
    brooklyn: str = UNKNOWN,
    combine: Combine = statistics.median,
) -> Figure:
    """Return a figure that should not be above `limit`.

    Args:
        what: What was measured.
        rounds: What each round measured.
        limit: In the same unit.
        form: How a value is written, such as ``{:.2f} s``.
        brooklyn: What Brooklyn measured.
        combine: Makes one value of the rounds'.
    """
    value = combine(rounds)
    return Figure(
        what, brooklyn, f"≤ {form.format(limit)}", form.format(value), value <= limit, tuple(rounds)
    )


def at_least(
    what: str, rounds: Sequence[float], limit: float, *, form: str, brooklyn: str = UNKNOWN
) -> Figure:
    """Return a figure that should not be below `limit`; see `at_most`."""
    value = statistics.median(rounds)
    return Figure(
        what, brooklyn, f"≥ {form.format(limit)}", form.format(value), value >= limit, tuple(rounds)
    )


def told(what: str, rounds: Sequence[float], *, form: str, brooklyn: str = UNKNOWN) -> Figure:
    """Return a figure that is shown for scale; nothing is asked of it."""
    here = form.format(statistics.median(rounds))
    return Figure(what, brooklyn, "", here, None, tuple(rounds))


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that at least this share of all does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def table(figures: Sequence[Figure]) -> str:
    """Return figures as a table for people."""
    head = ("what", "Brooklyn 1.1.0", "target", "here", "verdict", "rounds")
    rows = ((f.what, f.brooklyn, f.target, f.here, f.verdict, str(len(f.rounds))) for f in figures)
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in (lines[0], rule, *lines[1:])
    )
