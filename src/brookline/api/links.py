"""Path-only URIs, as clients follow them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from brookline.api.icons import icon_of

if TYPE_CHECKING:
    from brookline.model.entity import Entity
    from brookline.wire.rest import Links


def segment(name: str) -> str:
    """Return a name as one segment of a path."""
    return quote(name, safe="$@:-._~")


def application(application_id: str) -> str:
    """Return the URI of an application."""
    return f"/v1/applications/{application_id}"


def entity(one: Entity) -> str:
    """Return the URI of an entity."""
    return f"/v1/applications/{one.application_id}/entities/{one.id}"


def activity(task_id: str) -> str:
    """Return the URI of a task."""
    return f"/v1/activities/{task_id}"


def location(location_id: str) -> str:
    """Return the URI of a location."""
    return f"/v1/locations/{segment(location_id)}"


def of_entity(one: Entity) -> Links:
    """Return all links of an entity."""
    app = application(one.application_id)
    own = f"{app}/entities/{one.id}"
    links = {"self": own}
    if one.parent is not None:
        links["parent"] = f"{app}/entities/{one.parent.id}"
    links["application"] = app
    for relation in _PARTS:
        links[relation] = f"{own}/{relation}"
    links["rename"] = f"{own}/name"
    links["spec"] = f"{own}/spec"
    if icon_of(one):
        links["iconUrl"] = f"{own}/icon"
    if one.catalog_item_id:
        name, _, version = one.catalog_item_id.partition(":")
        links["catalog"] = f"/v1/catalog/entities/{segment(name)}/{segment(version)}"
    return links


_PARTS = (
    "children",
    "config",
    "sensors",
    "effectors",
    "adjuncts",
    "policies",
    "activities",
    "locations",
    "tags",
    "expunge",
)
