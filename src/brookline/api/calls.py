"""One request as a handler sees it: decoded, authenticated, and free of any HTTP library."""

from __future__ import annotations

import dataclasses
import email.parser
import email.policy
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from brookline.errors import InvalidInput
from brookline.values.depth import DEEPEST, is_shallow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.api.ports import Ports
    from brookline.plane.peers import Request
    from brookline.security.session_tokens import Token

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

_WHOLE = re.compile(r"[+-]?[0-9]+")
_LONGEST_NUMBER = 100

_TOO_DEEP = f"the JSON is nested more than {DEEPEST} deep"


@dataclasses.dataclass(slots=True, kw_only=True)
class Call:
    """What a handler is given.

    Attributes:
        ports: What the handler may ask.
        path: Parameters of the path, decoded.
        query: Parameters of the query; of a repeated one the last.
        headers: Lower-case names.
        body: All of it; empty on reads.
        user: Who asks, or empty where no login is needed.
        request: Request id of a write.
        write: A write as its door had it; None on reads.
        base: Scheme and authority that the client used, as ``http://127.0.0.1:8081``.
        accepted: The media type chosen by content negotiation.
        address: Of the client; empty on writes.
        token: Of the session that asks, or None; always on writes.
    """

    ports: Ports
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""
    user: str = ""
    request: str = ""
    write: Request | None = None
    base: str = ""
    accepted: str = ""
    address: str = ""
    token: Token | None = None

    @property
    def media(self) -> str:
        """Media type of the body, without parameters, in lower case; empty if not said."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a yes or no of the query; what cannot be read counts as no, never as an error.

        Source: Brooklyn takes ``?allVersions`` without a value, and any nonsense, as false.
        """
        value = self.query.get(name)
        return default if value is None else value.strip().lower() == "true"

    def number(self, name: str, default: int) -> int:
        """Return a whole number of the query.

        Raises:
            InvalidInput: If it is none.
        """
        value = self.query.get(name, "").strip()
        return whole_number(name, value) if value else default

    def form(self) -> dict[str, str]:
        """Return the fields of a form, urlencoded or multipart; other bodies have none."""
        if self.media == MULTIPART:
            return multipart(self.headers.get("content-type", ""), self.body)
        return parse_query(self.body) if self.media == FORM else {}

    def field(self, name: str) -> str | None:
        """Return a field of the form, else of the query, else None."""
        return self.form().get(name, self.query.get(name))

    def json(self) -> Any:
        """Return the body as JSON.

        Raises:
            InvalidInput: If it is none; the message says where it breaks.
        """
        return decode_json(self.body)


def decode_json(body: bytes) -> Any:
    """Return what JSON text holds.

    Raises:
        InvalidInput: If it cannot be read, or is nested more deeply than anything useful.
    """
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise InvalidInput(f"the body is not valid JSON: {fault}") from fault
    except RecursionError as fault:
        raise InvalidInput(_TOO_DEEP) from fault
    if body.count(b"[") + body.count(b"{") > DEEPEST and not is_shallow(value):
        raise InvalidInput(_TOO_DEEP)
    return value


def whole_number(name: str, value: str) -> int:
    """Return the number that `value` writes, in the digits 0 to 9.

    Raises:
        InvalidInput: If it writes none, or in digits of another script, or with `_` between them.
    """
    if not _WHOLE.fullmatch(value):
        raise InvalidInput(f"{name} must be a whole number, not {value[:40]!r}")
    number = int(value) if len(value) < _LONGEST_NUMBER else 1 << 63
    if not -(1 << 63) <= number < 1 << 63:
        raise InvalidInput(f"{name} must fit 64 bits, as the other nodes and clients have them")
    return number


def parse_query(raw: bytes) -> dict[str, str]:
    """Return the fields of a query or an urlencoded form."""
    return dict(parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True))


def multipart(content_type: str, body: bytes) -> dict[str, str]:
    """Return the fields of a multipart form.

    Raises:
        InvalidInput: If it has no parts.
    """
    head = f"content-type: {content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    if not message.is_multipart():
        raise InvalidInput("the body is not a multipart form")
    fields = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(content, bytes):
            fields[name] = content.decode("utf-8", "replace")
    return fields
