"""Java properties files, with the line of each entry.

Source: the format of `java.util.Properties.load`. Files are read as UTF-8 or, if they are none, as
the Latin-1 that Java up to 8 wrote. Our own parser, because no kept library tells the lines.
"""

from __future__ import annotations

import codecs
import dataclasses
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
"""What begins a file of wider characters; that of UTF-32 in the other order begins as UTF-16's."""

_BLANK = " \t\f"
_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", "f": "\f"}
_ESCAPE = re.compile(r"\\(?:u+([0-9a-fA-F]{4})|(.))", re.DOTALL)
_BAD_UNICODE = re.compile(r"(?<!\\)(?:\\\\)*\\u+(?![0-9a-fA-Fu]{4})")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Property:
    """One entry of a file.

    Attributes:
        key: Without escapes.
        value: Without escapes; blanks at its end belong to it.
        source: Name of the file.
        line: Its first line, from 1.
    """

    key: str
    value: str
    source: str
    line: int

    @property
    def where(self) -> str:
        """The place, as ``file:line``."""
        return f"{self.source}:{self.line}"


class BadProperties(ValueError):
    """A file that is no properties file; the message names the line."""


def decoded(data: bytes, source: str) -> str:
    """Return the text of a file, whichever of the two encodings it is in.

    Raises:
        BadProperties: If it is in UTF-16 or UTF-32, as some editors write, or is no text: it would
            be read as one garbled key, and all that it says be missed.
    """
    if data.startswith(_WIDE):
        raise BadProperties(f"{source} is in UTF-16 or UTF-32: save it as UTF-8")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise BadProperties(f"{source}:{line}: there is a NUL byte: this is no text in UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def parse_properties(text: str, source: str) -> list[Property]:
    """Return the entries of a file, in their order; of two with one key the later counts.

    Raises:
        BadProperties: If an escape cannot be read.
    """
    return [_property(line, number, source) for number, line in _logical_lines(text)]


def _logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield entries with the number of their first line, continuations joined."""
    whole, start = "", 0
    for number, natural in enumerate(_LINE_END.split(text), 1):
        line = natural.lstrip(_BLANK)
        if not start and (not line or line[0] in "#!"):
            continue
        start = start or number
        if _continues(line):
            whole += line[:-1]
            continue
        yield start, whole + line
        whole, start = "", 0
    if whole:
        yield start, whole


def _continues(line: str) -> bool:
    return (len(line) - len(line.rstrip("\\"))) % 2 == 1


def _property(line: str, number: int, source: str) -> Property:
    if _BAD_UNICODE.search(line):
        raise BadProperties(f"{source}:{number}: \\u must be followed by four hexadecimal digits")
    end = _key_end(line)
    rest = line[end:].lstrip(_BLANK)
    if rest[:1] in ("=", ":"):
        rest = rest[1:].lstrip(_BLANK)
    return Property(_plain(line[:end]), _plain(rest), source, number)


def _key_end(line: str) -> int:
    position = 0
    while position < len(line) and line[position] not in "=: \t\f":
        position += 2 if line[position] == "\\" else 1
    return min(position, len(line))


def _plain(text: str) -> str:
    plain = _ESCAPE.sub(_unescaped, text)
    return _SURROGATES.sub(_joined, plain)


def _unescaped(match: re.Match[str]) -> str:
    if match[1]:
        return chr(int(match[1], 16))
    return _ESCAPES.get(match[2], match[2])


def _joined(pair: re.Match[str]) -> str:
    """Return the character that Java wrote as two halves."""
    return pair[0].encode("utf-16", "surrogatepass").decode("utf-16")
