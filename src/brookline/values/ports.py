"""Port ranges: ``80``, ``8000-8010``, ``8080+``, and several of them with commas between."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

HIGHEST = 65_535
_LOOK = re.compile(r"\s*\d+\s*[-+,][\s\d,+-]*")
_ITEM = re.compile(r"(\d+)\s*(?:-\s*(\d+)|(\+))?")


@dataclass(frozen=True, slots=True)
class PortRange:
    """Ports to try, in order.

    Attributes:
        spans: Each from a first to a last port, both included.
        text: As it was written, without brackets.
    """

    spans: tuple[tuple[int, int], ...]
    text: str

    @classmethod
    def of(cls, value: Any) -> PortRange:
        """Read a range from a number, a text, or a list of them.

        Brackets around a part (``8081,[18000-18999]``) are accepted, as some of AMP's
        documents write them, although Brooklyn 1.1.0 refuses them.

        Raises:
            ValueError: If the value is no range of ports from 1 to 65535, or runs backwards: that
                Brooklyn takes it is no help to who meant ``17200-18190`` and wrote ``17200-8190``.
        """
        if isinstance(value, PortRange):
            return value
        if isinstance(value, list | tuple):
            value = ",".join(str(item) for item in value)
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise _unreadable(value)
        text = str(value).replace("[", "").replace("]", "").strip()
        return cls(tuple(_span(item.strip(), value) for item in text.split(",")), text)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.spans:
            yield from range(first, last + 1)

    def __contains__(self, port: object) -> bool:
        return isinstance(port, int) and any(first <= port <= last for first, last in self.spans)

    def __str__(self) -> str:
        return self.text


def looks_like_ports(value: Any) -> bool:
    """Tell whether a text is made of numbers in the way of ranges, be they right or wrong."""
    return isinstance(value, str) and _LOOK.fullmatch(value) is not None


def _span(item: str, whole: Any) -> tuple[int, int]:
    match = _ITEM.fullmatch(item)
    if match is None:
        raise _unreadable(whole)
    first = int(match[1])
    last = int(match[2]) if match[2] else HIGHEST if match[3] else first
    # 0 means "any free port" to an operating system, and Brooklyn takes it alone.
    lowest = 0 if match[2] is None and match[3] is None else 1
    if not (lowest <= first <= HIGHEST and lowest <= last <= HIGHEST):
        raise _unreadable(whole)
    if first > last:
        raise ValueError(f"the range of ports '{item}' runs backwards")
    return first, last


def _unreadable(value: Any) -> ValueError:
    return ValueError(f"{value!r} is not a range of ports such as '8080,18080+' or '8000-8010'")
