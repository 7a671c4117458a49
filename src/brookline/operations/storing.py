"""Storing: how results and errors of steps become JSON, and again what they were.

The first run of a step sees what a later run would: its result is what was stored and read back,
and its error is of a class that can be made again. So code that is run again takes the same way.
"""

from __future__ import annotations

import builtins
import contextlib
from typing import TYPE_CHECKING, Any

import msgspec

from brookline import errors
from brookline.errors import BrooklineError, InvalidInput, Outcome, StepFailed, Unavailable
from brookline.values.coercion import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.wire.changes import Value

MOST_BYTES = 256 * 1024
"""How large a result may be; what is larger belongs into a file or a stream."""

_MOST_OF_AN_ERROR = 16 * 1024

MOST_CHARS = 16_000
"""How long a text of an error may be; so much of it is kept."""

_TEXTS = frozenset({"message", "details", "data"})
_UNSTORABLE = (TypeError, ValueError, RecursionError, OverflowError)
_NOTE_CHARS = 40


def stored(step: str, result: Any) -> Any:
    """Return the result of a step as it is read back from the journal.

    Raises:
        InvalidInput: If it cannot be stored, or is too large; it names the step.
    """
    try:
        data = msgspec.json.encode(result)
    except _UNSTORABLE as fault:
        raise InvalidInput(
            f"step '{step}' returned what cannot be stored ({fault}): "
            "a step returns texts, numbers, lists and maps"
        ) from fault
    if len(data) > MOST_BYTES:
        raise InvalidInput(
            f"step '{step}' returned {len(data)} bytes, and {MOST_BYTES} can be stored: "
            "write them to a stream or a file"
        )
    return msgspec.json.decode(data)


def shown(result: Any) -> Any:
    """Return the result of an operation as JSON for people; a remark if it cannot be kept."""
    try:
        data = msgspec.json.encode(plain(result))
    except _UNSTORABLE as fault:
        return f"(a result that cannot be stored is not kept: {cleaned(str(fault))})"
    if len(data) > MOST_BYTES:
        return f"(a result of {len(data)} bytes is not kept)"
    return msgspec.json.decode(data)


def cleaned(text: str) -> str:
    """Return a text as it can be stored: what is no character replaced, and not too long."""
    if len(text) > MOST_CHARS:
        text = f"{text[: MOST_CHARS - _NOTE_CHARS]}... ({len(text)} characters)"
    return text.encode("utf-8", "replace").decode()


def read_back(stored_result: Any, returns: type | None) -> Any:
    """Return a stored result as what the action said that it returns."""
    return stored_result if returns is None else msgspec.convert(stored_result, returns)


def storable_error(error: BaseException) -> BaseException:
    """Return an error as it will be made again from what is stored; the original is its cause."""
    again = error_of(failure_of(error))
    again.__cause__ = error
    return again


def can_be_made_again(kind: type[BaseException]) -> bool:
    """Tell whether errors of this class, and not only what stands for them, come from a step."""
    return kind in (_of_python(kind.__name__), getattr(errors, kind.__name__, None))


def failure_of(error: BaseException) -> Value:
    """Return what is stored of an error, so that `error_of` makes it again."""
    if not isinstance(error, BrooklineError):
        return {"class": type(error).__name__, "message": cleaned(str(error))} | _made_of(error)
    failure: Value = {"class": type(error).__name__, "message": cleaned(error.message)}
    failure["attributes"] = {
        name: cleaned(item) if isinstance(item, str) else item
        for name, item in vars(error).items()
        if name not in _TEXTS and isinstance(item, str | int | bool)
    }
    return failure | {"details": cleaned(error.details), "data": _kept_data(error.data)}


def _kept_data(data: Mapping[str, Any]) -> Value:
    kept = shown(data)
    return kept if isinstance(kept, dict) else {"data": kept}


def error_of(failure: Value) -> BaseException:
    """Return an error as it was raised."""
    name, message = str(failure.get("class", "")), str(failure.get("message", ""))
    found = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, BrooklineError):
        return _ours(found, failure, message)
    if (builtin := _of_python(name)) is not None:
        with contextlib.suppress(TypeError):  # it wants more than a text
            return builtin(*failure.get("args", (message,)))
    return StepFailed(f"{name}: {message}", name)


def _made_of(error: BaseException) -> Value:
    """Return what an error of Python's own is made of; nothing if that cannot be stored.

    An OSError knows its number and its files, though its `args` do not have all of them.
    """
    kind = _of_python(type(error).__name__)
    made_of = error.__reduce__()[1]
    if kind is not type(error) or not isinstance(made_of, tuple):
        return {}
    try:
        small = len(msgspec.json.encode(made_of)) <= _MOST_OF_AN_ERROR
    except _UNSTORABLE:
        return {}
    return {"args": list(made_of)} if small and _are_plain(made_of) else {}


def _are_plain(made_of: tuple[Any, ...]) -> bool:
    return all(isinstance(one, str | int | float | bool | None) for one in made_of)


def _of_python(name: str) -> type[Exception] | None:
    """Return the exception class that Python itself has under a name."""
    found = getattr(builtins, name, None)
    return found if isinstance(found, type) and issubclass(found, Exception) else None


def _ours(found: type[BrooklineError], failure: Value, message: str) -> BrooklineError:
    error = found.__new__(found)
    data = dict(failure.get("data") or {})
    BrooklineError.__init__(error, message, details=failure.get("details", ""), data=data)
    for name, value in (failure.get("attributes") or {}).items():
        setattr(error, name, value)
    if isinstance(error, Unavailable):
        error.outcome = Outcome(data.get("outcome", Outcome.UNKNOWN.value))
    return error
