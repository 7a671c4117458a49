"""What the user reads while the demo goes on: each line with the time since its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.cli.blocks import Heading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.cli.blocks import Table
    from brookline.cli.output import Output
    from brookline.values.pace import Pace

_MARGIN = " " * 10


class Narration:
    """Prints the story on stdout, as it happens."""

    def __init__(self, pace: Pace, out: Output) -> None:
        self._pace = pace
        self._started = pace.monotonic()
        self._out = out

    def title(self, text: str) -> None:
        """Print a heading."""
        self._out.show("", Heading(text))

    def say(self, text: str) -> None:
        """Print what has just happened, with the time."""
        self._out.show(f"{self._pace.monotonic() - self._started:7.2f}s  {text}")

    def seen(self, text: str) -> None:
        """Print what was promised and has been seen."""
        self.say(f"✓ {text}")

    def more(self, lines: Iterable[str]) -> None:
        """Print lines that belong to the last one."""
        for line in lines:
            self._out.show((_MARGIN + line).rstrip())

    def table(self, table: Table) -> None:
        """Print a table, at the left margin: it is wide."""
        self._out.show(table)
