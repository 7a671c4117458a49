"""The ASGI application: the table of all routes, and the steps in front of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from brookline.api import (
    access,
    activities,
    adjuncts,
    all_activities,
    applications,
    config,
    deploy,
    effectors,
    entities,
    events,
    ha,
    health,
    interrupted,
    journal,
    locations,
    openapi,
    persistence,
    planned,
    references,
    relay,
    sensors,
    server,
    sessions,
    streams,
    tags,
)
from brookline.api.edge import Edge
from brookline.api.hot import Hot
from brookline.api.hub import Hub
from brookline.api.nodes import PREFIX, Nodes
from brookline.api.origins import opened, origins, preflight, sister
from brookline.api.routes import Operation, RouteTable
from brookline.api.session_duty import SessionDuty
from brookline.api.wireform import Stamp
from brookline.api.writes import Writes
from brookline.console.site import Console

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from brookline.api.ports import Ports

    Receive = Callable[[], Awaitable[Mapping[str, Any]]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

RESOURCES = (
    server,
    ha,
    relay,
    planned,
    journal,
    persistence,
    applications,
    deploy,
    entities,
    tags,
    references,
    config,
    sensors,
    effectors,
    adjuncts,
    activities,
    all_activities,
    streams,
    events,
    interrupted,
    locations,
    access,
    sessions,
    health,
)
"""One module a resource; each has `OPERATIONS`."""


def all_operations() -> tuple[Operation, ...]:
    """Return every operation of the API."""
    listed = tuple(operation for resource in RESOURCES for operation in resource.OPERATIONS)
    return (*listed, *openapi.apidoc(listed))


class Api:
    """The application. It also becomes what carries out the writes of the node's door.

    Attributes:
        hot: Answers hot reads; `HotProtocol` asks it before it makes a task.
        stamp: The headers that every answer has.
        hub: Tells clients what happens.
        duty: What a master has to do about sessions; to be run.
    """

    def __init__(self, ports: Ports) -> None:
        table = RouteTable(all_operations())
        self.stamp = Stamp(ports.node)
        self.hot = Hot(ports, self.stamp)
        writes = Writes(ports, table, self.stamp)
        ports.node.door.execute = writes.execute
        self.hub = Hub(ports, self.stamp)
        self._edge = Edge(ports, table, writes=writes, stamp=self.stamp, hub=self.hub)
        self.duty = SessionDuty(ports)
        self._nodes = Nodes(ports, self.stamp)
        self._console = Console(lambda: origins(ports.node))
        self._node = ports.node

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request, as ASGI has it."""
        if scope["type"] != "http":
            raise RuntimeError(f"ASGI's {scope['type']} is not served here")
        if scope["raw_path"].startswith(PREFIX):
            await self._nodes(scope, receive, send)
            return
        if self._console.takes(scope):
            await self._console(scope, send)
            return
        origin = self._sister(scope)
        if origin:
            send = opened(send, origin)
            allowed = preflight(scope)
            if allowed is not None:
                await send({"type": "http.response.start", "status": 204, "headers": allowed})
                await send({"type": "http.response.body", "body": b""})
                return
        found = self.hot.find(scope) if scope["method"] == "GET" else None
        if found is None:
            await self._edge(scope, receive, send)
            return
        headers = [*found.headers, *self.stamp.raw()]
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})

    def _sister(self, scope: Mapping[str, Any]) -> str:
        """Return the origin of another node's page that asks, or the empty text."""
        for name, value in scope["headers"]:
            if name == b"origin" and sister(value.decode("latin-1"), self._node):
                return str(value.decode("latin-1"))
        return ""
