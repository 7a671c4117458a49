"""What a client keeps between requests, whichever way it sends them: pure, no I/O."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from brookline.client.exchange import READS, Request
from brookline.client.nodes import Nodes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from brookline.client.exchange import Answer

SEQUENCE = "Brookline-Sequence"
"""Header with the journal's sequence number: a node shows at least that state, or waits for it."""

KEY_LENGTH = 24
"""Of request ids: 120 bits, so that no two clients ever make the same."""

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
YAML = "application/yaml"


class Session:
    """Credentials, the known nodes, and the latest state that this client has seen."""

    def __init__(self, urls: Iterable[str], *, user: str = "", password: str = "") -> None:
        self.nodes = Nodes(urls)
        self.sequence = 0
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self._login = {"Authorization": f"Basic {token}"} if user else {}

    @property
    def login(self) -> Mapping[str, str]:
        """Headers with the credentials."""
        return self._login

    def headers(self, request: Request) -> dict[str, str]:
        """Return all headers of a request."""
        headers = {"Accept": "application/json, text/plain;q=0.9, */*;q=0.5", **self._login}
        if self.sequence:
            headers[SEQUENCE] = str(self.sequence)
        if request.key:
            headers["Idempotency-Key"] = request.key
        return headers | dict(request.headers)

    def seen(self, answer: Answer) -> None:
        """Remember how far the plane was, to read one's own writes from any node."""
        text = answer.headers.get(SEQUENCE.lower(), "")
        if text.isdecimal():
            self.sequence = max(self.sequence, int(text))


def make_request(
    method: str,
    path: str,
    *,
    query: Mapping[str, object] | None = None,
    body: bytes = b"",
    content_type: str = "",
    about_nodes: bool = False,
    at: str = "",
) -> Request:
    """Return a request; a write gets its id here, so that all its repetitions have the same.

    Args:
        method: In capitals.
        path: From the root, quoted.
        query: Parameters; those that are None are left out, booleans are written as JSON.
        body: Empty for none.
        content_type: Of the body; writes without one are called JSON, since AMP wants a type.
        about_nodes: Whether it is a write about the plane's nodes: one that does not lead may carry
            it out, and nobody remembers that it was made.
        at: Address of the only node that may be asked.
    """
    headers = {}
    if method not in READS:
        headers["Content-Type"] = content_type or JSON
    if about_nodes:
        headers["Brooklyn-Allow-Non-Master-Access"] = "true"
    given = {k: _parameter(v) for k, v in (query or {}).items() if v is not None}
    return Request(
        method,
        f"{path}?{urlencode(given)}" if given else path,
        body=body,
        headers=headers,
        at=at,
        key="" if method in READS else _new_key(),
        recorded=method not in READS and not about_nodes,
    )


def _new_key() -> str:
    from brookline.values.ids import new_id  # noqa: PLC0415  # reads, most commands, need no chance

    return new_id(length=KEY_LENGTH)


def _parameter(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
