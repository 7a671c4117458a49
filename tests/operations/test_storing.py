"""What is stored of errors makes them again, as code that catches them sees them."""

from __future__ import annotations

import json
import pickle

import msgspec
import pytest

from brookline.errors import CommandFailed, RemoteError, StepFailed
from brookline.operations.retry import Retry
from brookline.operations.storing import error_of, failure_of, storable_error

ERRORS = [
    ValueError("odd"), ValueError(), ValueError(1, 2.5, None), KeyError("k"),
    FileNotFoundError(2, "No such file", "/x"), ConnectionRefusedError(111, "refused"), OSError("plain"),
    TimeoutError(), UnicodeDecodeError("utf8", b"\xff", 0, 1, "bad"), json.JSONDecodeError("x", "doc", 0),
    ExceptionGroup("two", [ValueError("a")]), ValueError("x" * 100_000), ValueError(object()),
    pickle.PicklingError("not ours"), CommandFailed("it ended with 3", 3),
]  # fmt: skip


def made_again(error):
    """Return an error as the next master reads it."""
    return error_of(msgspec.json.decode(msgspec.json.encode(failure_of(error))))


def seen(error):
    """Return what code can tell of an error."""
    known = {name: getattr(error, name, None) for name in ("errno", "filename", "raised")}
    return type(error), str(error), error.args, known


@pytest.mark.parametrize("error", ERRORS, ids=range(len(ERRORS)))
def test_the_first_master_raises_what_the_next_one_would(error):
    assert seen(storable_error(error)) == seen(made_again(error))
    assert storable_error(error).__cause__ is error


@pytest.mark.parametrize(
    "error",
    [KeyError("k"), ValueError(1, 2), FileNotFoundError(2, "No such file", "/x")],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_python_comes_back_with_what_it_says_of_itself(error):
    assert seen(storable_error(error)) == seen(error)


def test_what_is_neither_ours_nor_pythons_has_a_stand_in_that_names_it():
    again = storable_error(pickle.PicklingError("no"))

    assert (type(again), str(again), again.raised) == (
        StepFailed, "PicklingError: no", "PicklingError",
    )  # fmt: skip


def test_a_policy_names_errors_that_come_from_steps():
    Retry(errors=(OSError, RemoteError))
    with pytest.raises(ValueError, match="PicklingError cannot be tried again"):
        Retry(errors=(pickle.PicklingError,))
