"""REST resource: what is allowed on the plane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api.answers import Answer, json
from brookline.api.routes import Place, read
from brookline.wire.rest_server import AccessSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call


async def get_access(_call: Call) -> Answer:
    """Return what is allowed on the plane as a whole."""
    return json(AccessSummary(location_provisioning_allowed=True, links={"self": "/v1/access"}))


OPERATIONS = (read("/access", get_access, returns=AccessSummary, place=Place.ANY),)
