"""Uvicorn's protocol with a shortcut for hot reads: found and written without a task.

Uvicorn makes a task and two writes for each answer, which cost more than all that a hot read needs.
Whatever `Hot` does not answer goes the usual way.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from brookline.api.event_client import ABORT

if TYPE_CHECKING:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from brookline.api.hot import Hot, Page
    from brookline.api.wireform import Stamp

log = logging.getLogger("brookline.api")

_STATUS = {200: b"HTTP/1.1 200 OK\r\n", 304: b"HTTP/1.1 304 Not Modified\r\n"}


class HotProtocol(HttpToolsProtocol):
    """One connection. It finds `hot` and `stamp` on the application; others have no shortcut."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._hot: Hot | None = getattr(self.app, "hot", None)
        self._stamp: Stamp | None = getattr(self.app, "stamp", None)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        found = self._find(cycle)
        if found is None:
            # What is sent to a client that takes nothing would be kept for as long as it likes.
            cast("dict[str, Any]", cycle.scope)["extensions"] = {ABORT: self.transport.abort}
            super()._start_asgi_task(cycle, app)
        else:
            self._write(cycle, found)

    def _find(self, cycle: RequestResponseCycle) -> Page | None:
        if self._hot is None or cycle.scope["method"] != "GET" or self.flow.write_paused:
            return None
        try:
            return self._hot.find(cycle.scope)
        except Exception:  # the usual way answers it, or says what is wrong
            log.exception("hot read failed")
            return None

    def _write(self, cycle: RequestResponseCycle, found: Page) -> None:
        assert self._stamp is not None
        lines = [_STATUS[found.status]]
        for headers in (self.server_state.default_headers, found.headers, self._stamp.raw()):
            for name, value in headers:
                lines += (name, b": ", value, b"\r\n")
        keep_alive = cycle.keep_alive and not _closes(self.server_state.default_headers)
        if not keep_alive:
            lines.append(b"connection: close\r\n")
        lines += (b"\r\n", found.body)
        cycle.response_started = cycle.response_complete = True
        self.transport.write(b"".join(lines))
        if not keep_alive:
            self.transport.close()
        cycle.on_response()


def _closes(headers: list[tuple[bytes, bytes]]) -> bool:
    return (b"connection", b"close") in headers
