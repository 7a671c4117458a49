"""Coercion: from what people write to what a declared type holds, by AMP's rules.

A value is coerced when it is set: `stored` says what goes into a record (JSON), `coerce` what
code gets to see. Types of elements (``list[int]``) count only for `coerce`, since REST shows
the elements as they were written.

Source: observed on a running Brooklyn 1.1.0.
"""

from __future__ import annotations

import enum
import json
import types
import typing
from typing import TYPE_CHECKING, Any, Union

import yaml

from brookline.values.durations import Duration
from brookline.values.ports import PortRange
from brookline.values.sizes import Size

if TYPE_CHECKING:
    from collections.abc import Callable

_TRUE = frozenset({"true", "yes", "on", "t", "y"})
_FALSE = frozenset({"false", "no", "off", "f", "n"})
_MOST_NODES = 10_000
_PLAIN = (str, int, float, bool, type(None))


class Uncoercible(ValueError):
    """A value does not fit its declared type; the message says why."""


def coerce(value: Any, to: Any) -> Any:
    """Return the value as an instance of a type, elements included; None stays None.

    Args:
        value: As written, or as stored.
        to: A type: str, int, float, bool, Duration, Size, PortRange, an enum, list, dict, set,
            one of these with element types, a union, or Any.

    Raises:
        Uncoercible: If the value does not fit.
    """
    if value is None or to is Any or to is object:
        return value
    origin = typing.get_origin(to)
    if origin is Union or origin is types.UnionType:
        return _first_that_fits(value, typing.get_args(to))
    whole = _whole(value, origin or to)
    return _with_elements(whole, typing.get_args(to)) if origin else whole


def stored(value: Any, to: Any) -> Any:
    """Return the JSON that a record holds for a value of a declared type.

    Raises:
        Uncoercible: If the value does not fit.
    """
    whole = coerce(value, typing.get_origin(to) or to) if not _is_union(to) else coerce(value, to)
    return plain(whole)


def plain(value: Any) -> Any:
    """Return a coerced value as JSON; what JSON has no form for becomes its text."""
    match value:
        case enum.Enum():
            return value.name
        case Size():
            return int(value)
        case str() | int() | float() | None:
            return value
        case dict():
            return {str(key): plain(item) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [plain(item) for item in value]
        case _:
            return str(value)


def text_of(value: Any) -> str:
    """Return a number, truth or text as Brooklyn writes it as text.

    Raises:
        Uncoercible: If the value is a list or a map.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case enum.Enum():
            return value.name
        case list() | tuple() | dict() | set():
            raise Uncoercible(f"a {_kind(value)} is not a text")
        case _:
            return str(value)


def _whole(value: Any, to: Any) -> Any:
    reader = _READERS.get(to)
    try:
        if reader is not None:
            return reader(value)
        if isinstance(to, type) and issubclass(to, enum.Enum):
            return _member(value, to)
        if isinstance(to, type) and isinstance(value, to):
            return value
    except Uncoercible:
        raise
    except (ValueError, OverflowError) as error:
        raise Uncoercible(str(error)) from error
    raise Uncoercible(f"{value!r} is not a {getattr(to, '__name__', to)}")


def _with_elements(whole: Any, inner: tuple[Any, ...]) -> Any:
    match whole:
        case dict():
            key, item = inner
            return {coerce(k, key): coerce(v, item) for k, v in whole.items()}
        case set():
            return {coerce(item, inner[0]) for item in whole}
        case _:
            return [coerce(item, inner[0]) for item in whole]


def _is_union(to: Any) -> bool:
    return typing.get_origin(to) in (Union, types.UnionType)


def _first_that_fits(value: Any, options: tuple[Any, ...]) -> Any:
    reasons = []
    for option in options:
        if option is type(None):
            continue
        try:
            return coerce(value, option)
        except Uncoercible as reason:
            reasons.append(str(reason))
    raise Uncoercible("; ".join(reasons))


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Uncoercible(f"{value!r} is neither true nor false")


def _integer(value: Any) -> int:
    number = _number(value)
    if number != int(number):
        raise Uncoercible(f"{value!r} is not a whole number")
    return int(number)


def _float(value: Any) -> float:
    return float(_number(value))


def _number(value: Any) -> int | float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        body = value.strip()
        try:
            return int(body)
        except ValueError:
            return _finite(body)
    raise Uncoercible(f"{value!r} is not a number")


def _finite(body: str) -> float:
    try:
        number = float(body)
    except ValueError as error:
        raise Uncoercible(f"'{body}' is not a number") from error
    if number in (float("inf"), float("-inf")) or number != number:  # noqa: PLR0124 - NaN
        raise Uncoercible(f"'{body}' is not a number")
    return number


def _list(value: Any) -> list[Any]:
    if isinstance(value, list | tuple | set):
        return list(value)
    if isinstance(value, dict):
        raise Uncoercible("a map is not a list")
    if not isinstance(value, str):
        return [value]
    body = value.strip()
    if body.startswith(("[", "- ")):
        read = _structure(body)
        if isinstance(read, list):
            return read
    return [part.strip() for part in body.split(",")] if body else []


def _map(value: Any) -> dict[Any, Any]:
    if isinstance(value, dict):
        return value
    read = _structure(value.strip()) if isinstance(value, str) else value
    if isinstance(read, dict):
        return read
    if read is None or read == "":
        return {}
    raise Uncoercible(f"{value!r} is not a map such as '{{a: 1}}' or 'a: 1'")


def _structure(body: str) -> Any:
    try:
        read = _loaded(body)
        _counted(read, _MOST_NODES)
    except yaml.YAMLError as error:
        raise Uncoercible("the text is neither JSON nor YAML") from error
    except RecursionError as error:  # nested too deep, or an alias that contains itself
        raise Uncoercible("the text describes too deep a structure") from error
    return read


def _loaded(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return yaml.load(body, yaml.CSafeLoader)


def _counted(value: Any, left: int) -> int:
    """Walk a structure that a text described; aliases can make it far larger than the text."""
    if left <= 0:
        raise Uncoercible("the text describes too large a structure")
    left -= 1
    if isinstance(value, _PLAIN):
        return left
    for item in value.values() if isinstance(value, dict) else _items(value):
        left = _counted(item, left)
    return left


def _items(value: Any) -> Any:
    return value if isinstance(value, list) else ()


def _member(value: Any, to: type[enum.Enum]) -> enum.Enum:
    if isinstance(value, to):
        return value
    wanted = _letters(text_of(value))
    for member in to:
        if wanted in (_letters(member.name), _letters(str(member.value))):
            return member
    raise Uncoercible(f"{value!r} is none of {', '.join(member.name for member in to)}")


def _letters(text: str) -> str:
    return text.strip().lower().replace("-", "").replace("_", "").replace(" ", "")


def _kind(value: Any) -> str:
    return "map" if isinstance(value, dict) else "list"


_READERS: dict[Any, Callable[[Any], Any]] = {
    str: text_of,
    bool: _boolean,
    int: _integer,
    float: _float,
    list: _list,
    dict: _map,
    set: lambda value: set(_list(value)),
    Duration: Duration.of,
    Size: Size.of,
    PortRange: PortRange.of,
}
