"""Sessions: who logged in once goes on, at any node, also after a failover, without a commit.

All that a session is stands in the token that its client holds; the plane only keeps the key that
signs tokens, and which sessions were ended before their time.
"""

from __future__ import annotations

import dataclasses
import enum
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

from msgspec.structs import replace

from brookline.errors import Outcome, Unavailable
from brookline.security import session_keys, session_tokens
from brookline.security.session_tokens import COOKIE, PASS, Token

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.records import View
    from brookline.security.users import Users
    from brookline.values.clock import Clock

_RENEWALS = 8
"""A session's token is made anew when so small a part of the idle time has passed."""

_MOST_ENDED_HERE = 1000


class End(enum.Enum):
    """Why a session does not go on; the values are AMP's words."""

    INVALIDATED = "SESSION_INVALIDATED"
    """It was idle for too long, or ended, or its user has changed."""

    AGE_EXCEEDED = "SESSION_AGE_EXCEEDED"
    """It has lasted for as long as any may."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SessionTimes:
    """How long sessions last, in seconds."""

    idle_s: float = 3600.0
    """After the last request. `brookline.session.idle`."""

    age_s: float = 86_400.0
    """In all. `brookline.session.age`."""

    pass_s: float = 300.0
    """How long a pass opens the doors of other nodes."""


class Sessions:
    """Begins sessions, and knows those that others began.

    Args:
        users: Who may have one.
        view: Returns the plane's records, or None while nothing has been read of the store.
        clock: Time; wall times are compared, as tokens come from other machines.
        times: How long they last.
    """

    def __init__(
        self,
        users: Users,
        *,
        view: Callable[[], View | None],
        clock: Clock,
        times: SessionTimes | None = None,
    ) -> None:
        self.times = times or SessionTimes()
        self._users = users
        self._view = view
        self._clock = clock
        self._ended_here: dict[str, None] = {}

    @property
    def ready(self) -> bool:
        """Whether this node knows the key of the plane, and so can sign tokens."""
        view = self._view()
        return view is not None and session_keys.newest(view) is not None

    def begin(self, user: str, mode: str = "") -> Token:
        """Return the token of a new session of somebody who has just shown a password.

        Args:
            user: Who.
            mode: What the client has said about its CSRF token, or empty.

        Raises:
            Unavailable: This node does not know the key of the plane yet.
        """
        key, _ = self._signing()
        now = self._clock.wall_ms()
        return Token(
            kind=COOKIE,
            key=key,
            session=secrets.token_urlsafe(15),
            user=user,
            issued_ms=now,
            seen_ms=now,
            mode=mode,
            stamp=self._stamp(user),
        )

    def sealed(self, token: Token) -> str:
        """Return a token as it goes over the wire.

        Raises:
            Unavailable: Its key is not known here.
        """
        view = self._view()
        secret = None if view is None else session_keys.secret_of(view, token.key)
        if secret is None:
            raise _no_key()
        return session_tokens.sealed(token, secret)

    def opened(self, text: str) -> Token | None:
        """Return what a token says, if it is one of this plane."""
        view = self._view()
        if view is None:
            return None
        return session_tokens.opened(text, lambda key: session_keys.secret_of(view, key))

    def end_of(self, token: Token) -> End | None:
        """Return why a session does not go on; None if it does."""
        now = self._clock.wall_ms()
        if now - token.issued_ms > self.times.age_s * 1000:
            return End.AGE_EXCEEDED
        most_s = self.times.pass_s if token.kind == PASS else self.times.idle_s
        if now - token.seen_ms > most_s * 1000 or self._is_ended(token.session):
            return End.INVALIDATED
        return None if self._is_same_user(token) else End.INVALIDATED

    def closing_of(self, token: Token) -> str:
        """Return why what was begun by a session has to end; nothing as long as it may go on.

        It may go on while the session is idle otherwise: it is in use.
        """
        if self._is_ended(token.session):
            return "logged-out"
        over = self._clock.wall_ms() > self.until_ms(token)
        return "session-ended" if over or not self._is_same_user(token) else ""

    def is_renewable(self, token: Token) -> bool:
        """Tell whether its client is to get a newer token."""
        return self._clock.wall_ms() - token.seen_ms > self.renew_s * 1000

    def renewed(self, token: Token, *, mode: str | None = None) -> Token:
        """Return the token of the same session, as one that was used just now.

        Raises:
            Unavailable: This node does not know the key of the plane.
        """
        key, _ = self._signing()
        mode = token.mode if mode is None else mode
        seen = self._clock.wall_ms()
        return replace(token, kind=COOKIE, key=key, seen_ms=seen, mode=mode)

    def passing(self, token: Token) -> Token:
        """Return a pass of a session.

        Raises:
            Unavailable: This node does not know the key of the plane.
        """
        return replace(self.renewed(token), kind=PASS)

    def csrf_of(self, token: Token) -> str:
        """Return what a page of a session has to send along, to show that it is one of ours.

        It is the same for as long as the session lasts.
        """
        # Not of the plane's key, which may change meanwhile: the id of a session is a secret too.
        return session_tokens.derived("csrf", token.session, token.session.encode())

    def is_csrf_of(self, token: Token, given: str) -> bool:
        """Tell whether that was sent."""
        return hmac.compare_digest(self.csrf_of(token).encode(), given.encode())

    def end_here(self, session: str) -> None:
        """End a session on this node, before the plane knows of it."""
        if len(self._ended_here) >= _MOST_ENDED_HERE:
            del self._ended_here[next(iter(self._ended_here))]
        self._ended_here[session] = None

    def until_ms(self, token: Token) -> int:
        """Return when a session ends at the latest."""
        return token.issued_ms + round(self.times.age_s * 1000)

    @property
    def renew_s(self) -> float:
        """Seconds after which a token is made anew."""
        return self.times.idle_s / _RENEWALS

    def _signing(self) -> tuple[str, bytes]:
        view = self._view()
        found = None if view is None else session_keys.newest(view)
        if found is None:
            raise _no_key()
        return found

    def _is_ended(self, session: str) -> bool:
        view = self._view()
        known = view is not None and session_keys.is_ended(view, session)
        return known or session in self._ended_here

    def _is_same_user(self, token: Token) -> bool:
        if self._users.hash_of(token.user) is None:
            return False
        stamp = self._stamp(token.user)
        return not token.stamp or not stamp or stamp == token.stamp

    def _stamp(self, user: str) -> str:
        """Return what changes with a user's password.

        Of a user of the node's own properties nothing: each node hashes that password by itself.
        """
        encoded = self._users.shared_hash_of(user)
        if encoded is None:
            return ""
        return hashlib.sha256(b"stamp:" + encoded.encode()).hexdigest()[:16]


def _no_key() -> Unavailable:
    return Unavailable(
        "this node does not know the plane's key for sessions yet; log in again in a moment, or use"
        " Basic",
        Outcome.NOT_DONE,
    )
