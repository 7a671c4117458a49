"""The files of the built console, as they lie in the package.

The build puts what it names by a hash of the contents into ``assets/``, and beside each file that
shrinks by it a compressed one (``.br``, ``.gz``).
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from pathlib import Path

STATIC = Path(__file__).with_name("static")
INDEX = "index.html"

_NAME = re.compile(r"(?:assets/)?[A-Za-z0-9_-][A-Za-z0-9._-]*")
"""Nothing that leaves the folder."""

_MEDIA = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
_ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
"""The preferred one first."""


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file as it goes out.

    Attributes:
        body: Its bytes, encoded.
        media: Its type.
        encoding: As in ``Content-Encoding``, or empty.
        etag: Of these bytes.
        immutable: Whether its name changes with its contents.
    """

    body: bytes
    media: str
    encoding: str
    etag: str
    immutable: bool


class Files:
    """Finds files; they are read each time, since the system keeps them in memory anyway."""

    def __init__(self, folder: Path = STATIC) -> None:
        self._folder = folder

    @property
    def built(self) -> bool:
        """Whether the console has been built."""
        return (self._folder / INDEX).is_file()

    def find(self, name: str, accepted: str = "") -> File | None:
        """Return a file in the best form that a client takes, or None if there is none.

        Args:
            name: Relative to the folder.
            accepted: What the client says in ``Accept-Encoding``.
        """
        path = self._folder / name
        media = _MEDIA.get(path.suffix)
        if media is None or not _NAME.fullmatch(name):
            return None
        taken = _taken(accepted)
        forms = [(code, end) for code, end in _ENCODINGS if code in taken] + [("", "")]
        for encoding, end in forms:
            try:
                body = path.with_name(path.name + end).read_bytes()
            except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                continue
            etag = f'"{hashlib.sha256(body).hexdigest()[:20]}"'
            return File(body, media, encoding, etag, name.startswith("assets/"))
        return None


def _taken(accepted: str) -> frozenset[str]:
    """Return the encodings that a client takes."""
    parts = (part.strip().lower().partition(";") for part in accepted.split(","))
    return frozenset(name.strip() for name, _, weight in parts if not _is_zero(weight))


def _is_zero(weight: str) -> bool:
    name, _, value = weight.strip().partition("=")
    return name.strip() == "q" and value.strip() in {"0", "0.0", "0.00", "0.000"}
