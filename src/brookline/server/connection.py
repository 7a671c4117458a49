"""One connection of a client: bounded in what it may take before anybody knows who is there."""

from __future__ import annotations

import asyncio
import functools
import http
import logging
from typing import TYPE_CHECKING, Any

from brookline.api.hot_protocol import HotProtocol
from brookline.api.problems import Refused, problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from brookline.server.http_server import HttpServer

    App = Callable[..., Awaitable[None]]

log = logging.getLogger("brookline.http")

IDLE_S = 75
"""How long an idle connection is kept; longer than most clients keep theirs."""

MOST_HEAD_BYTES = 64 << 10
"""The longest head of a request, its line and headers; the parser itself has no limit."""

_TOO_LONG = Refused(
    431, f"the head of a request, its line and headers, is at most {MOST_HEAD_BYTES >> 10} KiB"
)
_NO_REQUEST = Refused(400, "this is no HTTP request that can be read; the connection is closed")


class _HeadTooLong(Exception):
    """Ends the parsing of a request."""


class Connection(HotProtocol):
    """A connection, which reads nothing that was sent before the loop stood still.

    Args:
        server: Whose it is.
        age: Of the loop when it was accepted.
    """

    def __init__(self, server: HttpServer, age: int) -> None:
        super().__init__(server.config, server.state, {}, server.loop)
        self._standstill = server.standstill
        self._age = age
        self._in_head = True
        self._head_bytes = 0
        self._refusal = _NO_REQUEST
        self._looks = 0
        self._seen: RequestResponseCycle | None = None

    @property
    def is_idle(self) -> bool:
        """Whether it waits for a request."""
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is None or cycle.response_complete

    def look(self) -> None:
        """Note, once a second, whether it still waits for the same request; not for ever.

        In the place of uvicorn's own limit, which counts from an answer on, and is off from the
        next byte on: a client that says nothing, or says it slowly, would keep its descriptor
        without ever logging in.
        """
        if self.is_idle and self.cycle is self._seen:
            self._looks += 1
        else:
            self._seen, self._looks = self.cycle, 0
        if self._looks > IDLE_S and not self.transport.is_closing():
            self.transport.close()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin, unless the loop stood still since the client was accepted."""
        super().connection_made(transport)
        if self._is_old():
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Read what a client sent, if it is of this age and its head comes to an end."""
        if self._is_old():
            self.transport.abort()
            return
        self._head_bytes += len(data)
        super().data_received(data)
        too_long = self._in_head and self._head_bytes > MOST_HEAD_BYTES
        if too_long and not self.transport.is_closing():
            self._refuse(_TOO_LONG, "its head does not end")

    def send_400_response(self, msg: str) -> None:
        """Refuse what the parser, or a callback of it, does not take; uvicorn knows plain text only."""
        self._refuse(self._refusal, msg)

    def on_headers_complete(self) -> None:
        """Go on to the body, unless the head was too long, however it came."""
        if self._length_of_head() > MOST_HEAD_BYTES:
            self._refusal = _TOO_LONG
            raise _HeadTooLong
        self._in_head = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Go on to the next head."""
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def on_response_complete(self) -> None:
        """Go on to the next request, as uvicorn does but for its timer, which each answer sets."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        super()._start_asgi_task(cycle, functools.partial(self._answer, cycle, app))

    async def _answer(
        self, cycle: RequestResponseCycle, app: App, scope: Any, receive: Any, send: Any
    ) -> None:
        """Answer a request, unless the loop stood still since it was read."""
        if self._is_old():
            cycle.disconnected = True
            return
        try:
            await app(scope, receive, send)
        except asyncio.CancelledError:
            # By the server's end, which waited long enough: there is nobody to be answered any more.
            cycle.disconnected = True

    def _length_of_head(self) -> int:
        """Return what the line and the headers take, each with its separators and line end."""
        line = len(self.parser.get_method()) + len(self.url) + len("  HTTP/1.1\r\n\r\n")
        return line + sum(len(name) + len(value) + 4 for name, value in self.headers)

    def _refuse(self, refused: Refused, why: str) -> None:
        """Answer what never came to be a request as any other refusal, and close."""
        fields = {"client": self.client, "status": refused.status, "why": why}
        log.warning("not a request that can be read", extra={"fields": fields})
        answer = problem(refused)
        reason = http.HTTPStatus(refused.status).phrase
        stamp = self._stamp.raw() if self._stamp is not None else []
        headers = dict([*self.server_state.default_headers, *stamp])
        headers[b"content-type"] = answer.media.encode()
        headers[b"content-length"] = str(len(answer.body)).encode()
        headers[b"connection"] = b"close"
        lines = [f"HTTP/1.1 {refused.status} {reason}".encode()]
        lines += [name + b": " + value for name, value in headers.items()]
        self.transport.write(b"\r\n".join(lines) + b"\r\n\r\n" + answer.body)
        self.transport.close()

    def _is_old(self) -> bool:
        self._standstill.check()
        return self._age != self._standstill.age
