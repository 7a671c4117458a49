"""Who asks: by Basic, by a session's cookie, or by the pass of a session; and what that allows.

A browser adds a cookie by itself, whichever page asks. So a change that is asked for by cookie
has to bring along what only our own pages can know: the CSRF token.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.api.sites import check_host
from brookline.errors import InvalidInput, NotAllowed, NotLoggedIn, Outcome, Unavailable
from brookline.security.session_tokens import COOKIE, PASS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from brookline.api.ports import Ports
    from brookline.security.session_tokens import Token
    from brookline.security.sessions import End

REQUIRED = "x-csrf-token-required-for-requests"
_TOKENS = ("x-csrf-token", "x-xsrf-token")
_MODES = ("all", "write", "none")
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_BEARER = "bearer "


class SessionOver(Exception):
    """A session that the client shows does not go on.

    Attributes:
        end: Why.
    """

    def __init__(self, end: End) -> None:
        super().__init__(end.value)
        self.end = end


@dataclasses.dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who asks.

    Attributes:
        user: Who, or empty where no login is needed.
        token: Of the session by which it is known, or None.
        mode: What the request says about CSRF tokens, or empty.
        authorization: The header by which it is known, or empty.
    """

    user: str
    token: Token | None = None
    mode: str = ""
    authorization: bytes = b""

    @property
    def by_cookie(self) -> bool:
        """Whether a browser has added the credentials by itself."""
        return self.token is not None and self.token.kind == COOKIE


class Callers:
    """Finds out who asks.

    Args:
        ports: What the API asks.
    """

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def find(
        self, method: str, headers: Mapping[str, str], *, address: str, is_open: bool
    ) -> Caller:
        """Return who asks.

        Args:
            method: Of the request.
            headers: Of the request, in lower case.
            address: Of the client.
            is_open: Whether what is asked for needs no login.

        Raises:
            NotLoggedIn: No credentials, or wrong ones.
            SessionOver: They are those of a session that has ended.
            NotAllowed: By a cookie without the CSRF token; or no credentials are wanted, but this
                may be another site's page.
            InvalidInput: The request says nonsense about CSRF tokens.
            Unavailable: This node has not read yet what it would need to know them.
        """
        given = headers.get("authorization")
        mode = _mode(headers)
        if given is not None and given.lower().startswith(_BEARER):
            # One that has ended keeps nobody from logging in again.
            return Caller("") if is_open else self._by_pass(given)
        authorization = None if given is None else given.encode("latin-1")
        if authorization is not None:
            known = self._ports.logins.known(authorization, address)
            if known is not None:
                return Caller(known, mode=mode, authorization=authorization)
        elif not is_open:
            caller = self._by_cookie(method, headers, mode)
            if caller is not None:
                return caller
        if is_open:
            return Caller("")
        if self._ports.logins.open:
            me = self._ports.node.identity
            check_host(headers, (me.uri, me.address))
        user = await self._ports.logins.check(authorization, address)
        return Caller(user, mode=mode, authorization=authorization or b"")

    def standing(self, caller: Caller) -> Callable[[], str]:
        """Return what tells why a stream of this caller has to end; nothing as long as it may go on."""
        ports, token = self._ports, caller.token

        def by_session() -> str:
            assert token is not None
            return ports.sessions.closing_of(token)

        def by_header() -> str:
            return "" if ports.logins.known(caller.authorization) else "session-ended"

        if token is not None:
            return by_session
        return by_header if caller.authorization and not ports.logins.open else _stands

    def _by_pass(self, given: str) -> Caller:
        token = self._opened(given[len(_BEARER) :].strip())
        if token is None or token.kind != PASS:
            raise NotLoggedIn(
                "this is no pass of the plane: log in with a user name and a password"
            )
        end = self._ports.sessions.end_of(token)
        if end is not None:
            raise SessionOver(end)
        return Caller(token.user, token)

    def _by_cookie(self, method: str, headers: Mapping[str, str], mode: str) -> Caller | None:
        sessions = self._ports.sessions
        text = session_of(headers.get("cookie", ""), self._ports.node.plane_id)
        token = self._opened(text) if text else None
        if token is None or token.kind != COOKIE:
            return None
        end = sessions.end_of(token)
        if end is not None:
            raise SessionOver(end)
        caller = Caller(token.user, token, mode)
        self._check_token(method, headers, caller)
        return caller

    def _opened(self, text: str) -> Token | None:
        """Return what a token says, or None if it is none of this plane.

        Raises:
            Unavailable: If nobody here can tell.
        """
        sessions = self._ports.sessions
        token = sessions.opened(text)
        if token is None and not sessions.ready and not self._ports.logins.open:
            raise Unavailable(
                "this node has not read the plane's log yet, so it cannot tell whose session this"
                " is; try again",
                Outcome.NOT_DONE,
            )
        return token

    def _check_token(self, method: str, headers: Mapping[str, str], caller: Caller) -> None:
        assert caller.token is not None
        mode = caller.mode or caller.token.mode or "write"
        if mode == "none" or (mode == "write" and method in _SAFE):
            return
        given = [headers[name] for name in _TOKENS if name in headers]
        if not any(self._ports.sessions.is_csrf_of(caller.token, one) for one in given):
            fault = "wrong" if given else "missing"
            raise NotAllowed(
                f"the CSRF token is {fault}: send that of the session as X-CSRF-TOKEN",
                data={"csrf": fault},
            )


def cookie_name(plane: str) -> str:
    """Return the name of a plane's cookie; of several planes on one host each has its own."""
    return f"brookline-{plane}"


def session_of(header: str, plane: str) -> str:
    """Return the value of a plane's cookie, or nothing; of any plane's while its id is not known."""
    for part in header.split(";"):
        key, _, value = part.strip().partition("=")
        if key == cookie_name(plane) or (not plane and key.startswith(cookie_name(""))):
            return value
    return ""


def _mode(headers: Mapping[str, str]) -> str:
    mode = headers.get(REQUIRED, "").strip().lower()
    if mode and mode not in _MODES:
        raise InvalidInput(f"{REQUIRED} is one of {', '.join(_MODES)}, not {mode[:40]!r}")
    return mode


def _stands() -> str:
    return ""
