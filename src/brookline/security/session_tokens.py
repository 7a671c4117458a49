"""Tokens: what a client shows to go on with a session, signed so that it cannot be made up. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable

_SIGNATURE_BYTES = 32
LONGEST = 2048
"""Characters of a token that is looked at."""

COOKIE = "c"
"""Kind of a token that a browser keeps for a session."""

PASS = "p"  # noqa: S105 - a kind, no password
"""Kind of a token that lives for minutes, and that a page's script may hold."""


class Token(msgspec.Struct, frozen=True, array_like=True):
    """What a token says. Times are wall times in milliseconds.

    Attributes:
        kind: `COOKIE` or `PASS`.
        key: Id of the key that signs it.
        session: Id of the session, which nobody can guess.
        user: Whose it is.
        issued_ms: When the session began.
        seen_ms: When it was last seen to be used; a pass: when it was given out.
        mode: What the client has said about its CSRF token: ``all``, ``write``, ``none`` or nothing.
        stamp: Of the user's password when the session began, or empty.
    """

    kind: str
    key: str
    session: str
    user: str
    issued_ms: int
    seen_ms: int
    mode: str = ""
    stamp: str = ""


_decoder = msgspec.json.Decoder(Token)


def sealed(token: Token, secret: bytes) -> str:
    """Return a token as it goes over the wire."""
    body = msgspec.json.encode(token)
    return f"{_text(body)}.{_text(_signature(body, secret))}"


def opened(text: str, secret_of: Callable[[str], bytes | None]) -> Token | None:
    """Return what a token says; None if it is none, or is signed by no key that is known.

    Args:
        text: As a client sent it.
        secret_of: Returns the key of an id, or None.
    """
    head, _, tail = text.partition(".")
    if len(text) > LONGEST or not tail:
        return None
    try:
        body, signature = _bytes(head), _bytes(tail)
        token = _decoder.decode(body)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    secret = secret_of(token.key)
    if secret is None or not hmac.compare_digest(signature, _signature(body, secret)):
        return None
    return token


def derived(purpose: str, text: str, secret: bytes) -> str:
    """Return what follows from a text and a key, and tells nothing of either."""
    return hmac.new(secret, f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()[:32]


def _signature(body: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, b"session:" + body, "sha256")[:_SIGNATURE_BYTES]


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    if not text.isascii():
        raise ValueError("no token is written so")
    return base64.b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True)
