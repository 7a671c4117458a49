"""Specs of locations, as blueprints write them: ``localhost``, ``localhost(name=here)``, maps."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from brookline.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORM = re.compile(r"\s*([^()\s:]+)\s*:?\s*(?:\((.*)\))?\s*", re.DOTALL)
_PAIR = re.compile(
    r"""\s*([\w.-]+)\s*=\s*("(?:[^"\\]|\\.)*"|'[^']*'|\[[^\]]*\]|[^,]*?)\s*(?:,|$)""", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Spec:
    """A spec that was read.

    Attributes:
        text: As it is shown and recorded.
        name: The word before the parentheses or colon, such as ``localhost``.
        config: What is given in the parentheses or in the map.
    """

    text: str
    name: str
    config: Mapping[str, Any] = field(default_factory=dict)


def read_spec(given: Any) -> Spec:
    """Read a spec: a text, or a map of one entry from spec to config.

    Raises:
        InvalidInput: If it is none.
    """
    if isinstance(given, dict):
        if len(given) != 1:
            raise InvalidInput("a location is a text, or a map of one entry from spec to config")
        [(text, config)] = given.items()
        if config is not None and not isinstance(config, dict):
            raise InvalidInput(f"the config of location '{text}' must be a map")
        spec = read_spec(text)
        return Spec(spec.text, spec.name, {**spec.config, **(config or {})})
    if not isinstance(given, str) or not given.strip():
        raise InvalidInput(f"{given!r} is not a location such as 'localhost'")
    match = _FORM.fullmatch(given)
    if match is None:
        return Spec(given.strip(), given.strip().partition(":")[0])
    return Spec(given.strip(), match[1], _pairs(given, match[2] or ""))


def _pairs(whole: str, inside: str) -> dict[str, Any]:
    config: dict[str, Any] = {}
    place = 0
    while inside[place:].strip():
        match = _PAIR.match(inside, place)
        if match is None:
            raise InvalidInput(
                f"location '{whole}': '{inside[place:].strip()}' is not of the form name=value"
            )
        config[match[1]] = _unquoted(match[2])
        place = match.end()
    return config


def _unquoted(text: str) -> str:
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1]
    return text
