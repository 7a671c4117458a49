"""The console's part of a node: pages and files, for paths that are not of the API. Pure ASGI.

Any node hands them out in any state, also while it starts and without a login: they hold no word
about the plane, and ask for it by the API.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from brookline.console.files import INDEX, File, Files

Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[str, str]]

_OF_THE_API = ("/v1/", "/healthz/", "/node/")
_FOR_EVER = "public, max-age=31536000, immutable"
_SAFE = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
)

NOT_BUILT = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Brookline: the console is not built</title>
<h1>The web console is not built here</h1>
<p>This server runs, and its REST API answers under <code>/v1</code>. It was started from a checkout in which the
console has not been built. Run <code>make console</code> there, and load this page again; the server need not be restarted.</p>
</html>
"""


class Console:
    """Serves the console.

    Args:
        origins: Returns the origins of the plane's nodes, to which a page may go on when its own
            node has gone.
        files: What was built.
    """

    def __init__(
        self, origins: Callable[[], Collection[str]] = tuple, files: Files | None = None
    ) -> None:
        self._origins = origins
        self._files = files or Files()

    def takes(self, scope: Mapping[str, Any]) -> bool:
        """Tell whether a request is for the console: a file of it, or a page that a browser opens."""
        path = scope["path"]
        if scope["method"] not in {"GET", "HEAD"} or f"{path}/".startswith(_OF_THE_API):
            return False
        if path in {"/", f"/{INDEX}"} or path.startswith("/assets/"):
            return True
        if "text/html" in _header(scope, b"accept"):
            return True
        return self._files.find(path[1:]) is not None

    async def __call__(self, scope: Mapping[str, Any], send: Send) -> None:
        """Serve one request that `takes` took."""
        status, headers, body = self._answer(scope)
        headers += [("content-length", str(len(body))), *_SAFE]
        if status == 304 or scope["method"] == "HEAD":
            body = b""
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": body})

    def _answer(self, scope: Mapping[str, Any]) -> tuple[int, Headers, bytes]:
        accepted = _header(scope, b"accept-encoding")
        found = self._files.find(scope["path"][1:], accepted)
        if found is None and scope["path"].startswith("/assets/"):
            return 404, _plain("text/plain; charset=utf-8"), b"there is no such file\n"
        if found is None:
            # Pages have addresses of their own; the script finds out which one is meant.
            found = self._files.find(INDEX, accepted)
        if found is None:
            return 503, _plain("text/html; charset=utf-8"), NOT_BUILT
        if found.etag in _header(scope, b"if-none-match"):
            return 304, self._headers(found), b""
        return 200, self._headers(found), found.body

    def _headers(self, found: File) -> Headers:
        headers = [
            ("content-type", found.media),
            ("etag", found.etag),
            ("cache-control", _FOR_EVER if found.immutable else "no-cache"),
            ("vary", "accept-encoding"),
        ]
        if found.encoding:
            headers.append(("content-encoding", found.encoding))
        if found.media.startswith("text/html"):
            headers.append(("content-security-policy", policy(self._origins())))
        return headers


def policy(origins: Collection[str]) -> str:
    """Return what the pages may do: run and show what came from here, and ask the plane's nodes."""
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "img-src 'self' data:",
            " ".join(("connect-src 'self'", *sorted(set(origins)))),
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _plain(media: str) -> Headers:
    return [
        ("content-type", media),
        ("cache-control", "no-store"),
        ("content-security-policy", policy(())),
    ]


def _header(scope: Mapping[str, Any], name: bytes) -> str:
    values = (value for key, value in scope["headers"] if key == name)
    return b", ".join(values).decode("latin-1")
