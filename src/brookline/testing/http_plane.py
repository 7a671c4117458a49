"""A plane of scripted nodes that speak real HTTP: for tests of clients, with all that can go wrong.

with HttpPlane("n1", "n2") as plane:
    plane.answers["GET /v1/applications"] = []
    plane["n1"].misbehave(hang_up)          # the next request is read, and not answered
"""

from __future__ import annotations

import dataclasses
import json
import threading
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    import socket


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A request that a node has read whole."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What a node answers."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def encoded(self) -> bytes:
        """Return the body's bytes: text as it is, all else as JSON, nothing for None."""
        if self.body is None:
            return b""
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()


Behaviour = Callable[["HttpNode", Seen], Reply | None]
"""Decides the answer to a request; None ends the connection without one."""


def hang_up(node: HttpNode, seen: Seen) -> None:
    """Read the request and end the connection: the client cannot know what became of it."""


def unavailable(outcome: str, **headers: str) -> Behaviour:
    """Refuse with 503 and this outcome; no outcome at all if it is empty."""
    data = {"data": {"outcome": outcome}} if outcome else {}
    body = {"message": "nobody leads", "error": 503} | data
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _node, _seen: Reply(503, body, named)


def not_the_master(node: HttpNode, seen: Seen) -> Reply:  # noqa: ARG001
    """Refuse with 403, as AMP does on a node that does not lead."""
    message = "This request is only permitted against an active primary server"
    return Reply(403, {"message": message, "error": 403})


class HttpNode:
    """One node of a scripted plane, on a free port of loopback."""

    def __init__(self, plane: HttpPlane, name: str) -> None:
        self.plane = plane
        self.name = name
        self.instance = f"{name}instance"
        self.status = "HOT_STANDBY"
        self.fields: dict[str, Any] = {}
        self.requests: list[Seen] = []
        self._scripted: deque[Behaviour] = deque()
        self._server: _Server | None = None
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Listen, on the port of before if it has listened already."""
        self._server = _Server(self, self._port)
        self._port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stop listening and end all connections, as the death of a process does."""
        if self._server is not None:
            self._server.shutdown()
            self._server.hang_up()
            self._server.server_close()
            self._server = None

    def misbehave(self, *behaviours: Behaviour) -> None:
        """Treat the next requests so, one each; those for the plane's states are not counted."""
        self._scripted.extend(behaviours)

    def writes(self) -> list[Seen]:
        """Return the requests so far that were no reads."""
        return [seen for seen in self.requests if seen.method not in ("GET", "HEAD")]

    def handle(self, seen: Seen) -> Reply | None:
        """Decide what to answer."""
        self.requests.append(seen)
        if self._scripted and seen.path != "/v1/server/ha/states":
            return self._scripted.popleft()(self, seen)
        answer = self.plane.answer(self, seen)
        return answer(self, seen) if callable(answer) else answer

    def as_json(self) -> dict[str, Any]:
        """Return its element of ``nodes{}``."""
        return {
            "nodeId": self.instance,
            "nodeUri": self.url + "/",
            "status": self.status,
            "localTimestamp": 1,
            "remoteTimestamp": 1,
            "priority": 0,
            "name": self.name,
            **self.fields,
        }


class HttpPlane:
    """Nodes that know each other, and one table of answers that all of them give.

    Attributes:
        answers: By method and path: a `Reply`, a `Behaviour`, or a value to be sent as JSON.
        timeout_ms: The time-out that the nodes tell.
        mark: Headers by which servers of ours are known.
        forgotten: Names of nodes that no node shows.
    """

    def __init__(self, *names: str) -> None:
        self.answers: dict[str, Any] = {}
        self.timeout_ms = 30_000
        self.mark = {"Brookline-Node": "node"}
        self.forgotten: set[str] = set()
        self._nodes = {name: HttpNode(self, name) for name in names}
        self.lead(names[0])

    def __getitem__(self, name: str) -> HttpNode:
        return self._nodes[name]

    @property
    def urls(self) -> list[str]:
        """The addresses of all nodes."""
        return [node.url for node in self._nodes.values()]

    def lead(self, name: str) -> None:
        """Make that node the master, and the one before a standby; nobody, if it is empty."""
        for node in self._nodes.values():
            if node.status == "MASTER":
                node.status = "HOT_STANDBY"
        if name:
            self._nodes[name].status = "MASTER"

    def states(self, own: HttpNode) -> dict[str, Any]:
        """Return the plane as that node shows it."""
        nodes = self._nodes.values()
        master = next((node.instance for node in nodes if node.status == "MASTER"), "")
        return {
            "planeId": "theplane",
            "ownId": own.instance,
            "masterId": master,
            "nodes": {
                node.instance: node.as_json() for node in nodes if node.name not in self.forgotten
            },
            "links": {},
            "heartbeatTimeoutMs": self.timeout_ms,
        }

    def answer(self, node: HttpNode, seen: Seen) -> Reply | Behaviour:
        """Look the answer up."""
        key = f"{seen.method} {seen.path}"
        if key in self.answers:
            found = self.answers[key]
            made = isinstance(found, Reply) or callable(found)
            return found if made else Reply(body=json.dumps(found))
        if key == "GET /v1/server/ha/states":
            return Reply(body=self.states(node), headers=self.mark)
        return Reply(404, {"message": f"nothing at {key}", "error": 404})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for node in self._nodes.values():
            node.stop()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, node: HttpNode, port: int) -> None:
        self.node = node
        self._clients: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._clients.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._clients.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        for client in list(self._clients):
            self.shutdown_request(client)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server
    disable_nagle_algorithm = True

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True  # the client hung up, or the node was stopped

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(
            self.command, unquote(parts.path), parts.query, headers, self.rfile.read(length)
        )
        reply = self.server.node.handle(seen)
        if reply is None:
            self.close_connection = True
            return
        body = reply.encoded()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing."""
