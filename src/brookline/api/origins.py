"""The pages of the plane's other nodes: what a browser lets them ask of this one.

A page of the console goes on through another node when its own has gone. To the browser that is
another site, and this node has to say that it may. Which sites are the plane's is told by the
heartbeats, and who can write these is trusted. Such a page shows its right by ``Authorization:
Bearer``, which it has to add itself; what a browser adds by itself counts for nothing from there.
It may log in without, and gets a pass by that, and no cookies: so whoever listens where a node was
once cannot have a browser be somebody else here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from brookline.api.node_port import Node

    Send = Callable[[dict[str, Any]], Awaitable[None]]
    RawHeaders = list[tuple[bytes, bytes]]

_SHOWN = (
    b"Brookline-Node, Brookline-Epoch, Brookline-Sequence, Brookline-Stream-End, "
    b"Brookline-Stream-Kept, ETag, Location, Retry-After"
)
_USUAL = {"http": 80, "https": 443}
"""Ports that an origin does not name."""

_PREFLIGHT = (
    (b"access-control-allow-methods", b"GET, HEAD, POST, PUT, DELETE"),
    (b"access-control-max-age", b"600"),
)


def origins(node: Node) -> frozenset[str]:
    """Return the origins of the nodes that are listed, such as ``http://127.0.0.1:8081``."""
    said = [member.heartbeat for member in node.members()]
    return frozenset(
        filter(None, map(_origin, [url for one in said for url in (one.address, one.uri)]))
    )


def sister(origin: str, node: Node) -> bool:
    """Tell whether an origin is that of a page of a node of the plane."""
    return bool(origin) and origin in origins(node)


def is_from_sister(headers: Mapping[str, str], node: Node, *, bears: bool = True) -> bool:
    """Tell whether another node's page asks.

    Args:
        headers: Of the request.
        node: This node.
        bears: Whether it must have shown its right itself; to log in there is none yet.
    """
    shown = headers.get("authorization", "").lower().startswith("bearer ")
    return (shown or not bears) and sister(headers.get("origin", ""), node)


def preflight(scope: Mapping[str, Any]) -> RawHeaders | None:
    """Return the headers for a browser that asks before it sends; None if it does not ask.

    It is answered by an opened `send`, which adds whose pages are meant.
    """
    if scope["method"] != "OPTIONS":
        return None
    wanted = [v for k, v in scope["headers"] if k == b"access-control-request-headers"]
    if not any(name == b"access-control-request-method" for name, _ in scope["headers"]):
        return None
    allowed = [(b"access-control-allow-headers", wanted[0])] if wanted else []
    return [*_PREFLIGHT, *allowed, (b"content-length", b"0")]


def opened(send: Send, origin: str) -> Send:
    """Return a `send` whose answers a page of that origin may read."""

    async def allow(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            more = [*_allow(origin), (b"access-control-expose-headers", _SHOWN)]
            message = {**message, "headers": [*message["headers"], *more]}
        await send(message)

    return allow


def _allow(origin: str) -> RawHeaders:
    return [
        (b"access-control-allow-origin", origin.encode()),
        (b"vary", b"origin"),
    ]


def _origin(url: str) -> str:
    """Return the origin of an address as browsers write it, or the empty text if it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in _USUAL or not parts.hostname:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    shown = "" if port in {None, _USUAL[parts.scheme]} else f":{port}"
    return f"{parts.scheme}://{host}{shown}"
