"""An object store that says what a test wants it to say, over HTTP on loopback."""

from __future__ import annotations

import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


class Request(NamedTuple):
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


EMPTY = (
    b'<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'
)
EMPTY_AZURE = b'<?xml version="1.0"?><EnumerationResults><Blobs/><NextMarker/></EnumerationResults>'


def listing(keys: dict[str, int], path: str) -> bytes:
    """List keys with their sizes as S3 does; nothing if there are none."""
    asked = parse_qs(urlsplit(path).query)
    prefix, delimiter = asked["prefix"][0], asked.get("delimiter", [""])[0]
    under = {key: size for key, size in keys.items() if key.startswith(prefix)}
    cut = {key: bool(delimiter) and delimiter in key.removeprefix(prefix) for key in under}
    folders = {prefix + key.removeprefix(prefix).partition("/")[0] + "/" for key in cut if cut[key]}
    found = [f"<CommonPrefixes><Prefix>{each}</Prefix></CommonPrefixes>" for each in folders]
    found += [
        f"<Contents><Key>{key}</Key><Size>{size}</Size>"
        "<LastModified>2026-11-25T22:00:00.000Z</LastModified></Contents>"
        for key, size in under.items()
        if not cut[key]
    ]
    return EMPTY.replace(b"</L", "".join(found).encode() + b"</L") if found else b""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    scripted: Scripted

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.command == "GET" and "prefix=" in self.path and self.scripted.lists:
            empty = EMPTY_AZURE if "comp=list" in self.path else EMPTY
            self._answer(200, listing(self.scripted.keys, self.path) or empty)
            return
        self.scripted.seen.append(Request(self.command, self.path, headers, body))
        if self.scripted.held is None:
            self._answer(self.scripted.status, self.scripted.body)
        else:
            self._keep(self.scripted.held, body)

    def _keep(self, held: dict[str, bytes], body: bytes) -> None:
        if self.command == "PUT":
            held[self.path] = body
            self._answer(200, b"")
        elif self.command == "POST":  # a list of keys to delete
            for key in re.findall(r"<Key>([^<]*)</Key>", body.decode()):
                held.pop(f"/bucket/{key}", None)
            self._answer(200, b"<DeleteResult></DeleteResult>")
        elif self.path in held:
            self._answer(200, held[self.path])
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        for name, value in (
            ("content-length", str(len(body))),
            ("etag", '"1"'),
            ("last-modified", "Wed, 25 Nov 2026 22:00:00 GMT"),
        ):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_PUT = do_DELETE = do_POST = do_HEAD = _serve  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


class Scripted:
    """Answers all lists with nothing or some keys, and all else as a test says.

    Attributes:
        status: Of the answers.
        body: Of the answers.
        seen: All requests but lists.
        keys: What lists name, each with its size.
        lists: Whether lists are answered at all; as anything else, if not.
        held: Objects, if it is to keep them; it looks at no condition then.
    """

    def __init__(self) -> None:
        self.status, self.body = 200, b""
        self.seen: list[Request] = []
        self.keys: dict[str, int] = {}
        self.lists = True
        self.held: dict[str, bytes] | None = None
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (Handler,), {"scripted": self})
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    def say(self, status: int, code: str = "", message: str = "") -> None:
        self.status = status
        self.body = (
            f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
            if code
            else b""
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def url(self, scheme: str) -> str:
        given = {
            "s3": {"access_key_id": "me", "secret_access_key": "s3same"},
            "az": {"account": "me", "account_key": "czNzYW1l"},
            "gs": {},
        }[scheme]
        return f"{scheme}://bucket/plane?{urlencode({'endpoint': self.endpoint, **given})}"


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()
