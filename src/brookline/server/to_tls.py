"""The listener without TLS beside the one with it: leads there, and takes nothing itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from brookline.api.answers import Answer
from brookline.api.problems import Refused, problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    App = Callable[..., Awaitable[None]]
    Send = Callable[[dict[str, Any]], Awaitable[None]]

CONNECTIONS = 128
"""At the same time: nobody stays here."""

_PROBES = b"/healthz/"
_HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?")


class ToTls:
    """An ASGI application that leads clients to the listener with TLS.

    What reads is led there. What changes is refused: the client has sent its password in the clear
    by then, and should not do so each time. Probes ask for nothing secret, and are answered.

    Args:
        app: Answers the probes.
        url: Of the listener with TLS.
        fixed: Whether that is the address for everybody; otherwise clients keep the host that they
            have asked for.
    """

    def __init__(self, app: App, url: str, *, fixed: bool) -> None:
        self._app = app
        self._url = url.rstrip("/")
        self._port = urlsplit(url).port
        self._fixed = fixed

    async def __call__(self, scope: Mapping[str, Any], receive: Any, send: Send) -> None:
        """Serve one request."""
        reads = scope["method"] in ("GET", "HEAD")
        if reads and scope["raw_path"].startswith(_PROBES):
            await self._app(scope, receive, send)
            return
        where = self._base(dict(scope["headers"]).get(b"host", b"").decode("latin-1"))
        await _send(send, _led(where, scope) if reads else _refused(where))

    def _base(self, host: str) -> str:
        found = _HOST.fullmatch(host)
        if self._fixed or found is None:
            return self._url
        return f"https://{found[1]}:{self._port}"


def _led(where: str, scope: Mapping[str, Any]) -> Answer:
    target = where + scope["raw_path"].decode("latin-1")
    if scope["query_string"]:
        target += "?" + scope["query_string"].decode("latin-1")
    return Answer(307, headers=(("location", target), ("cache-control", "no-store")))


def _refused(where: str) -> Answer:
    return problem(Refused(403, f"nothing was done: changes are taken with TLS only, at {where}"))


async def _send(send: Send, answer: Answer) -> None:
    headers = [(b"content-length", str(len(answer.body)).encode()), (b"connection", b"close")]
    if answer.body:
        headers.append((b"content-type", answer.media.encode()))
    headers += [(name.encode(), value.encode("latin-1")) for name, value in answer.headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})
