"""What a handler gives back: a status, bytes and headers, free of any HTTP library."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

import msgspec

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"

Headers = tuple[tuple[str, str], ...]

_encoder = msgspec.json.Encoder()


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one request.

    Attributes:
        status: HTTP status.
        body: All of it.
        media: Its media type, or empty if there is no body.
        headers: Lower-case names; beyond those that every answer has.
    """

    status: int
    body: bytes = b""
    media: str = JSON
    headers: Headers = ()


NO_CONTENT = Answer(204, media="")
"""Done, and nothing to say."""

EMPTY = Answer(200, media="")
"""Done; AMP answers 200 with an empty body here."""


def encode(value: object) -> bytes:
    """Return `value` as JSON."""
    return _encoder.encode(value)


def json(value: Any, *, status: int = 200, headers: Headers = ()) -> Answer:
    """Answer with a shape, or anything else that JSON holds."""
    return Answer(status, _encoder.encode(value), headers=headers)


def text(value: str, *, media: str = TEXT) -> Answer:
    """Answer with text as it is."""
    return Answer(200, value.encode(), media)


def etag(body: bytes) -> str:
    """Return the tag by which a client tells whether it has this body already."""
    return f'"{hashlib.blake2b(body, digest_size=9).hexdigest()}"'
