"""Stores by URL: a path, ``postgresql:``, ``s3:`` and so on, and those of installed packages.

What a store is built on is imported only when one is opened: nobody pays for the others.
"""

from __future__ import annotations

import importlib.metadata
import re
import urllib.parse
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from brookline.errors import StoreUnfit
from brookline.stores.urls import require_secrets, shown
from brookline.values.folders import absolute

if TYPE_CHECKING:
    from brookline.stores.shelf import Shelf
    from brookline.stores.store import Store
    from brookline.values.clock import Clock

GROUP = "brookline.stores"
"""Entry points of packages that bring a store; their names are URL schemes."""


class StoreFactory(Protocol):
    """Opens stores of one kind."""

    async def __call__(self, url: str, clock: Clock) -> Store:
        """Open the store that a URL names; each call makes a connection of its own.

        Raises:
            StoreUnfit: If it cannot carry a plane, or holds something else.
            StoreError: If it gives no answer.
        """
        ...


async def open_store(url: str, clock: Clock) -> Store:
    """Open the store that a path or URL names, on connections of its own.

    Args:
        url: A path, ``file:`` or ``directory:`` with a path, ``s3://…``, ``gs://…``, ``az://…``,
            ``postgresql://…``, ``etcd://…``, ``etcds://…``, ``memory:`` with a name or without, or
            the URL of a store that an installed package brings.
        clock: For stores that wait or measure.

    Raises:
        StoreUnfit: If there is no such kind of store, if it cannot carry a plane, or if it holds
            something else; nothing was touched.
        StoreError: If it gives no answer.
    """
    require_secrets(url)
    return await find_factory(url)(url, clock)


def find_factory(url: str) -> StoreFactory:
    """Return what opens a URL.

    Raises:
        StoreUnfit: If there is no such kind of store.
    """
    scheme = scheme_of(url)
    if scheme in _OWN:
        return _OWN[scheme]
    found = importlib.metadata.entry_points(group=GROUP)
    if scheme not in found.names:
        others = "".join(f", {name}:" for name in sorted(found.names))
        raise StoreUnfit(
            f"there is no store for '{scheme}:' URLs; there are: a path, file:, directory:, s3:, gs:,"
            f" az:, postgresql:, etcd:, memory:{others} (a directory of that name is"
            f" ./{shown(url)})"
        )
    return cast("StoreFactory", found[scheme].load())


def scheme_of(url: str) -> str:
    """Return the scheme of a URL in lower case, or ``directory`` for a path."""
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+):", url)
    return found[1].lower() if found else "directory"


def path_of(url: str) -> Path:
    """Return the folder that a path, or a ``file:`` or ``directory:`` URL, names.

    Raises:
        StoreUnfit: If it names none, or one on another host.
    """
    scheme = scheme_of(url)
    path = url if not url.lower().startswith(f"{scheme}:") else url[len(scheme) + 1 :]
    if path.startswith("//"):
        host, slash, rest = path[2:].partition("/")
        if host not in {"", "localhost"}:
            raise StoreUnfit(
                f"{shown(url)} names the host '{host.rpartition('@')[2]}': mount its directory and name the path"
            )
        path = slash + rest
    if scheme == "file":
        path = urllib.parse.unquote(path)
    if not path:
        raise StoreUnfit(f"{shown(url) or 'an empty URL'} names no directory")
    try:
        return absolute(Path(path).expanduser())
    except RuntimeError as problem:
        raise StoreUnfit(f"{shown(url)} names the home of an unknown user") from problem
    except ValueError as problem:
        raise StoreUnfit(str(problem)) from problem


async def _open_directory(url: str, clock: Clock) -> Store:  # noqa: ARG001  # all factories get it
    from brookline.stores.directory import DirectoryStore  # noqa: PLC0415  # only when it is used

    return await DirectoryStore.open(path_of(url))


async def _open_memory(url: str, clock: Clock) -> Store:
    from brookline.stores.memory import MemoryStore  # noqa: PLC0415
    from brookline.stores.shelf import Shelf  # noqa: PLC0415

    name = url.partition(":")[2]
    shelf = _SHELVES.get(name)
    if shelf is None:
        shelf = _SHELVES[name] = Shelf(clock)
    return MemoryStore(shelf)


async def _open_postgresql(url: str, clock: Clock) -> Store:  # noqa: ARG001
    from brookline.stores.postgresql.store import PostgresqlStore  # noqa: PLC0415

    return await PostgresqlStore.open(url)


async def _open_objects(url: str, clock: Clock) -> Store:  # noqa: ARG001
    from brookline.stores.objects.store import ObjectStore  # noqa: PLC0415

    return await ObjectStore.open(url)


async def _open_etcd(url: str, clock: Clock) -> Store:
    from brookline.stores.etcd.store import EtcdStore  # noqa: PLC0415

    return await EtcdStore.open(url, clock)


_SHELVES: weakref.WeakValueDictionary[str, Shelf] = weakref.WeakValueDictionary()
"""Memory stores by name; one lives as long as somebody in this process has it open."""

_OWN: dict[str, StoreFactory] = {
    "directory": _open_directory,
    "file": _open_directory,
    "memory": _open_memory,
    "postgres": _open_postgresql,
    "postgresql": _open_postgresql,
    **dict.fromkeys(("s3", "s3a", "gs", "gcs", "az", "azure"), _open_objects),
    "etcd": _open_etcd,
    "etcds": _open_etcd,
}
