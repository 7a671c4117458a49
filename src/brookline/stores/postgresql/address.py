"""Where a plane's table is: what a ``postgresql:`` URL says."""

from __future__ import annotations

import dataclasses
import os
import re
import urllib.parse
from typing import TYPE_CHECKING

from brookline.errors import StoreUnfit
from brookline.stores.postgresql.ports import Said, check_ports
from brookline.stores.postgresql.services import read_service
from brookline.stores.urls import ESCAPE, has_cut_login, shown

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TABLE = "brookline"
"""Name of the table if the URL gives no other."""

_LONGEST = 51
_NAME = re.compile(rf"[A-Za-z_][A-Za-z0-9_]{{0,{_LONGEST - 1}}}")
_SCHEMES = ("postgresql", "postgres")


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a URL says, once it is read.

    Attributes:
        dsns: For the driver, one a host, in the order in which they are tried. What they leave out
            comes from libpq's variables and files: ``PGUSER``, ``PGPASSWORD``, ``PGPASSFILE``,
            ``PGSERVICE``, ``PGSSLMODE`` and so on.
        table: The table's name, with its schema if it has one, ready for SQL.
        channel: On which the table's changes are told.
        place: For people.
    """

    dsns: tuple[str, ...] = dataclasses.field(repr=False)
    table: str
    channel: str
    place: str


def read_address(url: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read a URL: ``postgresql://user@host1,host2/database?table=schema.name``.

    Raises:
        StoreUnfit: If it is not such a URL, or names a service or a port that there is not.
    """
    if has_cut_login(url):
        raise _refusal(url, ESCAPE)
    try:
        parts = urllib.parse.urlsplit(url)
    except ValueError as problem:
        # What it quotes may be a part of a password.
        raise _refusal(url, "its hosts cannot be read") from problem
    if parts.scheme not in _SCHEMES or not url.startswith(f"{parts.scheme}://"):
        raise _refusal(url, "it has no '//' after its scheme")
    rest = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    names = [value for name, value in rest if name == "table"]
    table = _read_table(url, names[-1] if names else TABLE)
    given = [pair for pair in rest if pair[0] != "table"]
    user, at, hosts = parts.netloc.rpartition("@")
    service = dict(given).get("service") or environment.get("PGSERVICE", "")
    check_ports(shown(url), _said(url, hosts, dict(given), service, environment))
    query = urllib.parse.urlencode(_with_service(given, service))
    # A path without a name would be an empty name to the driver, before what is said elsewhere.
    path = parts.path if parts.path != "/" else ""
    dsns = tuple(
        f"postgresql://{user}{at}{host}{path}{'?' if query else ''}{query}"
        for host in hosts.split(",")
    )
    return Address(dsns, table, f"brookline:{table}"[:63], shown(url))


def _said(
    url: str, hosts: str, given: Mapping[str, str], service: str, environment: Mapping[str, str]
) -> Iterator[Said]:
    """Yield all that says where the servers are; the first one counts, as with the driver."""
    yield Said(hosts, "", "the URL")
    yield Said(given.get("host", ""), given.get("port", ""), "'{}' in the URL")
    if service:
        found = read_service(shown(url), service, environment)
        source = f"'{{}}' of the service '{service}'"
        yield Said(found.get("host", ""), found.get("port", ""), source)
    yield Said(environment.get("PGHOST", ""), "", "the variable PGHOST")
    yield Said("", environment.get("PGPORT", ""), "the variable PGPORT")


def _with_service(given: list[tuple[str, str]], named: str) -> list[tuple[str, str]]:
    """Name the service of ``PGSERVICE``, which the driver looks at when it is too late."""
    rest = [pair for pair in given if pair[0] != "service"]
    return [*rest, ("service", named)] if named else rest


def with_suffix(url: str, suffix: str) -> str:
    """Return a URL with another table beside the one that it names, as `read_address` reads it."""
    parts = urllib.parse.urlsplit(url)
    rest = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    names = [value for name, value in rest if name == "table"]
    schema, dot, table = (names[-1] if names else TABLE).rpartition(".")
    other = f"{schema}{dot}{table[: _LONGEST - len(suffix)]}{suffix}"
    query = urllib.parse.urlencode(
        [*(each for each in rest if each[0] != "table"), ("table", other)]
    )
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{query}"


def _read_table(url: str, name: str) -> str:
    parts = name.split(".")
    if len(parts) > 2 or not all(map(_NAME.fullmatch, parts)):
        raise _refusal(url, f"{name!r} is no name of a table: letters, digits and '_'")
    return ".".join(f'"{part}"' for part in parts)


def _refusal(url: str, why: str) -> StoreUnfit:
    return StoreUnfit(
        f"{shown(url)} is not a store: {why}; write postgresql://user@host:5432/database"
    )
