"""Kinds of settings: how each is read from text, and an example for who got it wrong."""

from __future__ import annotations

import dataclasses
import difflib
import enum
import ipaddress
import re
from pathlib import Path
from typing import TYPE_CHECKING, Generic, TypeVar
from urllib.parse import urlsplit

from brookline.server.place import read_place
from brookline.values.coercion import coerce
from brookline.values.durations import Duration
from brookline.values.folders import absolute
from brookline.values.ports import PortRange
from brookline.values.sizes import Size

if TYPE_CHECKING:
    from collections.abc import Callable

T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=enum.Enum)

_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")


@dataclasses.dataclass(frozen=True, slots=True)
class Kind(Generic[T_co]):
    """How a setting's text is read.

    Attributes:
        read: From text without blanks around it; raises ValueError with what is wrong.
        example: A text that can be read.
        metavar: What stands for a value in the help; empty for a flag.
    """

    read: Callable[[str], T_co]
    example: str
    metavar: str = "TEXT"


def choice(kind: type[E], example: str) -> Kind[E]:
    """Return a kind whose values are the names of an enumeration."""

    def read(text: str) -> E:
        wanted = text.upper().replace("-", "_").replace(" ", "_")
        names = [member.name for member in kind]
        if wanted in names:
            return kind[wanted]
        raise ValueError(f"{text!r} is none of {', '.join(names)}{did_you_mean(wanted, names)}")

    return Kind(read, example, "|".join(member.name.lower() for member in kind))


def did_you_mean(word: str, known: list[str]) -> str:
    """Return a question that names the word most like this one, or nothing."""
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = difflib.get_close_matches(word.lower(), by_lower, n=1, cutoff=0.75)
    return f"; did you mean {by_lower[close[0]]}?" if close else ""


def _seconds(text: str) -> float:
    length = Duration.of(text)
    if length.nanos < 0:
        raise ValueError(f"'{text}' is negative")
    return length.seconds


def _period(text: str) -> float:
    seconds = _seconds(text)
    if seconds == 0:
        raise ValueError("a period cannot be 0")
    return seconds


def _bare_seconds(text: str) -> float:
    """Read a duration; AMP writes this one as a bare number of seconds."""
    return _period(f"{text}s" if text.isdecimal() else text)


def _count(text: str) -> int:
    number = int(coerce(text, int))
    if number < 0:
        raise ValueError(f"'{text}' is negative")
    return number


def _flag(text: str) -> bool:
    return bool(coerce(text, bool))


def _addresses(text: str) -> tuple[str, ...]:
    """Read addresses to listen on; names are left to the operating system."""
    addresses = [part.strip().strip("[]") for part in text.split(",")]
    for address in addresses:
        try:
            ipaddress.ip_address(address)
        except ValueError:
            if not _HOST.fullmatch(address):
                raise ValueError(f"{address!r} is neither an IP address nor a host name") from None
    return tuple(addresses)


def _url(text: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ValueError(f"{text!r} is not an address such as https://node1.example.org:8443")
    return text.rstrip("/")


def _node_name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"{text!r} is not a name of up to 63 letters, digits, '.', '_' and '-'")
    return text


def _path(text: str) -> Path:
    """Read the name of a file or folder, as of now: the current folder may be gone later."""
    try:
        return absolute(Path(text).expanduser())
    except RuntimeError as error:
        raise ValueError(f"{text!r} names the home of an unknown user") from error


TEXT = Kind(str, "text")
FLAG = Kind(_flag, "true", "")
COUNT = Kind(_count, "10", "NUMBER")
SIZE = Kind(Size.of, "64mb", "SIZE")
SECONDS = Kind(_seconds, "30s", "DURATION")
PERIOD = Kind(_period, "30s", "DURATION")
BARE_SECONDS = Kind(_bare_seconds, "1h", "DURATION")
PORTS = Kind(PortRange.of, "8081", "PORT")
PATH = Kind(_path, "/var/lib/brookline", "PATH")
PLACE = Kind(read_place, "s3://bucket/plane1", "PATH|URL")
ADDRESSES = Kind(_addresses, "127.0.0.1", "ADDRESS")
URL = Kind(_url, "https://node1.example.org:8443", "URL")
NODE_NAME = Kind(_node_name, "n1", "NAME")
