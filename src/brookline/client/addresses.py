"""Addresses of nodes: what one looks like, and whether it is of this machine."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from brookline.errors import InvalidInput

EXAMPLE = "http://127.0.0.1:8081"


def checked(url: str, origin: str = "") -> str:
    """Return an address without blanks and trailing slash.

    Args:
        url: What somebody gave as one.
        origin: Where it comes from, for people.

    Raises:
        InvalidInput: If it is none, with what one looks like.
    """
    url = url.strip().rstrip("/")
    if not is_address(url):
        source = f" (from {origin})" if origin else ""
        raise InvalidInput(f"{url!r}{source} is no address of a server, such as {EXAMPLE}")
    return url


def is_address(url: str) -> bool:
    """Tell whether a text is the address of a server."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, a bracket that is not closed
        return False


def is_loopback(url: str) -> bool:
    """Tell whether an address can only be one of this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
