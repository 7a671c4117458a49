"""From an answer that refuses to the error that it means."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from brookline.client.course import outcome_of
from brookline.errors import (
    BrooklineError,
    Conflict,
    InvalidInput,
    LockedOut,
    NotAllowed,
    NotFound,
    NotLoggedIn,
    Outcome,
    PreconditionFailed,
    RemoteError,
    Unavailable,
)

if TYPE_CHECKING:
    from brookline.client.exchange import Answer, Request

_BY_STATUS: dict[int, type[BrooklineError]] = {
    401: NotLoggedIn,
    403: NotAllowed,
    404: NotFound,
    409: Conflict,
    412: PreconditionFailed,
    429: LockedOut,
}

_UNAVAILABLE = (421, 502, 503, 504)


def check(request: Request, answer: Answer) -> Answer:
    """Return an answer that is no refusal.

    Raises:
        BrooklineError: The one that the status and the ApiError of the body stand for.
    """
    if answer.status < 300:
        return answer
    raise problem_of(request, answer)


def problem_of(request: Request, answer: Answer) -> BrooklineError:
    """Return the error that a refusal means."""
    body = _api_error(answer)
    message = str(body.get("message") or _message(answer))
    details = str(body.get("details") or "")
    if answer.status in _UNAVAILABLE:
        outcome = Outcome.NOT_DONE if request.reads else outcome_of(answer)
        failure: BrooklineError = Unavailable(message, outcome, details=details)
    elif answer.status in _BY_STATUS:
        failure = _BY_STATUS[answer.status](message, details=details)
    elif answer.status < 500:
        failure = InvalidInput(message, details=details)
    else:
        failure = RemoteError(message, details=details)
    data = body.get("data")
    if isinstance(data, dict):
        failure.data = {**data, **failure.data}
    elif data is not None:
        failure.data["data"] = data
    failure.data |= {"status": answer.status, "path": request.path}
    return failure


def _api_error(answer: Answer) -> dict[str, Any]:
    try:
        body = json.loads(answer.body) if answer.body else {}
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message(answer: Answer) -> str:
    """Return a sentence for an answer without an ApiError, as frameworks and proxies give."""
    if answer.status == 401:
        return f"{answer.url} did not accept the user's name and password"
    text = answer.text().strip()
    if text and "<" not in text and len(text) < 200:
        return f"{answer.url} answered {answer.status}: {text}"
    return f"{answer.url} answered {answer.status}"
