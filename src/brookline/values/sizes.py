"""Byte sizes as AMP writes them: ``512``, ``64kb``, ``1gb``; units are powers of 1024."""

from __future__ import annotations

import re
from typing import Any

_UNITS = ("", "k", "m", "g", "t", "p", "e")
_FORM = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([kmgtpe]?)(?:i?b(?:ytes?)?)?\s*", re.IGNORECASE)


class Size(int):
    """A number of bytes."""

    __slots__ = ()

    @classmethod
    def of(cls, value: Any) -> Size:
        """Read a size from a text such as ``1.5gb``, or from a number of bytes.

        Raises:
            ValueError: If the value is no size.
        """
        if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
            return cls(value)
        match = _FORM.fullmatch(value) if isinstance(value, str) else None
        if match is None:
            raise ValueError(f"{value!r} is not a size in bytes such as 512, '64kb' or '1gb'")
        return cls(float(match[1]) * 1024 ** _UNITS.index(match[2].lower()))

    def __str__(self) -> str:
        """Return the shortest exact form, such as ``64mb``."""
        number, power = int(self), 0
        while number and number % 1024 == 0 and power < len(_UNITS) - 1:
            number, power = number // 1024, power + 1
        return f"{number}{_UNITS[power]}b" if power else str(number)
