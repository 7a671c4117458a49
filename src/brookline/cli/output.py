"""What commands print: data on stdout in the form that was asked for, all else on stderr."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from brookline.cli.screen import has_colour, is_terminal
from brookline.cli.table import paint, render, terminal_width

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

FORMS = ("table", "json", "yaml")


class Output:
    """Prints data in one form.

    Attributes:
        form: One of `FORMS`.
        live: Whether stdout is a terminal on which a screen can be redrawn.
    """

    def __init__(self, form: str = "table") -> None:
        self.form = form
        self.live = is_terminal(sys.stdout)
        self._colour = has_colour(sys.stdout)

    def emit(self, value: Any, human: Callable[[], Iterable[str]]) -> None:
        """Print a value as JSON or YAML, or the lines that `human` makes of it."""
        if self.form == "json":
            click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        elif self.form == "yaml":
            click.echo(_yaml(value), nl=False)
        else:
            for line in human():
                click.echo(line)

    def table(self, headers: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
        """Return the lines of a table, fit for where stdout goes."""
        rows = list(rows)
        if not rows:
            self.tell("There are none.")
        width = terminal_width() if self.live else 0
        return render(headers, rows, width=width, colour=self._colour)

    def paint(self, state: str) -> str:
        """Return the word of a state in its colour."""
        return paint(state, colour=self._colour)

    def bold(self, text: str) -> str:
        """Return a text that stands out."""
        return click.style(text, bold=True) if self._colour else text

    def tell(self, text: str) -> None:
        """Say on stderr what happens; scripts that read stdout do not see it."""
        click.echo(text, err=True)


def _yaml(value: Any) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text
