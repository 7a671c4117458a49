"""REST resource: locations, those that can be named and those that are in use."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api import links, masking
from brookline.api.answers import Answer, json
from brookline.api.routes import Param, Place, read
from brookline.api.summaries import location_summary
from brookline.errors import NotFound
from brookline.wire.rest import LocationSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call

BUILT_IN = ("localhost",)
"""Locations that a blueprint may name without anybody having defined them."""


async def list_locations(_call: Call) -> Answer:
    """Return the locations that a blueprint may name."""
    return json([_definition(name) for name in BUILT_IN])


async def get_location(call: Call) -> Answer:
    """Return a location: one that can be named, or one that is in use."""
    wanted = call.path["location"]
    found = call.ports.management.live.location(wanted)
    if found is not None:
        config = {key: value for key, value in found.config.items() if not masking.is_secret(key)}
        return json(location_summary(found, config=config))
    if wanted in BUILT_IN:
        return json(_definition(wanted))
    raise NotFound(f"there is no location '{wanted}'")


def _definition(name: str) -> LocationSummary:
    return LocationSummary(id=name, name=name, spec=name, links={"self": links.location(name)})


OPERATIONS = (
    read("/locations", list_locations, returns=list[LocationSummary], place=Place.HOT),
    read(
        "/locations/{location}",
        get_location,
        returns=LocationSummary,
        place=Place.HOT,
        params=(Param("full", str, "false"),),
    ),
)
