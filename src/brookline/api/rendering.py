"""One value as a client sees it: JSON or text, with or without display hints.

Source: Brooklyn's RestValueResolver and what a running 1.1.0 answers.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from brookline.api.answers import NO_CONTENT, TEXT, Answer, json, text
from brookline.model import service

if TYPE_CHECKING:
    from brookline.api.calls import Call


def hinted(name: str, value: Any, call: Call) -> Any:
    """Return a value as JSON holds it, made readable unless the client wants it as it is."""
    return readable(name, value) if wants_hints(call) else value


def readable(name: str, value: Any) -> Any:
    """Return a value made readable."""
    if name == service.EXPECTED and isinstance(value, dict):
        # A client may set anything; one value that is none must not break the whole list.
        with contextlib.suppress(TypeError, ValueError, OverflowError, OSError):
            return _expected_text(value)
    return value


def wants_hints(call: Call) -> bool:
    """Tell whether values are to be made readable. Both spellings of the flag occur."""
    if call.flag("raw"):
        return False
    return call.flag("useDisplayHints", default=call.flag("useDisplayHint", default=True))


def single(name: str, value: Any, call: Call) -> Answer:
    """Answer with one value, as JSON or as text; one that is not set is 204, or empty text."""
    if call.accepted == "text/plain":
        return Answer(200, b"", TEXT) if value is None else text(_as_text(name, value))
    return NO_CONTENT if value is None else json(value)


def java_text(value: Any) -> str:
    """Return the text that Java gives a value: ``[1, two, {three=3}]``, ``{a=1}``."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(java_text(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "null" if value is None else str(value)


def bare(value: Any) -> Answer:
    """Answer with a result: a text without quotes, all else as JSON."""
    if isinstance(value, str):
        return Answer(200, value.encode())
    return json(value)


def _as_text(name: str, value: Any) -> str:
    shown = java_text(value)
    return shown.lower().replace("_", "-") if name == service.STATE else shown


def _expected_text(value: dict[str, Any]) -> str:
    millis = value.get("timestampUtc", 0)
    when = datetime.fromtimestamp(millis / 1000, UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    state = str(value.get("state", "")).lower().replace("_", "-")
    return f"{state} @ {millis} / {when}"
