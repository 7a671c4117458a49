"""Where the plane is, and who we are: from options, the environment, or a node's home."""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import TYPE_CHECKING

from brookline.client.addresses import EXAMPLE, checked, is_loopback
from brookline.errors import InvalidInput
from brookline.values.folders import here

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ADDRESS = "address"
"""File of a home with the node's URL."""

PASSWORD = "admin-password"  # noqa: S105  # the file's name
"""File of a home with the password that was made for `admin` at the plane's first start."""

CERTIFICATE = "data/tls/certificate.pem"
"""File of a home with the certificate that a node has made for itself."""

DATA = "data"
"""Folder of a home that stays when its node has ended."""

DEFAULT_USER = "admin"


@dataclasses.dataclass(frozen=True, slots=True)
class Wish:
    """What the user gave as options; empty where nothing.

    Attributes:
        urls: ``--url``.
        user: ``--user``.
        password: ``--password``.
        home: ``--home``.
        cacert: ``--cacert``.
        insecure: ``--insecure``.
    """

    urls: tuple[str, ...] = ()
    user: str = ""
    password: str = ""
    home: str = ""
    cacert: str = ""
    insecure: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Access:
    """How to reach the plane.

    Attributes:
        urls: Addresses of nodes.
        urls_from: Where they come from, for people.
        user: Name, or empty for no login.
        password: Its password.
        password_from: Where that comes from, for people.
        authorities: Files with certificates to trust; those of local nodes are among them.
        insecure: Whether any certificate will do.
    """

    urls: tuple[str, ...]
    urls_from: str
    user: str
    password: str
    password_from: str
    authorities: tuple[str, ...] = ()
    insecure: bool = False


def find_access(wish: Wish, environment: Mapping[str, str], folder: Path | None = None) -> Access:
    """Return how to reach the plane.

    Options win over ``BROOKLINE_URL``, ``BROOKLINE_USER``, ``BROOKLINE_PASSWORD``,
    ``BROOKLINE_CACERT`` and ``BROOKLINE_INSECURE``; those over what lies in ``--home``; that over
    what lies in the current folder or in one below it, as in ``./n1/address``.

    Raises:
        InvalidInput: If an address is none, or ``--home`` is no home of a node.
    """
    folder = folder or here()
    urls, urls_from = _find_urls(wish, environment, folder)
    user = wish.user or environment.get("BROOKLINE_USER", "")
    password, password_from = _find_password(wish, environment, folder, urls=urls)
    return Access(
        urls=urls,
        urls_from=urls_from,
        user=user or (DEFAULT_USER if password else ""),
        password=password,
        password_from=password_from,
        authorities=_find_authorities(wish, environment, folder),
        insecure=wish.insecure or environment.get("BROOKLINE_INSECURE", "") in ("1", "true"),
    )


def _find_urls(
    wish: Wish, environment: Mapping[str, str], folder: Path
) -> tuple[tuple[str, ...], str]:
    for origin, text in (
        ("--url", ",".join(wish.urls)),
        ("BROOKLINE_URL", environment.get("BROOKLINE_URL", "")),
    ):
        named = tuple(checked(url, origin) for url in text.split(",") if url.strip())
        if named:
            return named, origin
    if wish.home:
        found = _addresses([Path(wish.home)])
        if not found:
            raise InvalidInput(_no_node(Path(wish.home)))
        return found, f"{Path(wish.home) / ADDRESS}"
    homes = [folder, *_homes_below(folder)]
    found = _addresses(homes)
    if found:
        return found, f"{ADDRESS} files in {folder} and below"
    return (EXAMPLE,), "the default"


def _no_node(home: Path) -> str:
    if (home / DATA).is_dir():
        return (
            f"no node runs with the home {home} now: start it, or say with --url where others are"
        )
    return f"{home} is not the home of a node: it has no file '{ADDRESS}'"


def _find_password(
    wish: Wish, environment: Mapping[str, str], folder: Path, *, urls: Iterable[str]
) -> tuple[str, str]:
    if wish.password:
        return wish.password, "--password"
    if "BROOKLINE_PASSWORD" in environment:
        return environment["BROOKLINE_PASSWORD"], "BROOKLINE_PASSWORD"
    homes = [Path(wish.home)] if wish.home else []
    if all(map(is_loopback, urls)):  # never sent to another machine by accident
        homes += [folder, *_homes_below(folder)]
    for home in homes:
        text = _own_text(home / PASSWORD).strip()
        if text:
            return text, str(home / PASSWORD)
    return "", ""


def _find_authorities(wish: Wish, environment: Mapping[str, str], folder: Path) -> tuple[str, ...]:
    """Return what to trust: the user's word, else what nodes of this machine have made."""
    named = wish.cacert or environment.get("BROOKLINE_CACERT", "")
    if named:
        return (named,)
    homes = [Path(wish.home)] if wish.home else []
    files = [home / CERTIFICATE for home in (*homes, folder, *_homes_below(folder))]
    return tuple(str(path) for path in files if _own_text(path))


def _homes_below(folder: Path) -> list[Path]:
    """Return the folders below that are homes; a node that has ended has no address any more."""
    try:
        found = [path.parent for name in (ADDRESS, PASSWORD) for path in folder.glob(f"*/{name}")]
    except OSError:
        return []
    return sorted(set(found))


def _addresses(homes: Iterable[Path]) -> tuple[str, ...]:
    files = [home / ADDRESS for home in homes]
    found = (checked(url, str(file)) for file in files for url in _own_text(file).split())
    return tuple(dict.fromkeys(found))


def _own_text(path: Path) -> str:
    """Return a file's text, or nothing if it is absent or somebody else could have written it.

    Passwords go to the address that such a file names.
    """
    try:
        status = path.stat()
        mine = status.st_uid in (os.geteuid(), 0) and not status.st_mode & 0o022
        return path.read_text(encoding="utf-8") if mine else ""
    except (OSError, UnicodeDecodeError):
        return ""
