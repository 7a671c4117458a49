"""Errors as answers: the one table from situations to HTTP statuses."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING

from msgspec import UNSET

from brookline.api.answers import JSON, Answer, Headers, encode
from brookline.errors import (
    BrooklineError,
    Conflict,
    Damaged,
    InvalidInput,
    KeyReused,
    LockedOut,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    PreconditionFailed,
    RemoteError,
    Unavailable,
)
from brookline.values.ids import new_id
from brookline.wire.rest import ApiError

if TYPE_CHECKING:
    from collections.abc import Mapping

log = logging.getLogger("brookline.api")

STATUSES: Mapping[type[BrooklineError], int] = {
    InvalidInput: 400,
    KeyReused: 422,
    NotLoggedIn: 401,
    LockedOut: 429,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    PreconditionFailed: 412,
    Unavailable: 503,
    RemoteError: 500,
    Damaged: 500,
}

RETRY_AFTER_S = 1
"""When a client should ask again what nobody could do now; a failover takes about that long."""

_CHALLENGE = (
    ("www-authenticate", 'BASIC realm="brooklyn"'),
    # Where a page goes that finds itself without a login. Source: AMP's pages put "/" before it.
    ("x_brooklyn_login_page", "login"),
)


class Refused(Exception):
    """HTTP itself is the matter: no such path, method, media type or size.

    Attributes:
        status: HTTP status.
        message: For people.
        headers: To send along.
    """

    def __init__(self, status: int, message: str, headers: Headers = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def status_of(error: BrooklineError) -> int:
    """Return the HTTP status of an error."""
    return next((STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES), 500)


def problem(error: BrooklineError | Refused) -> Answer:
    """Return the answer that says what went wrong."""
    if isinstance(error, Refused):
        return _answer(error.status, ApiError(error.message, error.status), error.headers)
    status = status_of(error)
    body = ApiError(error.message, status, details=error.details or UNSET, data=error.data or UNSET)
    return _answer(status, body, _headers(error))


def unexpected(error: Exception) -> Answer:
    """Return the answer to a fault of our own; the log has the rest under the same reference."""
    reference = new_id()
    log.error("request failed", exc_info=error, extra={"fields": {"reference": reference}})
    message = f"internal error; the server's log has it under reference {reference}"
    return _answer(500, ApiError(message, 500), ())


def _headers(error: BrooklineError) -> Headers:
    if isinstance(error, LockedOut):
        return (("retry-after", str(math.ceil(error.retry_s))),)
    if isinstance(error, NotLoggedIn):
        return _CHALLENGE
    if isinstance(error, Unavailable):
        return (("retry-after", str(RETRY_AFTER_S)),)
    return ()


def _answer(status: int, body: ApiError, headers: Headers) -> Answer:
    return Answer(status, encode(body), JSON, headers)
