"""Which site's page has sent a request: browsers lend their user's rights to every page they show."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from brookline.errors import NotAllowed
from brookline.values.addresses import is_loopback

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_OWN = frozenset({"same-origin", "none"})
"""Another port of this host is another site's page too: applications run there."""


def check_page(headers: Mapping[str, str]) -> None:
    """Refuse a change that a page of another site asks for; clients that are no browsers pass.

    Raises:
        NotAllowed: If it is such a page's.
    """
    if not is_own(headers):
        # A browser sends the credentials that it knows along with another site's form.
        raise NotAllowed("a page of another site may not change anything here")


def is_own(headers: Mapping[str, str]) -> bool:
    """Tell whether a page of this very node asks, or no browser.

    Browsers tell the site only where the connection is safe (TLS or loopback), so that elsewhere the
    origin must do. A proxy in front passes the host on, or says which it was.
    """
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None:
        return site in _OWN
    if origin is None:
        return True
    return _authority(origin) in {headers.get("host"), headers.get("x-forwarded-host")} - {None}


def check_host(headers: Mapping[str, str], names: Collection[str]) -> None:
    """Refuse a request to a node without login under a name that is not this machine's.

    Any site can have its own name lead to 127.0.0.1, and its pages are then of the same site as this
    server to the browser.

    Args:
        headers: Of the request.
        names: Addresses under which the node is known, as URLs.

    Raises:
        NotAllowed: If the name is another.
    """
    given = headers.get("host")
    if given is None:
        return  # no browser
    host = _host(f"//{given}")
    if not (is_loopback(host) or host in {_host(name) for name in names}):
        raise NotAllowed(
            f"without a login this node answers as localhost only, not as {given}; if that is its"
            " name, give it as --public-address"
        )


def _authority(origin: str) -> str:
    return origin.partition("://")[2]


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
