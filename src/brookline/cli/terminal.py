"""Blocks on a terminal, drawn by rich; imported only when there is a terminal to draw on."""

from __future__ import annotations

import contextlib
import signal
from typing import TYPE_CHECKING, TextIO, assert_never

from rich.cells import cell_len
from rich.console import Console, Group
from rich.table import Table as Grid
from rich.text import Text

from brookline.cli.blocks import Heading, Table, on_a_line, visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rich.console import RenderableType
    from rich.live import Live
    from rich.tree import Tree

    from brookline.cli.blocks import Block

GAP = 2
"""Blanks between columns."""

FOLDED = 16
"""Width below which a column that may fold is not pressed while another can be spared."""

STYLES = {
    "MASTER": "green",
    "RUNNING": "green",
    "Completed": "green",
    "up": "green",
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
    "Interrupted": "red",
    "down": "red",
    "fail": "red",
    "was MASTER": "bright_black",
    "TERMINATED": "bright_black",
    "STOPPED": "bright_black",
}
"""Of words of states, which say the same without."""


class Terminal:
    """Draws blocks on a stream that is a terminal."""

    def __init__(self, stream: TextIO, *, colour: bool) -> None:
        self._console = Console(
            file=stream,
            force_terminal=True,
            color_system="auto" if colour else None,
            markup=False,
            highlight=False,
            emoji=False,
        )

    def show(self, block: Block) -> None:
        """Print a block."""
        self._console.print(self.drawn(block))

    @contextlib.contextmanager
    def screen(self) -> Iterator[Screen]:
        """Redraw blocks in place while this lasts; the last drawing stays."""
        from rich.live import Live

        live = Live(
            console=self._console, auto_refresh=False, redirect_stdout=False, redirect_stderr=False
        )
        with _ended_in_order(), live:
            yield Screen(self._console, live, self.drawn)

    def drawn(self, block: Block) -> RenderableType:
        """Return what rich makes of a block."""
        match block:
            case str():
                return Text(on_a_line(block), overflow="fold")
            case Heading():
                title = Text(on_a_line(block.title), "bold")
                return Text("  ").join([title, *map(_word, block.rest)])
            case Table():
                return self._grid(block)
            case _:
                assert_never(block)

    def _grid(self, table: Table) -> Grid:
        columns = [list(map(_word, column)) for column in zip(*table.rows, strict=True)]
        columns = columns or [[] for _ in table.headers]
        if table.depths:
            columns[0] = self._tree([row[0] for row in table.rows], table.depths)
        grid = Grid(box=None, padding=(0, GAP, 0, 0), pad_edge=False, header_style="bold")
        shown = _fitting(table, columns, self._console.width)
        for number in shown:
            folds = table.headers[number] in table.folds
            grid.add_column(
                table.headers[number], no_wrap=not folds, overflow="fold" if folds else "ellipsis"
            )
        for row in zip(*(columns[number] for number in shown), strict=True):
            grid.add_row(*row)
        return grid

    def _tree(self, names: Sequence[str], depths: Sequence[int]) -> list[Text]:
        """Return each name behind the branches that lead to it."""
        from rich.tree import Tree

        roots: list[Tree] = []
        path: list[Tree] = []
        for name, depth in zip(names, depths, strict=True):
            label = Text(on_a_line(name))
            node = path[depth - 1].add(label) if depth else Tree(label)
            if not depth:
                roots.append(node)
            path[depth:] = [node]
        return [line for root in roots for line in self._lines(root)]

    def _lines(self, tree: Tree) -> Iterator[Text]:
        wide = self._console.options.update(width=10_000)
        for line in self._console.render_lines(tree, wide, pad=False):
            yield Text.assemble(*((part.text, part.style or "") for part in line))


class Screen:
    """The end of a terminal's output, drawn over and over."""

    def __init__(
        self, console: Console, live: Live, drawn: Callable[[Block], RenderableType]
    ) -> None:
        self._console = console
        self._live = live
        self._drawn = drawn
        self._width = console.width

    def draw(self, blocks: Iterable[Block]) -> None:
        """Replace what was drawn before; what does not fit on the terminal is left out."""
        if self._width != self._console.width:  # the terminal has broken our lines anew
            self._width = self._console.width
            self._console.clear()
        self._live.update(Group(*map(self._drawn, blocks)), refresh=True)


def _word(text: str) -> Text:
    return Text(visible(text), STYLES.get(text, ""))


def _fitting(table: Table, columns: Sequence[Sequence[Text]], room: int) -> list[int]:
    """Return the numbers of the columns to show: without spare ones where there is no room."""
    widths = [
        max(map(cell_len, (header, *(line for text in column for line in text.plain.split("\n")))))
        for header, column in zip(table.headers, columns, strict=True)
    ]
    least = [
        min(width, FOLDED) if header in table.folds else width
        for header, width in zip(table.headers, widths, strict=True)
    ]
    shown = list(range(len(widths)))
    for header in table.spare:
        if sum(least[number] + GAP for number in shown) - GAP <= room:
            break
        shown.remove(table.headers.index(header))
    return shown


@contextlib.contextmanager
def _ended_in_order() -> Iterator[None]:
    """Let SIGTERM unwind, as Ctrl-C does: the cursor, hidden meanwhile, is shown again."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
