"""REST resources: what is allowed on the plane, and the end of a login."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from brookline.api.answers import Answer, json
from brookline.api.problems import Refused
from brookline.api.routes import Param, Place, read, write
from brookline.wire.rest_server import AccessSummary, LogoutSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call


async def get_access(_call: Call) -> Answer:
    """Return what is allowed on the plane as a whole."""
    return json(AccessSummary(location_provisioning_allowed=True, links={"self": "/v1/access"}))


async def logout(call: Call) -> Answer:
    """End a login; Basic credentials are kept by the client, so 401 makes a browser forget them."""
    wanted = call.path.get("user") or call.query.get("user") or call.user
    if wanted != call.user:
        return json(_summary(call, "only the user logged in can log out", wanted), status=403)
    text = call.query.get("unauthorize")
    if text is not None:
        return json(_summary(call, text), status=401)
    return json(_summary(call, "logged out"))


async def unauthorize(_call: Call) -> Answer:
    """Answer 401, which makes a browser forget its credentials."""
    raise Refused(401, "logged out")


def _summary(call: Call, message: str, requested: str = "") -> LogoutSummary:
    return LogoutSummary(message, call.user or None, None, requested or UNSET)


_LOGOUT = {200: LogoutSummary, 401: LogoutSummary, 403: LogoutSummary}

OPERATIONS = (
    read("/access", get_access, returns=AccessSummary, place=Place.ANY),
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
