"""The calls of the REST API about a hand-over that is planned."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from brookline.client.calls import Call
from brookline.client.session import FORM, make_request

if TYPE_CHECKING:
    from brookline.client.exchange import Answer

_PATH = "/v1/server/ha/switchover/planned"


def plan(at_ms: int, *, to: str = "", reason: str = "") -> Call[dict[str, Any]]:
    """Have whoever leads at a time hand over then, to that node or to the next in line."""
    given = {"at": str(at_ms), "to": to, "reason": reason}
    body = urlencode({key: it for key, it in given.items() if it}).encode()
    return Call(make_request("POST", _PATH, body=body, content_type=FORM), _read)


def call_off() -> Call[None]:
    """Call it off, or forget one that was not done."""
    return Call(make_request("DELETE", _PATH), lambda _answer: None)


def _read(answer: Answer) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(answer.body)
    return told
