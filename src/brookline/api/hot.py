"""Hot reads: what is asked most often, answered from bytes that were encoded once per change.

A request for one of these pages is a look-up by its raw path, a login by the keyed cache, and a
comparison of versions. Whatever is unusual about a request (a query, another form, a name in place
of an id, a login that is not known yet) is left to the edge, which answers the same.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from weakref import ref

from brookline.api.answers import encode, etag
from brookline.api.plane_view import is_hot, state_now
from brookline.api.sensors import current_state
from brookline.api.summaries import entity_summary
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from weakref import ReferenceType

    from brookline.api.ports import Ports
    from brookline.api.wireform import Stamp
    from brookline.model.entity import Entity

    Scope = Mapping[str, Any]
    RawHeaders = list[tuple[bytes, bytes]]

HA_STATE = b"/v1/server/ha/state"
_MOST_BYTES = 32 << 20
"""Pages that are kept; the oldest go first."""

_UNUSUAL = frozenset({b"brookline-sequence", b"range", b"expect", b"origin"})
_JSON_TAKEN = frozenset({b"*/*", b"application/json", b"application/json, text/plain, */*"})


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """An encoded answer.

    Attributes:
        status: 200, or 304 for a client that has it already.
        body: JSON.
        etag: Of the body.
        headers: Those of the page itself.
        entity: What it shows, or None; weak, since a page may be kept for longer.
        version: Of the entity when it was encoded.
    """

    status: int
    body: bytes
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    entity: ReferenceType[Entity] | None = None
    version: int = 0


class Hot:
    """Finds pages, and makes them when they are asked for anew."""

    def __init__(self, ports: Ports, stamp: Stamp) -> None:
        self._ports = ports
        self._stamp = stamp
        self._pages: dict[bytes, Page] = {}
        self._bytes = 0
        self._states = {state: page(encode(state.value)) for state in NodeState}

    def find(self, scope: Scope) -> Page | None:
        """Return the answer to a ``GET``, or None if it is to be served at length."""
        if scope["query_string"]:
            return None
        path = scope["raw_path"]
        found = self._state_page() if path == HA_STATE else self._entity_page(path)
        if found is None:
            return None
        authorization = known = None
        for name, value in scope["headers"]:
            if name == b"authorization":
                authorization = value
            elif name == b"if-none-match":
                known = value
            elif name in _UNUSUAL or (name == b"accept" and value not in _JSON_TAKEN):
                return None
        if authorization is None or self._known(scope, authorization) is None:
            return None
        if known is not None and known == found.etag:
            return Page(304, b"", found.etag, ((b"etag", found.etag),))
        return found

    def _known(self, scope: Scope, authorization: bytes) -> str | None:
        return self._ports.logins.known(authorization, (scope["client"] or ("",))[0])

    def _state_page(self) -> Page:
        return self._states[state_now(self._ports.node)]

    def _entity_page(self, path: bytes) -> Page | None:
        if not is_hot(self._ports.node):
            return None
        kept = self._pages.get(path)
        if kept is not None and self._is_current(kept):
            return kept
        return self._made(path)

    def _is_current(self, kept: Page) -> bool:
        entity = None if kept.entity is None else kept.entity()
        return (
            entity is not None
            and entity.version == kept.version
            and self._ports.management.live.entity(entity.id) is entity
        )

    def _made(self, path: bytes) -> Page | None:
        segments = path.split(b"/")
        if len(segments) < 6 or segments[1] != b"v1" or segments[2] != b"applications":
            return None
        make = _PAGES.get(tuple(segments[6:]))
        if make is None or segments[4] != b"entities":
            return None
        entity = self._ports.management.live.entity(segments[5].decode("latin-1"))
        if entity is None or entity.application_id.encode() != segments[3]:
            return None
        made = page(make(entity), entity)
        self._keep(path, made)
        return made

    def _keep(self, path: bytes, made: Page) -> None:
        old = self._pages.pop(path, None)
        self._bytes += len(made.body) - (len(old.body) if old else 0)
        self._pages[path] = made
        while self._bytes > _MOST_BYTES:
            self._bytes -= len(self._pages.pop(next(iter(self._pages))).body)


def page(body: bytes, entity: Entity | None = None) -> Page:
    """Return a page that shows this."""
    tag = etag(body).encode()
    headers = (
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"etag", tag),
    )
    if entity is None:
        return Page(200, body, tag, headers)
    return Page(200, body, tag, headers, ref(entity), entity.version)


def _summary(entity: Entity) -> bytes:
    return encode(entity_summary(entity))


def _sensors(entity: Entity) -> bytes:
    return encode(current_state(entity))


_PAGES: dict[tuple[bytes, ...], Callable[[Entity], bytes]] = {
    (): _summary,
    (b"sensors", b"current-state"): _sensors,
}
"""Makers of pages, by what follows the entity in the path."""
