"""What is a secret by its name, and what is shown in its place.

Source: Brooklyn's Sanitizer; the form of the replacement is what its clients know.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

TOKENS = ("password", "passwd", "credential", "secret", "private", "access.cert", "access.key")
"""A name that contains one of these, in any case, names a secret."""

_LINE = re.compile(r"(?m)^(?P<name>[^\n:=]*)(?P<mark>[:=][ \t]*)(?P<value>\S[^\n]*)")
"""Takes a line apart at its first mark. The tokens are not in it, or it would be quadratic."""

_DEFERRED = "$brooklyn:"


def is_secret(name: str) -> bool:
    """Tell whether the value under this name is a secret."""
    lower = name.lower()
    return any(token in lower for token in TOKENS)


def suppressed(name: str, value: Any) -> Any:
    """Return what may be shown of a value: all of it, or a hash in place of each secret."""
    if value is None:
        return None
    if is_secret(name):
        return _hidden(value)
    if isinstance(value, dict):
        return {key: suppressed(str(key), item) for key, item in value.items()}
    if isinstance(value, list):
        return [suppressed("", item) for item in value]
    if isinstance(value, str):
        return _LINE.sub(_hidden_line, value)
    return value


def _hidden_line(line: re.Match[str]) -> str:
    if not is_secret(line["name"]):
        return line[0]
    return f"{line['name']}{line['mark']}{_hidden(line['value'])}"


def _hidden(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(_DEFERRED):
        return value
    digest = hashlib.md5(str(value).encode(), usedforsecurity=False).hexdigest()
    return f"<suppressed> (MD5 hash: {digest[:8].upper()})"
