"""REST resources: policies and other adjuncts. This version has none; its clients ask."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api import finding
from brookline.api.answers import Answer, json
from brookline.api.routes import Param, Place, read
from brookline.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from brookline.api.calls import Call

_KINDS = ("policy", "enricher", "feed")


async def list_adjuncts(call: Call) -> Answer:
    """Return the adjuncts of an entity."""
    kind = call.query.get("adjunctType", "")
    if kind and kind.lower() not in _KINDS:
        raise InvalidInput(f"adjunctType must be one of {', '.join(_KINDS)}, not '{kind}'")
    finding.entity(call)
    return json([])


async def list_policies(call: Call) -> Answer:
    """Return the policies of an entity."""
    finding.entity(call)
    return json([])


async def get_policy_states(call: Call) -> Answer:
    """Return for each policy whether it runs."""
    finding.entity(call)
    return json({})


async def get_one(call: Call) -> Answer:
    """Return a policy or another adjunct."""
    raise NotFound(f"entity '{finding.entity(call).name}' has no adjunct '{call.path['adjunct']}'")


_E = "/applications/{app}/entities/{e}"

OPERATIONS = (
    read(
        f"{_E}/adjuncts",
        list_adjuncts,
        returns=list[dict[str, Any]],
        place=Place.HOT,
        params=(Param("adjunctType"),),
    ),
    read(f"{_E}/adjuncts/{{adjunct}}", get_one, returns={404: None}, place=Place.HOT),
    read(f"{_E}/policies", list_policies, returns=list[dict[str, Any]], place=Place.HOT),
    read(
        f"{_E}/policies/current-state", get_policy_states, returns=dict[str, bool], place=Place.HOT
    ),
    read(f"{_E}/policies/{{adjunct}}", get_one, returns={404: None}, place=Place.HOT),
)
