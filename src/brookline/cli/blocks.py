"""What commands show to people, before it is known how it will be drawn.

A block is a line of text, a `Heading` or a `Table`. `plain` writes blocks for pipes, `terminal`
draws them by rich.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNSEEN = {code: 0x2400 + code for code in range(32) if chr(code) not in "\t\n"}
_UNSEEN |= dict.fromkeys(range(0x7F, 0xA0), 0xFFFD)
"""Control characters, to the pictures that Unicode has for them."""


@dataclasses.dataclass(frozen=True, slots=True)
class Heading:
    """A line whose title stands out.

    Attributes:
        title: What the lines below are about.
        rest: Words after it; that of a state is told by colour too.
    """

    title: str
    rest: Sequence[str] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Table:
    """Rows of words.

    Attributes:
        headers: Titles of the columns, in capitals.
        rows: One text for each column. The word of a state is told by colour too.
        depths: How deep each row lies in a tree whose names are the first column; empty for none.
        folds: Columns whose texts may take several lines where there is no room.
        spare: Columns that a narrow terminal may leave out, the first to go first.
    """

    headers: Sequence[str]
    rows: Sequence[Sequence[str]]
    depths: Sequence[int] = ()
    folds: Sequence[str] = ()
    spare: Sequence[str] = ()


Block: TypeAlias = str | Heading | Table


def visible(text: str) -> str:
    """Return a text that cannot move the cursor, whoever wrote it; its lines remain."""
    return "\n".join(text.splitlines()).translate(_UNSEEN)


def on_a_line(text: str) -> str:
    """Return the same as a single line."""
    return visible(text).replace("\n", " ")
