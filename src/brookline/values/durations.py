"""Durations as AMP writes them: ``15s``, ``1m 30s``, ``forever``, a number of milliseconds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

_NANOS = {"ns": 1, "us": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_NANOS |= {"m": 60 * _NANOS["s"], "h": 3600 * _NANOS["s"], "d": 86_400 * _NANOS["s"]}

_UNITS = {
    "ns": ("ns", "nano", "nanos", "nanosecond", "nanoseconds"),
    "us": ("us", "micro", "micros", "microsecond", "microseconds"),
    "ms": ("ms", "milli", "millis", "millisecond", "milliseconds"),
    "s": ("s", "sec", "secs", "second", "seconds"),
    "m": ("m", "min", "mins", "minute", "minutes"),
    "h": ("h", "hr", "hrs", "hour", "hours"),
    "d": ("d", "day", "days"),
}
_NANOS_OF_WORD = {word: _NANOS[unit] for unit, words in _UNITS.items() for word in words}
_NANOS_OF_WORD |= dict.fromkeys(("w", "week", "weeks"), 7 * _NANOS["d"])
_FOREVER_WORDS = frozenset({"forever", "practically_forever", "practicallyforever"})
_FOREVER_NANOS = 2**63 - 1

_PART = re.compile(r"\s*,?\s*(-?\d+(?:\.\d+)?(?:[eE]\d+)?)\s*([a-zA-Z]*)")


@dataclass(frozen=True, order=True, slots=True)
class Duration:
    """A length of time, exact to the nanosecond.

    Attributes:
        nanos: Nanoseconds; the highest number that 64 bits hold means forever.
    """

    nanos: int

    @classmethod
    def of(cls, value: Any) -> Duration:
        """Read a duration from a text, or from a number of milliseconds.

        Two units need no blank between them (``1m30s``), although Brooklyn 1.1.0 refuses that.

        Raises:
            ValueError: If the value is no duration.
        """
        if isinstance(value, Duration):
            return value
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise _unreadable(str(value))
        if isinstance(value, str):
            return _parsed(value)
        try:
            return cls(_nanos(float(value), _NANOS["ms"], str(value)))
        except OverflowError as fault:
            raise _unreadable(str(value)) from fault

    @property
    def ms(self) -> int:
        """Whole milliseconds, rounded down."""
        return self.nanos // _NANOS["ms"]

    @property
    def seconds(self) -> float:
        """Seconds; infinity for forever."""
        return math.inf if self.forever else self.nanos / _NANOS["s"]

    @property
    def forever(self) -> bool:
        """Whether it never ends."""
        return self.nanos >= _FOREVER_NANOS

    def __str__(self) -> str:
        """Return AMP's text form, such as ``1m 30s``, ``1s 500ms``, ``0ms`` or ``forever``."""
        if self.forever:
            return "forever"
        if self.nanos == 0:
            return "0ms"
        sign, left = ("-", -self.nanos) if self.nanos < 0 else ("", self.nanos)
        parts = []
        for unit in ("d", "h", "m", "s", "ms", "us", "ns"):
            count, left = divmod(left, _NANOS[unit])
            if count:
                parts.append(f"{count}{unit}")
        return sign + " ".join(parts)


FOREVER = Duration(_FOREVER_NANOS)


def seconds(number: float) -> Duration:
    """Return a duration of this many seconds; infinity is forever."""
    return FOREVER if math.isinf(number) else Duration(round(number * _NANOS["s"]))


def _parsed(text: str) -> Duration:
    body = text.strip()
    if body.lower() in _FOREVER_WORDS:
        return FOREVER
    total, position = 0, 0
    while position < len(body):
        match = _PART.match(body, position)
        if match is None:
            raise _unreadable(text)
        word = match[2] if match[2].lower() in _NANOS_OF_WORD else ""
        if not word and (match[2] or position or match.end() < len(body)):
            raise _unreadable(text)  # an unknown unit, or a bare number among others
        scale = _NANOS_OF_WORD[word.lower()] if word else _NANOS["ms"]
        total += _nanos(float(match[1]), scale, text)
        position = match.end()
    if not body:
        raise _unreadable(text)
    return Duration(total)


def _nanos(number: float, scale: int, text: str) -> int:
    nanos = number * scale
    if not math.isfinite(nanos):
        raise _unreadable(text)
    return min(round(nanos), _FOREVER_NANOS)


def _unreadable(text: str) -> ValueError:
    return ValueError(f"'{text}' is not a duration such as '15s' or '1m 30s'")
