"""Where a plane's table is: what a ``postgresql:`` URL says."""

from __future__ import annotations

import dataclasses
import re
import urllib.parse

from brookline.errors import StoreUnfit
from brookline.stores.urls import ESCAPE, has_cut_login, shown

TABLE = "brookline"
"""Name of the table if the URL gives no other."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,50}")
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


def read_address(url: str) -> Address:
    """Read a URL: ``postgresql://user@host1,host2/database?table=schema.name``.

    Raises:
        StoreUnfit: If it is not such a URL.
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
    query = urllib.parse.urlencode([pair for pair in rest if pair[0] != "table"])
    user, at, hosts = parts.netloc.rpartition("@")
    dsns = tuple(
        urllib.parse.urlunsplit(("postgresql", f"{user}{at}{host}", parts.path, query, ""))
        for host in hosts.split(",")
    )
    return Address(dsns, table, f"brookline:{table}"[:63], shown(url))


def _read_table(url: str, name: str) -> str:
    parts = name.split(".")
    if len(parts) > 2 or not all(map(_NAME.fullmatch, parts)):
        raise _refusal(url, f"{name!r} is no name of a table: letters, digits and '_'")
    return ".".join(f'"{part}"' for part in parts)


def _refusal(url: str, why: str) -> StoreUnfit:
    return StoreUnfit(
        f"{shown(url)} is not a store: {why}; write postgresql://user@host:5432/database"
    )
