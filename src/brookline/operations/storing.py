"""Storing: how results and errors of steps become JSON, and again what they were.

The first run of a step sees what a later run would: its result is what was stored and read back,
and its error is of a class that can be made again. So code that is run again takes the same way.
"""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

import msgspec

from brookline import errors
from brookline.errors import BrooklineError, InvalidInput, Outcome, StepFailed, Unavailable
from brookline.values.coercion import plain

if TYPE_CHECKING:
    from brookline.wire.changes import Value

MOST_BYTES = 256 * 1024
"""How large a result may be; what is larger belongs into a file or a stream."""

_TEXTS = frozenset({"message", "details", "data"})


def stored(step: str, result: Any) -> Any:
    """Return the result of a step as it is read back from the journal.

    Raises:
        InvalidInput: If it cannot be stored, or is too large; it names the step.
    """
    try:
        data = msgspec.json.encode(result)
    except (TypeError, ValueError, RecursionError, OverflowError) as fault:
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
    """Return the result of an operation as JSON for people; one that is too large is a remark."""
    as_json = plain(result)
    size = len(msgspec.json.encode(as_json))
    return as_json if size <= MOST_BYTES else f"(a result of {size} bytes is not kept)"


def read_back(stored_result: Any, returns: type | None) -> Any:
    """Return a stored result as what the action said that it returns."""
    return stored_result if returns is None else msgspec.convert(stored_result, returns)


def storable_error(error: BaseException) -> BaseException:
    """Return an error as it can be made again: itself, or what stands for it."""
    again = error_of(failure_of(error))
    if type(again) is type(error) and str(again) == str(error):
        return error
    standing = StepFailed(f"{type(error).__name__}: {error}", type(error).__name__)
    standing.__cause__ = error
    return standing


def failure_of(error: BaseException) -> Value:
    """Return what is stored of an error, so that `error_of` makes it again."""
    if not isinstance(error, BrooklineError):
        return {"class": type(error).__name__, "message": str(error)}
    known = {name: item for name, item in vars(error).items() if name not in _TEXTS}
    failure: Value = {"class": type(error).__name__, "message": error.message}
    failure["attributes"] = {k: v for k, v in known.items() if isinstance(v, str | int | bool)}
    return failure | {"details": error.details, "data": plain(error.data)}


def error_of(failure: Value) -> BaseException:
    """Return an error as it was raised."""
    name, message = str(failure.get("class", "")), str(failure.get("message", ""))
    found = getattr(errors, name, None)
    if isinstance(found, type) and issubclass(found, BrooklineError):
        return _ours(found, failure, message)
    found = getattr(builtins, name, None)
    if isinstance(found, type) and issubclass(found, Exception):
        try:
            return found(message)
        except TypeError:
            pass  # it wants more than a text
    return StepFailed(f"{name}: {message}", name)


def _ours(found: type[BrooklineError], failure: Value, message: str) -> BrooklineError:
    error = found.__new__(found)
    data = dict(failure.get("data") or {})
    BrooklineError.__init__(error, message, details=failure.get("details", ""), data=data)
    for name, value in (failure.get("attributes") or {}).items():
        setattr(error, name, value)
    if isinstance(error, Unavailable):
        error.outcome = Outcome(data.get("outcome", Outcome.UNKNOWN.value))
    return error
