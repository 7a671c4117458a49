"""URLs of stores as people may see them: without what is secret in them."""

from __future__ import annotations

import re
import urllib.parse

_MASK = "***"
_SECRET = re.compile(r"pass|secret|token|credential|key|sas|sig", re.IGNORECASE)


def shown(url: str) -> str:
    """Return a URL without its password and the values of secret parameters; a path as it is.

    This is what logs, pages, the terminal and the home's files get to see.
    """
    scheme, colon, rest = url.partition("://")
    if not colon:
        return url
    place, question, query = rest.partition("?")
    netloc, slash, path = place.partition("/")
    user, at, hosts = netloc.rpartition("@")
    if at:
        name, colon_of_password, _ = user.partition(":")
        netloc = f"{name}{colon_of_password and ':' + _MASK}@{hosts}"
    return f"{scheme}://{netloc}{slash}{path}{question}{'&'.join(map(_masked, query.split('&')))}"


def parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query; of one that is given twice, the last."""
    return dict(urllib.parse.parse_qsl(query, keep_blank_values=True))


def _masked(parameter: str) -> str:
    name, equals, value = parameter.partition("=")
    return f"{name}{equals}{_MASK}" if value and _SECRET.search(name) else parameter
