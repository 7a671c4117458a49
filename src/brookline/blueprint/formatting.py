"""``formatString``: printf as Java writes it, for the conversions that blueprints use."""

from __future__ import annotations

import decimal
import re
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput
from brookline.values.coercion import Uncoercible, coerce, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FORM = re.compile(r"%(?:(\d+)\$)?([-#+ 0,(]*)(\d+)?(\.\d+)?([a-zA-Z%])")


def format_string(pattern: str, args: Sequence[Any]) -> str:
    """Return a pattern with its conversions filled in.

    Raises:
        InvalidInput: If there are too few arguments, or one does not fit its conversion.
    """
    in_turn = iter(args)

    def fill(match: re.Match[str]) -> str:
        number, flags, width, precision, conversion = match.groups()
        if conversion in "%n":
            return {"%": "%", "n": "\n"}[conversion].rjust(int(width or 0))
        value = _argument(pattern, args, in_turn, number)
        try:
            text = _converted(value, conversion, flags, precision or "")
        except Uncoercible as error:
            raise InvalidInput(f"formatString '{pattern}': {match[0]}: {error}") from error
        return _padded(text, flags, int(width or 0), zero=conversion in "dfxX")

    return _FORM.sub(fill, pattern)


def java_text(value: Any) -> str:
    """Return a value as Java writes it: ``[1, two, {three=3}]``, ``null``."""
    match value:
        case None:
            return "null"
        case list():
            return f"[{', '.join(map(java_text, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}={java_text(item)}' for key, item in value.items())}}}"
        case _:
            return text_of(value)


def _argument(pattern: str, args: Sequence[Any], in_turn: Iterator[Any], number: str | None) -> Any:
    missing = InvalidInput(f"formatString '{pattern}' has more conversions than arguments")
    if number is None:
        for value in in_turn:
            return value
        raise missing
    if not 0 < int(number) <= len(args):
        raise missing
    return args[int(number) - 1]


def _converted(value: Any, conversion: str, flags: str, precision: str) -> str:
    match conversion:
        case "s" | "S":
            text = java_text(value)
            text = text[: int(precision[1:])] if precision else text
            return text.upper() if conversion == "S" else text
        case "b" | "B":
            return text_of(bool(value) if not isinstance(value, bool | None) else value is True)
        case "d":
            return f"{coerce(value, int):{_sign(flags)}}"
        case "f":
            return f"{_rounded(coerce(value, float), precision or '.6'):{_sign(flags)}f}"
        case "e":
            return f"{coerce(value, float):{_sign(flags)}{precision}e}"
        case "x" | "X" | "o":
            return f"{coerce(value, int):{conversion}}"
        case "c":
            return java_text(value)[:1]
        case _:
            raise Uncoercible(f"unknown conversion '{conversion}'")


def _rounded(number: float, precision: str) -> decimal.Decimal:
    """Round as Java does: halves away from zero, of the number as it is written."""
    step = decimal.Decimal(1).scaleb(-int(precision[1:]))
    return decimal.Decimal(repr(number)).quantize(step, decimal.ROUND_HALF_UP)


def _sign(flags: str) -> str:
    sign = "+" if "+" in flags else " " if " " in flags else ""
    return sign + ("," if "," in flags else "")


def _padded(text: str, flags: str, width: int, *, zero: bool) -> str:
    if "-" in flags:
        return text.ljust(width)
    return text.zfill(width) if zero and "0" in flags else text.rjust(width)
