"""Sources of files that go to machines: ``data:`` URLs, and files of the server."""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from pathlib import Path

from brookline.errors import InvalidInput, NotFound


def read_source(url: str) -> bytes:
    """Return what a URL of ``files.*`` stands for; a path alone is a file of the server.

    Raises:
        InvalidInput: If it is a URL of a kind that cannot be read.
        NotFound: If the file is not there or not readable.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "data" and colon:
        return _data(url, rest)
    if scheme == "file" and colon:
        return _file(urllib.parse.unquote(rest.removeprefix("//localhost").removeprefix("//")))
    if url.startswith(("/", "~")):
        return _file(url)
    raise InvalidInput(
        f"cannot read '{url}': only 'data:' and 'file:' URLs and absolute paths are sources of files"
    )


def _data(url: str, rest: str) -> bytes:
    """Decode a data URL. Source: RFC 2397."""
    head, comma, body = rest.partition(",")
    if not comma:
        raise InvalidInput(f"'{url[:60]}' is no data URL: it has no comma")
    content = urllib.parse.unquote_to_bytes(body)
    if not head.endswith(";base64"):
        return content
    try:
        return base64.b64decode(content, validate=True)
    except binascii.Error as error:
        raise InvalidInput(f"'{url[:60]}' is no base64: {error}") from error


def _file(path: str) -> bytes:
    try:
        return Path(path).expanduser().read_bytes()
    except OSError as error:
        raise NotFound(f"cannot read the file {path} on the server: {error.strerror}") from error
