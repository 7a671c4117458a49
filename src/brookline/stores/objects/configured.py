"""What is said to a client in several places, and whether a request can be made of it.

The client takes anything, and panics over some of it when it makes its first request.
"""

from __future__ import annotations

import ipaddress
import re
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import StoreUnfit
from brookline.stores.urls import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from brookline.stores.objects.address import Address

_HOST = re.compile(r"[A-Za-z0-9._-]+")
_NO_SIGN_OF_A_URL = re.compile(r"[^!-~]|[\"<>\\^`{|}]")
_NO_SIGN_OF_A_WORD = re.compile(r"[^!-~]")


class Said(NamedTuple):
    """A setting.

    Attributes:
        value: Of it.
        source: Where it was found, for people.
    """

    value: str
    source: str


def find_endpoint(
    address: Address, profile: Mapping[str, str], environment: Mapping[str, str]
) -> Said | None:
    """Return the endpoint that counts, or None if it is the provider's own.

    Raises:
        StoreUnfit: If there can be none of that name.
    """
    found = _find("endpoint", address.provider.endpoints, address, (profile, environment))
    if found is None:
        return None
    if fault := _fault(found.value):
        # A login in it is nobody else's business.
        quoted = "" if "@" in found.value else f" {shown(found.value)!r}"
        raise StoreUnfit(
            f"{address.place}: the endpoint{quoted}, from {found.source}, {fault}; write"
            " https://host or http://host:port"
        )
    return found


def find_authority(address: Address, environment: Mapping[str, str]) -> Said | None:
    """Return the path of the file with CAs that counts, or None if it is the system's."""
    found = _find("cacert", address.provider.authorities, address, ({}, environment))
    return found if found and found.value else None


def check_words(
    address: Address, profile: Mapping[str, str], environment: Mapping[str, str]
) -> None:
    """Refuse a key or a region with a space or the end of a line in it, as files leave one behind.

    Raises:
        StoreUnfit: If there is one; its value is not quoted.
    """
    for name, variables in address.provider.words.items():
        found = _find(name, variables, address, (profile, environment))
        if found is not None and _NO_SIGN_OF_A_WORD.search(found.value):
            raise StoreUnfit(
                f"{address.place}: {name}, from {found.source}, has a space, the end of a line or"
                " another sign in it that there is in none: write it without"
            )


def _find(
    name: str,
    variables: tuple[str, ...],
    address: Address,
    behind: tuple[Mapping[str, str], Mapping[str, str]],
) -> Said | None:
    """Find a setting in the URL, else in the profile, else in the environment."""
    profile, environment = behind
    if name in address.given:
        return Said(address.given[name], f"'{name}' in the URL")
    if name in profile:
        called = address.given.get("profile") or environment.get("AWS_PROFILE") or "default"
        return Said(profile[name], f"the profile '{called}' in ~/.aws")
    set_ones = [each for each in variables if each in environment]
    filled = [each for each in set_ones if environment[each]] or set_ones
    return Said(environment[filled[0]], f"the variable {filled[0]}") if filled else None


def _fault(endpoint: str) -> str:
    """Say what is wrong with an endpoint, or nothing."""
    if not endpoint.strip():
        return "is empty: name one, or leave it out"
    if "@" in endpoint:
        return "has a login in it, though keys are settings of their own"
    if re.match(r"https?://", endpoint, re.IGNORECASE) is None:
        return "does not begin with https:// or http://"
    if _NO_SIGN_OF_A_URL.search(endpoint):
        return "has a space or another sign in it that URLs do not have"
    try:
        parts = urllib.parse.urlsplit(endpoint)
        port = parts.port
    except ValueError:
        return "has no host and port that there could be; ports end at 65535"
    if port == 0:
        return "has the port 0, at which nobody listens"
    if parts.query or parts.fragment:
        return "has more behind its path"
    return "" if _is_host(parts.hostname or "") else "names no host that there could be"


def _is_host(name: str) -> bool:
    last = name.removesuffix(".").rpartition(".")[2]
    if ":" not in name and not last.isdecimal():
        return _HOST.fullmatch(name) is not None
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return "%" not in name
