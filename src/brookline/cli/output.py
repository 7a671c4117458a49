"""What commands print: data on stdout in the form that was asked for, all else on stderr.

Only a terminal is drawn on. What goes into a pipe or a file is plain text, whatever the terminal
beside it can do.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import TYPE_CHECKING, Any, TextIO

import click

from brookline.cli import plain
from brookline.cli.blocks import Table, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from brookline.cli.blocks import Block
    from brookline.cli.terminal import Screen, Terminal

FORMS = ("table", "json", "yaml")


class Output:
    """Prints data in one form, and tells what happens.

    Attributes:
        form: One of `FORMS`.
    """

    def __init__(self, form: str = "table", *, colour: bool = True) -> None:
        self.form = form
        self._colour = colour and not os.environ.get("NO_COLOR")
        self._terminals: dict[TextIO, Terminal] = {}

    def emit(self, value: Any, human: Callable[[], Iterable[Block]]) -> None:
        """Print a value as JSON or YAML, or the blocks that `human` makes of it."""
        if self.form == "table":
            self.show(*human())
        elif self.form == "json":
            click.echo(json.dumps(value, indent=2, ensure_ascii=False))
        else:
            click.echo(_yaml(value), nl=False)

    def append(self, value: Any) -> None:
        """Print one of several values: as a line of JSON, or as a document of YAML."""
        if self.form == "yaml":
            click.echo(f"---\n{_yaml(value)}", nl=False)
        else:
            click.echo(json.dumps(value, ensure_ascii=False))

    def show(self, *blocks: Block) -> None:
        """Print blocks on stdout."""
        for block in blocks:
            self._print(block, sys.stdout)

    def tell(self, *blocks: Block) -> None:
        """Say on stderr what happens; scripts that read stdout do not see it."""
        for block in blocks:
            self._print(block, sys.stderr)

    def screen(self, stream: TextIO) -> contextlib.AbstractContextManager[Screen | None]:
        """Return a screen to redraw in place, or None where lines can only be appended."""
        if self.form != "table" or not _is_drawn_on(stream):
            return contextlib.nullcontext()
        return self._terminal(stream).screen()

    def _print(self, block: Block, stream: TextIO) -> None:
        if isinstance(block, Table) and not block.rows:
            click.echo("There are none.", err=True)
        if isinstance(block, str) or not _is_drawn_on(stream):  # a long line is not to be broken
            for line in plain.lines(block):
                as_it_is = not stream.isatty()
                click.echo(line if as_it_is else visible(line), file=stream, color=as_it_is)
        else:
            self._terminal(stream).show(block)

    def _terminal(self, stream: TextIO) -> Terminal:
        from brookline.cli.terminal import Terminal

        if stream not in self._terminals:
            self._terminals[stream] = Terminal(stream, colour=self._colour)
        return self._terminals[stream]


def is_terminal(stream: TextIO, environment: Mapping[str, str] = os.environ) -> bool:
    """Tell whether a stream is a terminal on which the cursor can be moved."""
    return stream.isatty() and environment.get("TERM", "") not in ("", "dumb", "unknown")


def _is_drawn_on(stream: TextIO) -> bool:
    return is_terminal(sys.stdout) and is_terminal(stream)


def _yaml(value: Any) -> str:
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True)
    return text.removesuffix("...\n")  # the mark after a bare word, of which no reader is in need
