"""Words of YAML 1.1: what a plain scalar means, as SnakeYAML, and so AMP, reads it."""

from __future__ import annotations

import re
from typing import Any

_CONSTANTS: dict[str, bool | None] = {"": None, "~": None}
for _word in ("null", "Null", "NULL"):
    _CONSTANTS[_word] = None
for _yes, _no in (("yes", "no"), ("true", "false"), ("on", "off")):
    for _change in (str.lower, str.capitalize, str.upper):
        _CONSTANTS[_change(_yes)] = True
        _CONSTANTS[_change(_no)] = False

_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(
    r"(?P<sign>[-+]?)(?:0b(?P<two>[0-1_]+)|0x(?P<sixteen>[0-9a-fA-F_]+)|0(?P<eight>[0-7_]+)"
    r"|(?P<sixty>[1-9][0-9_]*(?::[0-5]?[0-9])+)|(?P<ten>0|[1-9][0-9_]*))"
)
_FLOAT = re.compile(
    r"[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+"
    r"|[-+]?\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?"
)
_BASES = {"two": 2, "eight": 8, "ten": 10, "sixteen": 16}
_WIDEST_INT = 1 << 63

_STANDARD = "tag:yaml.org,2002:"


class UnknownTag(ValueError):
    """A scalar has a tag that blueprints do not have, or one that it does not fit."""


def word(text: str) -> Any:
    """Return what a plain scalar means: None, a truth, a number, or the text itself.

    A date stays its text, since records are JSON; numbers that 64 bits cannot hold do too.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in _NUMERIC:
        return text
    match = _INT.fullmatch(text)
    if match is not None:
        return _integer(match, text)
    if _FLOAT.fullmatch(text) is not None:
        return _finite(text)
    return text


def tagged(text: str, tag: str) -> Any:
    """Return what a scalar with a tag means.

    Raises:
        UnknownTag: If the tag is none of the standard's, or the text does not fit it.
    """
    kind = tag.removeprefix(_STANDARD)
    meant = word(text)
    match kind:
        case "str" | "!":
            return text
        case "null" if meant is None:
            return None
        case "bool" if isinstance(meant, bool):
            return meant
        case "int" if isinstance(meant, int) and not isinstance(meant, bool):
            return meant
        case "float" if isinstance(meant, int | float) and not isinstance(meant, bool):
            return float(meant)
        case "timestamp":
            return text
        case _:
            shown = tag.replace(_STANDARD, "!!")
            raise UnknownTag(f"the tag '{shown}' does not fit '{text}'")


def _integer(match: re.Match[str], text: str) -> int | str:
    group = match.lastgroup or ""
    digits = match[group].replace("_", "")
    if not digits:
        return text
    if group == "sixty":
        number = 0
        for part in digits.split(":"):
            number = number * 60 + int(part)
    else:
        number = int(digits, _BASES[group])
    number = -number if match["sign"] == "-" else number
    return number if -_WIDEST_INT <= number < _WIDEST_INT else text


def _finite(text: str) -> float | str:
    number = float(text.replace("_", ""))
    return number if abs(number) != float("inf") else text
