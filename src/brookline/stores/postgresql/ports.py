"""Ports of hosts, looked at before the driver does: it takes any number, and the sockets do not."""

from __future__ import annotations

import re
import urllib.parse
from typing import TYPE_CHECKING, NamedTuple

from brookline.errors import StoreUnfit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DIGITS = re.compile(r"[0-9]{1,5}", re.ASCII)
_LAST = 65535


class Said(NamedTuple):
    """Hosts and ports as one place has them, each with commas between.

    Attributes:
        hosts: As in ``h1:5432,[::1]:5433``; paths of sockets have no port.
        ports: As in ``5432,5433``.
        source: Which place that is, for people; ``{}`` stands for the setting's name.
    """

    hosts: str
    ports: str
    source: str


def check_ports(place: str, said: Iterable[Said]) -> None:
    """Refuse a port that there cannot be, unless one that is said before comes in its stead.

    Args:
        place: The store, for people.
        said: The first one first.

    Raises:
        StoreUnfit: If there is one.
    """
    hosts = ports = ""
    for each in said:
        for port in _ports(each.hosts) if not hosts else ():
            _check(place, urllib.parse.unquote(port), each.source.format("host"))
        for port in each.ports.split(",") if each.ports and not ports else ():
            _check(place, port.strip(), each.source.format("port"))
        hosts, ports = hosts or each.hosts, ports or each.ports


def _ports(hosts: str) -> Iterator[str]:
    for host in hosts.split(","):
        if host.startswith("/"):
            continue
        rest = host.rpartition("]")[2] if host.startswith("[") else host
        _, colon, port = rest.partition(":")
        if colon and port:
            yield port


def _check(place: str, port: str, source: str) -> None:
    if _DIGITS.fullmatch(port) is None or not 0 < int(port) <= _LAST:
        raise StoreUnfit(
            f"{place}: the port {port!r}, from {source}, is none that there could be: write a number"
            f" from 1 to {_LAST}, 5432 as a rule"
        )
