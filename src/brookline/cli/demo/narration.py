"""What the user reads while the demo goes on: each line with the time since its beginning."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from brookline.cli.screen import has_colour

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.values.pace import Pace

_MARGIN = " " * 10


class Narration:
    """Prints the story on stdout, as it happens."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._started = pace.monotonic()
        self._colour = has_colour(sys.stdout)

    def title(self, text: str) -> None:
        """Print a heading."""
        click.echo(f"\n{click.style(text, bold=True) if self._colour else text}")

    def say(self, text: str) -> None:
        """Print what has just happened, with the time."""
        click.echo(f"{self._pace.monotonic() - self._started:7.2f}s  {text}")

    def seen(self, text: str) -> None:
        """Print what was promised and has been seen."""
        sign = click.style("✓", fg="green") if self._colour else "✓"
        self.say(f"{sign} {text}")

    def more(self, lines: Iterable[str]) -> None:
        """Print lines that belong to the last one."""
        for line in lines:
            click.echo(_MARGIN + line)
