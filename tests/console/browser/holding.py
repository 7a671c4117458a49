"""A proxy between a browser and a node that holds answers back until they are complete."""

from __future__ import annotations

import threading
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_A_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length"))


class _Handler(BaseHTTPRequestHandler):
    """Passes one request on."""

    protocol_version = "HTTP/1.1"
    server: HoldingProxy

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else None
        sent = {k: v for k, v in self.headers.items() if k.lower() not in _OF_A_HOP}
        connection = HTTPConnection("127.0.0.1", self.server.to)
        self.server.connections.append(connection)
        try:
            connection.request(self.command, self.path, body, sent)
            response = connection.getresponse()
            whole = response.read()  # of a stream: until it ends
            self._answer(response.status, response.getheaders(), whole)
        except (OSError, HTTPException):
            self.close_connection = True
        finally:
            connection.close()

    do_POST = do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, headers: list[tuple[str, str]], whole: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            if name.lower() not in _OF_A_HOP:
                self.send_header(name, value)
        self.send_header("content-length", str(len(whole)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(whole)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class HoldingProxy(ThreadingHTTPServer):
    """Listens on a free port of loopback, and passes on to another."""

    daemon_threads = True

    def __init__(self, to: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.to = to
        self.connections: list[HTTPConnection] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


def holding(to: int) -> Iterator[HoldingProxy]:
    """Run a proxy; a fixture's body."""
    proxy = HoldingProxy(to)
    thread = threading.Thread(target=proxy.serve_forever)
    thread.start()
    yield proxy
    proxy.shutdown()
    thread.join()
    for connection in proxy.connections:
        connection.close()
    proxy.server_close()
