"""Tables of plain text: columns two blanks apart, states in colour where there is one."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

GAP = "  "

_COLOURS = {
    "MASTER": "green",
    "RUNNING": "green",
    "Completed": "green",
    "pass": "green",
    "INITIALIZING": "yellow",
    "STARTING": "yellow",
    "STOPPING": "yellow",
    "ACCEPTED": "yellow",
    "In progress": "yellow",
    "warn": "yellow",
    "FAILED": "red",
    "ON_FIRE": "red",
    "ERROR": "red",
    "Failed": "red",
    "Cancelled": "red",
    "fail": "red",
    "TERMINATED": "bright_black",
    "STOPPED": "bright_black",
}


def render(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, width: int = 0, colour: bool = False
) -> list[str]:
    """Return the lines of a table.

    Args:
        headers: Of the columns, in capitals.
        rows: One text for each column; line breaks become blanks.
        width: Columns of the terminal, to which lines are cut; 0 for as long as they are.
        colour: Whether states are coloured; their words say the same.
    """
    cells = [[" ".join(text.splitlines()) for text in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(headers, *cells, strict=True)]
    lines = [_line(headers, widths, width=width, colour=False)]
    lines += [_line(row, widths, width=width, colour=colour) for row in cells]
    return lines


def paint(text: str, *, colour: bool) -> str:
    """Return the word of a state in its colour."""
    name = _COLOURS.get(text.strip())
    return click.style(text, fg=name) if colour and name else text


def terminal_width() -> int:
    """Return the columns of the terminal."""
    return shutil.get_terminal_size().columns


def _line(row: Sequence[str], widths: Sequence[int], *, width: int, colour: bool) -> str:
    line, used = "", 0
    for text, wide in zip(row, widths, strict=True):
        room = max(0, min(wide, width - used)) if width else wide
        cell = _cut(text, room).ljust(room)
        line += paint(cell, colour=colour) + GAP
        used += len(cell) + len(GAP)
    return line.rstrip()


def _cut(text: str, room: int) -> str:
    if len(text) <= room:
        return text
    return text[: room - 1] + "…" if room > 1 else ""
