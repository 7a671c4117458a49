"""The cookies of a session, as they are set and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.callers import cookie_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.answers import Headers
    from brookline.api.callers import Caller
    from brookline.api.ports import Ports
    from brookline.security.session_tokens import Token

_CSRF = ("CSRF-TOKEN", "XSRF-TOKEN")
"""Source: names of Brooklyn's cookies that its pages read."""

_BEGINNING = ("/v1/server/up/extended", "/v1/server/user")
"""Source: AMP's login page asks the first with Basic credentials, and expects a session."""


class Cookies:
    """Sets cookies.

    Args:
        ports: What the API asks.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    def of(self, token: Token, *, secure: bool) -> Headers:
        """Return the headers that give a browser a session.

        Raises:
            Unavailable: If this node cannot sign it.
        """
        name, sessions = cookie_name(self._ports.node.plane_id), self._ports.sessions
        csrf = sessions.csrf_of(token)
        return (
            _set(name, sessions.sealed(token), "HttpOnly", secure=secure),
            *(_set(one, csrf, secure=secure) for one in _CSRF),
        )

    def none(self, *, secure: bool) -> Headers:
        """Return the headers that take a session back."""
        names = (cookie_name(self._ports.node.plane_id), *_CSRF)
        return tuple(_set(name, "", "Max-Age=0", secure=secure) for name in names)

    def renewing(self, caller: Caller, path: str, *, secure: bool) -> Headers:
        """Return the headers that an answer to a caller needs; none most of the time.

        Args:
            caller: Who asks.
            path: Of the request.
            secure: Whether the browser came by a safe connection.
        """
        sessions, token = self._ports.sessions, caller.token
        if token is None:
            begins = path in _BEGINNING and caller.authorization and caller.user
            if not begins or self._ports.logins.open or not sessions.ready:
                return ()
            return self.of(sessions.begin(caller.user, caller.mode), secure=secure)
        if not caller.by_cookie:
            return ()
        says_more = bool(caller.mode) and caller.mode != token.mode
        if not (says_more or sessions.is_renewable(token)) or not sessions.ready:
            return ()
        return self.of(sessions.renewed(token, mode=caller.mode or token.mode), secure=secure)


def is_secure(scheme: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a browser came by TLS, also if that ends at a proxy in front."""
    return scheme == "https" or headers.get("x-forwarded-proto", "").strip().lower() == "https"


def _set(name: str, value: str, *more: str, secure: bool) -> tuple[str, str]:
    words = (
        f"{name}={value}",
        "Path=/",
        "SameSite=Strict",
        *more,
        *(("Secure",) if secure else ()),
    )
    return ("set-cookie", "; ".join(words))
