"""Blocks as plain text: the same wherever it goes, so that programs can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from brookline.cli.blocks import Heading, Table, on_a_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from brookline.cli.blocks import Block

GAP = "  "
"""Between columns, and before a name for each step down a tree."""


def lines(block: Block) -> Iterator[str]:
    """Yield the lines of a block; a row is one line, however long."""
    match block:
        case str():
            yield block
        case Heading():
            yield GAP.join(map(on_a_line, (block.title, *block.rest)))
        case Table():
            yield from _columns([block.headers, *_rows(block)])
        case _:
            assert_never(block)


def _rows(table: Table) -> Iterator[list[str]]:
    for number, row in enumerate(table.rows):
        cells = list(map(on_a_line, row))
        if table.depths:
            cells[0] = GAP * table.depths[number] + cells[0]
        yield cells


def _columns(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield GAP.join(cells).rstrip()
