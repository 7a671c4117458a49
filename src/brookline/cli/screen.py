"""Output that changes: redrawn in place on a terminal, appended anywhere else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TextIO

import click

from brookline.cli.table import terminal_width

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_UP = "\x1b[{}A"
_CLEAR_BELOW = "\x1b[0J"


def is_terminal(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a stream is a terminal that understands cursor movements."""
    environment = os.environ if environment is None else environment
    return stream.isatty() and environment.get("TERM", "") != "dumb"


def has_colour(stream: TextIO, environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether to colour a stream: a terminal, and nobody set ``NO_COLOR``."""
    environment = os.environ if environment is None else environment
    return is_terminal(stream, environment) and not environment.get("NO_COLOR")


class Screen:
    """A block of lines at the end of a terminal's output that is drawn over and over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._height = 0

    def draw(self, lines: Sequence[str]) -> None:
        """Replace the block by these lines, cut to the terminal's width."""
        room = terminal_width()
        self._rub_out()
        for line in lines:
            self._stream.write(_fit(line, room) + "\n")
        self._height = len(lines)
        self._stream.flush()

    def say(self, line: str) -> None:
        """Write a line above the block that stays."""
        self._rub_out()
        self._height = 0
        self._stream.write(line + "\n")

    def _rub_out(self) -> None:
        if self._height:
            self._stream.write("\r" + _UP.format(self._height) + _CLEAR_BELOW)


def _fit(line: str, room: int) -> str:
    """Cut a line so that it does not wrap; one with colours is cut without them."""
    plain = click.unstyle(line)
    return line if len(plain) <= room else plain[: room - 1] + "…"
