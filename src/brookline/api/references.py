"""REST resource: what the entities of an application take from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from brookline.api import finding
from brookline.api.answers import Answer, json
from brookline.api.routes import Place, read
from brookline.blueprint.references import references
from brookline.wire.rest_references import ReferenceSummary

if TYPE_CHECKING:
    from brookline.api.calls import Call

_SLICE = 200
"""Entities that are looked at between two looks at other work."""


async def list_references(call: Call) -> Answer:
    """Return what the config of an application's entities takes from other entities."""
    top = finding.application(call)
    found = []
    for number, entity in enumerate((top, *top.descendants()), start=1):
        for key, target, text in references(entity):
            found.append(ReferenceSummary(entity.id, target.id, key, text))
        if number % _SLICE == 0:
            await call.ports.clock.sleep(0)
    return json(found)


OPERATIONS = (
    read(
        "/applications/{app}/references",
        list_references,
        returns=list[ReferenceSummary],
        place=Place.HOT,
        beyond=True,
    ),
)
