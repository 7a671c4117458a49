"""The text of a blueprint: where things stand in it, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from brookline.errors import BlueprintInvalid, Fault

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHIFT = 20
_COLUMNS = (1 << _SHIFT) - 1
_WIDEST = 160

NOWHERE = -1
"""A place that is not in the text."""


def place(line: int, column: int) -> int:
    """Return a line and a column, both from 0, as one number; thousands of them are kept."""
    return line << _SHIFT | min(column, _COLUMNS)


@dataclass(slots=True)
class Source:
    """A text, and the faults and warnings that were found in it.

    Attributes:
        text: As it was sent.
        name: How people call it, such as its file's name.
        faults: What makes it impossible to deploy.
        warnings: What will have no effect.
    """

    text: str
    name: str = "blueprint"
    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)
    _lines: list[str] = field(default_factory=list)

    def fault(self, at: int, message: str) -> None:
        """Note a fault at a place."""
        self.faults.append(self._at(at, message))

    def warn(self, at: int, message: str) -> None:
        """Note a warning at a place."""
        self.warnings.append(self._at(at, message))

    def check(self) -> None:
        """Refuse the text if there are faults.

        Raises:
            BlueprintInvalid: With all faults, in the order of their places.
        """
        if self.faults:
            raise invalid(self.faults)

    def _at(self, at: int, message: str) -> Fault:
        if at == NOWHERE:
            return Fault(self.name, 0, 0, message, "")
        line, column = at >> _SHIFT, at & _COLUMNS
        return Fault(self.name, line + 1, column + 1, message, self._line(line))

    def _line(self, number: int) -> str:
        if not self._lines:
            self._lines = self.text.splitlines() or [""]
        return self._lines[number] if number < len(self._lines) else ""


def ordered(faults: Sequence[Fault]) -> list[Fault]:
    """Return faults in the order of their places."""
    return sorted(faults, key=lambda fault: (fault.line, fault.column))


def invalid(faults: Sequence[Fault]) -> BlueprintInvalid:
    """Return the error that tells of these faults."""
    in_order = ordered(faults)
    many = f" (and {len(in_order) - 1} more)" if len(in_order) > 1 else ""
    first = in_order[0]
    return BlueprintInvalid(
        f"Error in blueprint: {first.where()}{first.message}{many}",
        faults=tuple(in_order),
        details="\n".join(excerpt(fault) for fault in in_order),
    )


def excerpt(fault: Fault) -> str:
    """Return a fault with its source line and a caret below its place."""
    head = f"{fault.where()}{fault.message}"
    if not fault.source:
        return head
    start = max(0, fault.column - _WIDEST // 2) if len(fault.source) > _WIDEST else 0
    shown = fault.source[start : start + _WIDEST]
    shown = "".join(letter if letter.isprintable() else " " for letter in shown)
    return f"{head}\n    {shown}\n    {' ' * (fault.column - 1 - start)}^"
