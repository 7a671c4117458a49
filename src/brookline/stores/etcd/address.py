"""Where a plane's keys are: what an ``etcd:`` URL says."""

from __future__ import annotations

import dataclasses
import os
import urllib.parse
from typing import TYPE_CHECKING

from brookline.errors import StoreUnfit
from brookline.stores.names import is_segment
from brookline.stores.urls import ESCAPE, has_cut_login, parameters, refuse_unknown, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "brookline"
"""Before all keys, if the URL says nothing else."""

_PORT = 2379
_FILES = {"cacert": "ETCDCTL_CACERT", "cert": "ETCDCTL_CERT", "key": "ETCDCTL_KEY"}


@dataclasses.dataclass(frozen=True, slots=True)
class Address:
    """What a URL says, once it is read.

    Attributes:
        endpoints: Base URLs, in the order in which they are tried.
        prefix: Before all keys, without slashes around it.
        user: Name to log in with, or empty.
        password: Of the user.
        files: Paths of PEM files: ``cacert``, ``cert`` and ``key``, as far as there are any.
        compacts: Whether we forget what etcd keeps of the past.
        place: For people.
    """

    endpoints: tuple[str, ...]
    prefix: str
    user: str
    password: str = dataclasses.field(repr=False)
    files: Mapping[str, str]
    compacts: bool
    place: str


def read_address(url: str, environment: Mapping[str, str] = os.environ) -> Address:
    """Read a URL: ``etcd://user@host1:2379,host2/prefix``, ``etcds:`` with TLS.

    What it leaves out comes from the variables of ``etcdctl``: ``ETCDCTL_USER`` (with or without
    the password), ``ETCDCTL_PASSWORD``, ``ETCDCTL_CACERT``, ``ETCDCTL_CERT``, ``ETCDCTL_KEY``.

    Raises:
        StoreUnfit: If it is not such a URL.
    """
    if has_cut_login(url):
        raise StoreUnfit(f"{shown(url)} is not a store: {ESCAPE}")
    scheme, _, rest = url.partition("://")
    place, _, query = rest.partition("?")
    netloc, _, path = place.partition("/")
    login, _, hosts = netloc.rpartition("@")
    given, prefix = parameters(query), path.strip("/") or PREFIX
    if scheme.lower() not in ("etcd", "etcds") or not hosts:
        raise StoreUnfit(f"{shown(url)} is not a store: write etcd://host:{_PORT}/prefix")
    if not all(map(is_segment, prefix.split("/"))):
        raise StoreUnfit(
            f"{shown(url)}: the prefix may have letters, digits, '.', '_' and '-' only"
        )
    refuse_unknown(url, given, (*_FILES, "compact"))
    files = {
        name: path
        for name, variable in _FILES.items()
        if (path := given.get(name) or environment.get(variable, ""))
    }
    secure = scheme.lower() == "etcds" or bool(files)
    user, password = _login(login, environment)
    return Address(
        endpoints=tuple(_endpoint(url, host, secure=secure) for host in hosts.split(",")),
        prefix=prefix, user=user, password=password, files=files,
        compacts=given.get("compact", "yes") not in ("no", "false"), place=shown(url),
    )  # fmt: skip


def _login(text: str, environment: Mapping[str, str]) -> tuple[str, str]:
    user, _, password = text.partition(":")
    if user:
        user, password = urllib.parse.unquote(user), urllib.parse.unquote(password)
    else:
        user, _, password = environment.get("ETCDCTL_USER", "").partition(":")
    return user, password or environment.get("ETCDCTL_PASSWORD", "")


def _endpoint(url: str, host: str, *, secure: bool) -> str:
    scheme = "https" if secure else "http"
    name, port = _host(host)
    if not name or port == 0:
        raise StoreUnfit(
            f"{shown(url)} is not a store: {host!r} is no host with a port from 1 to 65535; write"
            f" etcd://host1:{_PORT},host2:{_PORT}/prefix"
        )
    return f"{scheme}://{f'[{name}]' if ':' in name else name}:{port or _PORT}"


def _host(text: str) -> tuple[str, int | None]:
    """Return the name and the port of a host; no name if it cannot be read."""
    try:
        parts = urllib.parse.urlsplit(f"//{text}")
        name, port = parts.hostname or "", parts.port
    except ValueError:
        return "", None
    return (name, port) if parts.netloc == text else ("", None)  # a '#' ends it early
