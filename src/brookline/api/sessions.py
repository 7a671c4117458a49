"""REST resource: sessions. A login by form, what a session is, and its end."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from msgspec import UNSET

from brookline.api import finding
from brookline.api.answers import NO_CONTENT, Answer, encode, json
from brookline.api.callers import session_of
from brookline.api.calls import FORM, MULTIPART
from brookline.api.cookies import Cookies, is_secure
from brookline.api.problems import Refused
from brookline.api.routes import Param, Place, change, read, write
from brookline.api.sites import is_own
from brookline.errors import BrooklineError, InvalidInput, NotAllowed, NotLoggedIn
from brookline.journal.queue import Decision
from brookline.plane.peers import Request
from brookline.security import session_keys
from brookline.security.session_tokens import COOKIE
from brookline.values.ids import new_id
from brookline.wire.rest_server import LogoutSummary, SessionSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call
    from brookline.api.ports import Ports
    from brookline.journal.records import View
    from brookline.security.session_tokens import Token

log = logging.getLogger("brookline.api")

_END = "/v1/session/end"
_LONGEST = 1024
_RETRY_S = 1.0
_TRIES = 600


async def login(call: Call) -> Answer:
    """Begin a session for a user name and a password."""
    fields = call.form() if call.media in (FORM, MULTIPART) else call.json()
    name, password = (_text(fields, key) for key in ("user", "password"))
    if call.ports.logins.open:
        raise NotAllowed("this node wants no login: anyone may come in")
    user = await call.ports.logins.check_password(name, password, call.address)
    token = call.ports.sessions.begin(user)
    log.info("login", extra={"fields": {"user": user, "address": call.address}})
    # Another node's page lives on its pass; a cookie by its wish could be that of a stranger.
    return _session(call, token, cookies=is_own(call.headers))


async def get_session(call: Call) -> Answer:
    """Return the session that asks, with a fresh pass for other nodes.

    A browser that has learned a name and a password shows these from then on, and no cookie alone:
    it gets a session for them, or that of its cookie.
    """
    if call.token is not None:
        return _session(call, call.token)
    if call.ports.logins.open:
        raise NotLoggedIn("there is no session: no login is wanted here", data={"login": "none"})
    token = _shown_beside(call)
    if token is None:
        token = call.ports.sessions.begin(call.user)
    return _session(call, token, cookies=is_own(call.headers))


def _shown_beside(call: Call) -> Token | None:
    """Return the session of a cookie that comes along with its user's name and password."""
    sessions = call.ports.sessions
    text = session_of(call.headers.get("cookie", ""), call.ports.node.plane_id)
    token = sessions.opened(text) if text else None
    if token is None or token.kind != COOKIE or token.user != call.user:
        return None
    return None if sessions.end_of(token) else sessions.renewed(token)


async def end_session(call: Call) -> Answer:
    """End a session on the whole plane; a node asks this when somebody logs out."""
    fields = call.json()
    session, until = _text(fields, "session"), fields.get("until")
    if not isinstance(until, int):
        raise InvalidInput("until must be a time in milliseconds")
    limit = call.ports.clock.wall_ms() + round(call.ports.sessions.times.age_s * 1000)

    def decide(view: View) -> Decision:
        return Decision(session_keys.end(view, session, min(until, limit)))

    asked = finding.asked(call, NO_CONTENT)
    await call.ports.node.commit(asked.once(decide), request=call.request, user=call.user)
    assert isinstance(asked.answer, Answer)
    return asked.answer


async def logout(call: Call) -> Answer:
    """End a login. A session ends on the whole plane; a browser forgets Basic credentials by a 401."""
    wanted = call.path.get("user") or call.query.get("user") or call.user
    if wanted != call.user:
        return json(_summary(call, "only the user logged in can log out", wanted), status=403)
    message, cookies = await _ended(call)
    text = call.query.get("unauthorize")
    status = 200 if text is None else 401
    body = _summary(call, message if text is None else text)
    return json(body, status=status, headers=cookies)


async def unauthorize(call: Call) -> Answer:
    """Answer 401, which makes a browser forget its credentials."""
    _, cookies = await _ended(call)
    raise Refused(401, "logged out", cookies)


async def _ended(call: Call) -> tuple[str, Any]:
    """End the session of a call, if it has one; return what to say, and headers."""
    token = call.token or _shown_beside(call)
    if token is None:
        return "logged out", ()
    call.ports.sessions.end_here(token.session)
    log.info("logout", extra={"fields": {"user": call.user}})
    cookies = Cookies(call.ports).none(secure=is_secure(call.base.partition(":")[0], call.headers))
    if await _told(call.ports, token):
        return "logged out", cookies
    call.ports.crew.spawn(_tell_later(call.ports, token), "logout")
    return "logged out here; the other nodes hear of it as soon as there is a master", cookies


async def _told(ports: Ports, token: Token) -> bool:
    """Have the plane know that a session has ended; tell whether it does."""
    body = encode({"session": token.session, "until": ports.sessions.until_ms(token)})
    headers = (("content-type", "application/json"),)
    request = Request(
        id=new_id(), method="POST", path=_END, headers=headers, body=body, user=token.user,
        repeatable=True,
    )  # fmt: skip
    try:
        reply = await ports.node.door.submit(request)
    except BrooklineError as error:
        log.info("logout not known to the plane", extra={"fields": {"why": error.message}})
        return False
    return reply.status < 300


async def _tell_later(ports: Ports, token: Token) -> None:
    for _ in range(_TRIES):
        await ports.clock.sleep(_RETRY_S)
        if await _told(ports, token):
            return


def _session(call: Call, token: Token, *, cookies: bool = False) -> Answer:
    sessions, times = call.ports.sessions, call.ports.sessions.times
    body = SessionSummary(
        user=token.user,
        plane=call.ports.node.plane_id,
        node=call.ports.node.identity.instance,
        csrf=sessions.csrf_of(token),
        pass_=sessions.sealed(sessions.passing(token)),
        pass_ms=round(times.pass_s * 1000),
        idle_ms=round(times.idle_s * 1000),
        ends_ms=sessions.until_ms(token),
        issued_ms=token.issued_ms,
        renew_ms=round(sessions.renew_s * 1000),
    )
    if not cookies:
        return json(body)
    secure = is_secure(call.base.partition(":")[0], call.headers)
    return json(body, headers=Cookies(call.ports).of(token, secure=secure))


def _text(fields: Any, key: str) -> str:
    value = fields.get(key) if isinstance(fields, dict) else None
    if not isinstance(value, str) or not value or len(value) > _LONGEST:
        raise InvalidInput(f"{key} must be text of up to {_LONGEST} characters")
    return value


def _summary(call: Call, message: str, requested: str = "") -> LogoutSummary:
    session = call.token.session if call.token else None
    return LogoutSummary(message, call.user or None, session, requested or UNSET)


_LOGOUT = {200: LogoutSummary, 401: LogoutSummary, 403: LogoutSummary}
_CREDENTIALS = (Param("user", form=True), Param("password", form=True))

OPERATIONS = (
    write(
        "POST /login",
        login,
        returns={200: SessionSummary},
        place=Place.HERE,
        params=_CREDENTIALS,
        login=False,
        beyond=True,
    ),
    read("/session", get_session, returns=SessionSummary, place=Place.ANY, beyond=True),
    change("POST /session/end", end_session, returns={204: None}, beyond=True),
    write(
        "POST /logout",
        logout,
        returns=_LOGOUT,
        place=Place.HERE,
        params=(Param("unauthorize"), Param("user")),
        always=True,
    ),
    write(
        "POST /logout/unauthorize", unauthorize, returns={401: None}, place=Place.HERE, always=True
    ),
    write("POST /logout/{user}", logout, returns=_LOGOUT, place=Place.HERE, always=True),
)
