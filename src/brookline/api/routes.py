"""The table of routes: what each call is, who may answer it, and how to find it."""

from __future__ import annotations

import dataclasses
import enum
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.routing import compile_path

from brookline.api.answers import JSON, Answer
from brookline.api.asking import Follows
from brookline.api.calls import Call
from brookline.api.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from re import Pattern

Handler = Callable[[Call], Awaitable[Answer | Follows]]
Follow = Callable[[Call, Follows], Awaitable[Answer]]

LONGEST_KEY = 255
"""Characters of an `Idempotency-Key`."""

_LOGIN = "/v1/login"
"""The one call under ``/v1`` that may need no login; others need not be looked up to know it."""

_MOST_MATCHED = 4096
"""Paths of which it is kept what they match; a write's is looked up twice."""


class Place(enum.Enum):
    """Which node may answer a call."""

    ANY = "any"
    """A read that each node answers, in any state."""

    HOT = "hot"
    """A read that needs a copy of the plane's state: master, hot standby, hot backup."""

    SHOWN = "shown"
    """A read that needs that copy too, but which AMP's nodes answer in any state. Theirs know tasks of
    their own only; ours know those of the plane or none, and say that instead of denying a task."""

    MASTER = "master"
    """A write that the master carries out, wherever it arrives."""

    HERE = "here"
    """A request about the node itself: it acts where it arrives, and is never forwarded."""


@dataclasses.dataclass(frozen=True, slots=True)
class Param:
    """A parameter of a query or a form.

    Attributes:
        name: As on the wire.
        type: For the OpenAPI document.
        default: What counts if it is absent.
        form: Whether it may come as a field of a form too.
    """

    name: str
    type: type = str
    default: Any = None
    form: bool = False


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of the API.

    Attributes:
        method: ``GET`` (which answers HEAD too), ``POST``, ``PUT`` or ``DELETE``.
        path: With parameters in braces.
        handler: What answers; the first line of its docstring describes the call.
        place: Which node may answer.
        params: Of the query, and fields of the form.
        consumes: Media types of the body; empty takes anything, also without a type.
        produces: Media types of the answer, the preferred one first.
        always: Whether it is answered so whatever the client accepts.
        answers: Statuses and the types of their bodies; None for no body.
        beyond: Whether AMP has no such call.
        login: Whether credentials are needed.
        recorded: Whether all that it does is one commit, which remembers the request: sent again, it
            is answered and not done again.
        follow: Answers a request whose task has begun.
    """

    method: str
    path: str
    handler: Handler
    place: Place
    params: tuple[Param, ...] = ()
    consumes: tuple[str, ...] = ()
    produces: tuple[str, ...] = (JSON,)
    always: bool = False
    answers: Mapping[int, Any] = dataclasses.field(default_factory=lambda: {200: None})
    beyond: bool = False
    login: bool = True
    recorded: bool = False
    follow: Follow | None = None

    @property
    def summary(self) -> str:
        """What the call does, in a line."""
        return (self.handler.__doc__ or "").strip().partition("\n")[0]


def read(path: str, handler: Handler, *, returns: Any, place: Place, **more: Any) -> Operation:
    """Return a ``GET``.

    Args:
        path: Without ``/v1``.
        handler: What answers.
        returns: Type of the body, or all statuses and their types.
        place: Which node may answer.
        **more: Further fields of `Operation`.
    """
    answers = returns if isinstance(returns, dict) else {200: returns}
    return Operation(
        method="GET", path="/v1" + path, handler=handler, place=place, answers=answers, **more
    )


def write(call: str, handler: Handler, *, returns: Any, place: Place, **more: Any) -> Operation:
    """Return an operation that changes something.

    Args:
        call: Method and path, without ``/v1``, such as ``POST /applications``.
        handler: What does it.
        returns: Statuses and the types of their bodies.
        place: Which node may do it.
        **more: Further fields of `Operation`.
    """
    method, _, path = call.partition(" ")
    return Operation(
        method=method, path="/v1" + path, handler=handler, place=place, answers=returns, **more
    )


def change(call: str, handler: Handler, *, returns: Any, **more: Any) -> Operation:
    """Return an operation of the master that is one commit: sent again, it is not done again.

    Args:
        call: Method and path, without ``/v1``.
        handler: What does it; it says how it answers by `finding.asked`.
        returns: Statuses and the types of their bodies.
        **more: Further fields of `Operation`.
    """
    return write(call, handler, returns=returns, place=Place.MASTER, recorded=True, **more)


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """A call and the parameters of its path."""

    operation: Operation
    path: Mapping[str, str]


Matched = tuple["Mapping[str, str]", "Mapping[str, Operation]"]
"""Parameters of a path, and its operations by method."""


class RouteTable:
    """Finds the operation of a method and a path.

    Routes are sorted into drawers by the number and the second of their segments, so that only a
    handful is tried. Paths are matched as they were sent, and parameters decoded afterwards: a
    name may hold an encoded slash.
    """

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.operations: Sequence[Operation] = tuple(operations)
        by_path: dict[str, dict[str, Operation]] = defaultdict(dict)
        for operation in self.operations:
            by_path[operation.path][operation.method] = operation
        self._drawers: dict[tuple[int, str], list[tuple[Pattern[str], dict[str, Operation]]]] = (
            defaultdict(list)
        )
        self._matched: dict[str, Matched] = {}
        for path in sorted(by_path, key=lambda path: path.count("{")):
            pattern, _, _ = compile_path(path)
            self._drawers[_drawer(path)].append((pattern, by_path[path]))

    def methods(self, path: str) -> tuple[str, ...]:
        """Return the methods that a path has, HEAD and OPTIONS included; none if it is unknown."""
        match = self._match(path)
        return _allowed(match[1]) if match else ()

    def is_open(self, method: str, path: str) -> bool:
        """Tell whether a call needs no login."""
        closed = path.startswith("/v1/") and path.rstrip("/") != _LOGIN
        match = None if closed else self._match(path)
        operation = match[1].get("GET" if method == "HEAD" else method) if match else None
        return operation is not None and not operation.login

    def find(self, method: str, path: str) -> Found:
        """Return the operation of a raw path without its query; a trailing slash never matters.

        Raises:
            Refused: 404 if there is no such path, 405 if it has no such method.
        """
        match = self._match(path)
        if match is None:
            raise Refused(404, f"there is nothing at {unquote(path)}")
        params, methods = match
        operation = methods.get("GET" if method == "HEAD" else method)
        if operation is None:
            allowed = ", ".join(_allowed(methods))
            raise Refused(
                405, f"{method} is not possible here, but {allowed}", (("allow", allowed),)
            )
        return Found(operation, params)

    def _match(self, path: str) -> Matched | None:
        found = self._matched.get(path)
        if found is None:
            found = self._tried(path.rstrip("/") or "/")
            if found is not None:
                if len(self._matched) >= _MOST_MATCHED:
                    self._matched.clear()
                self._matched[path] = found
        return found

    def _tried(self, path: str) -> Matched | None:
        for pattern, methods in self._drawers.get(_drawer(path), ()):
            match = pattern.match(path)
            if match is not None:
                return {name: unquote(raw) for name, raw in match.groupdict().items()}, methods
        return None


def _drawer(path: str) -> tuple[int, str]:
    segments = path.split("/")
    return len(segments), segments[2] if len(segments) > 2 else ""


def _allowed(methods: Mapping[str, Operation]) -> tuple[str, ...]:
    head = ("HEAD",) if "GET" in methods else ()
    return (*methods, *head, "OPTIONS")
