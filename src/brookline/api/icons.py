"""Icons of entities: what a blueprint's `iconUrl` names, if it is on the web."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from brookline.model.entity import Entity

_IN_URLS = "%/:=&?~#+!$,;'@()*[]"


def icon_of(entity: Entity) -> str:
    """Return the URL of an entity's icon, or empty if it has none that a browser could get.

    A `classpath:` of AMP's leads nowhere here, and other schemes are no pictures.
    """
    for tag in entity.tags:
        if isinstance(tag, dict) and tag.get("kind") == "icon_url":
            return _on_the_web(str(tag.get("contents") or ""))
    return ""


def _on_the_web(url: str) -> str:
    url = quote(url.strip(), safe=_IN_URLS)
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme in {"http", "https"} and parts.netloc else ""
