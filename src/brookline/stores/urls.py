"""URLs of stores as people may see them: without what is secret in them."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import StoreUnfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MASK = "***"
"""In place of what is secret."""

_SECRET = re.compile(r"pass|secret|token|credential|key|sas|sig", re.IGNORECASE)
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(?!//)|://")
_PATH = re.compile(r"(?:file|directory):(?!//[^/])", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<=[?&])([^=&]*)=([^&]+)")
_NESTED = re.compile(r".*[?&][^=&]*=[A-Za-z][A-Za-z0-9+.-]*", re.DOTALL)
_AUTHORITY = re.compile(r"([^/?#]*)([^?#]*)")
_HOSTS = re.compile(r"(?:(?:\[[^]]*\]|[^:,]*)(?::[0-9]+)?(?:,|$))*")

ESCAPE = (
    "in a user or password '/', '?', '#', '@' and ':' are written as %2F, %3F, %23, %40 and %3A"
)


class _Mask(NamedTuple):
    """What is shown in place of a part of a URL."""

    start: int
    end: int
    text: str = MASK


def shown(url: str) -> str:
    """Return a URL without its password and the values of secret parameters; a path as it is.

    This is what logs, pages, the terminal and the home's files get to see. Whatever could be a part
    of a password is left out, also where the URL cannot be read, for want of escapes.
    """
    if _PATH.match(url) or not _SCHEME.search(url):
        return url
    masks: list[_Mask] = []
    for mask in sorted([*_logins(url), *_secrets(url)]):
        if not masks or mask.start > masks[-1].end:
            masks.append(mask)
        elif mask.end > masks[-1].end:
            masks[-1] = _Mask(masks[-1].start, mask.end)
    for mask in reversed(masks):
        url = url[: mask.start] + mask.text + url[mask.end :]
    return url


def lacks_secret(url: str) -> bool:
    """Tell whether something secret was left out of a URL, as `shown` does: it opens nothing."""
    if _PATH.match(url) or not _SCHEME.search(url) or MASK not in url:
        return False
    hidden = (url[mask.start : mask.end] for mask in [*_logins(url), *_secrets(url)])
    return shown(url) == url or MASK in hidden


def require_secrets(url: str) -> None:
    """Refuse a URL from which something secret was left out, before a server gets to see that.

    Raises:
        StoreUnfit: If it was.
    """
    if lacks_secret(url):
        raise StoreUnfit(
            f"{shown(url)}: {MASK} stands for something secret that was left out; give all of it"
        )


def has_cut_login(url: str) -> bool:
    """Tell whether a login seems to end too early, at a character that should have been escaped."""
    found = _AUTHORITY.match(url.partition("://")[2])
    assert found is not None, "it matches anything"
    netloc, path = found.groups()
    if ":" not in netloc or "@" not in url:
        return False
    return "@" in path or ("@" not in netloc and _HOSTS.fullmatch(netloc) is None)


def _logins(url: str) -> Iterator[_Mask]:
    """Yield what may be a password: all between the first ':' and the last '@' after a scheme."""
    last = url.rfind("@")
    for scheme in _SCHEME.finditer(url):
        if scheme[1] and scheme.start():
            continue  # a word and a colon within a URL are no scheme
        colon = url.find(":", scheme.end())
        if colon < 0 or colon >= last:
            continue
        nested = url.startswith("://", colon) and _NESTED.fullmatch(url, scheme.end(), colon)
        if not nested:
            yield _Mask(colon + 1, last)


def _secrets(url: str) -> Iterator[_Mask]:
    """Yield the values of secret parameters, and of those that are URLs with something secret."""
    for parameter in _PARAMETER.finditer(url):
        value = urllib.parse.unquote_plus(parameter[2])
        if _SECRET.search(urllib.parse.unquote_plus(parameter[1])):
            yield _Mask(*parameter.span(2))
        elif "%" in parameter[2] and "://" in value and shown(value) != value:
            yield _Mask(*parameter.span(2), shown(value))


def parameters(query: str) -> dict[str, str]:
    """Return the parameters of a query; of one that is given twice, the last."""
    return dict(urllib.parse.parse_qsl(query, keep_blank_values=True))


def refuse_unknown(url: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse a URL with a parameter that there is not.

    Raises:
        StoreUnfit: If it has one.
    """
    if unknown := sorted({*given} - {*known}):
        seen = shown(url)
        name = f"parameter '{unknown[0]}'" if unknown[0] in seen else "such parameter"
        raise StoreUnfit(f"{seen}: there is no {name}, but {', '.join(known)}")
