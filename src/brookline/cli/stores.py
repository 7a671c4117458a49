"""Stores as commands find them: by a URL, or as a home remembers where its plane's store is."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from brookline.cli.output import Output
from brookline.cli.tool import common_options, offline_options, with_tool
from brookline.errors import InvalidInput, NotFound
from brookline.journal.planekey import find_plane
from brookline.stores.presence import is_there
from brookline.stores.registry import open_store, path_of, scheme_of
from brookline.stores.urls import MASK, lacks_secret, shown
from brookline.values import folders
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import (
        AsyncIterator,
        Awaitable,
        Callable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )

    from brookline.cli.tool import Tool
    from brookline.stores.store import Store

T = TypeVar("T")

NOTE = Path("data") / "node.json"
"""File of a home that says where its plane's store is."""

VARIABLE = "BROOKLINE_PERSISTENCE_DIR"
"""Of the environment: the store, for servers and for commands."""

STORE_OPTION = click.option(
    "--persistence-dir",
    "store",
    default="",
    metavar="URL",
    help="The store: a folder, or its URL.  [default: that of --home, else of"
    " BROOKLINE_PERSISTENCE_DIR, else of the homes here]",
)


_OF_SERVERS = ("urls", "user", "password", "cacert", "insecure")


def offline(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command that asks no server an `Output`, and the option `--home` as its keyword ``home``.

    The options about servers are none of it, and refused before its name.
    """

    @functools.wraps(function)
    def command(**given: Any) -> None:
        _refuse_earlier(_OF_SERVERS, "this command asks no server")
        _read_offline(function, given)

    return offline_options(command, home=True)


def offline_without_home(function: Callable[..., None]) -> Callable[..., None]:
    """Do the same for a command whose stores and files are named: it reads no home."""

    @functools.wraps(function)
    def command(**given: Any) -> None:
        _refuse_earlier(_OF_SERVERS, "this command asks no server")
        _refuse_earlier(("home",), "this command reads no home")
        function(_output(given), **given)

    return offline_options(command, home=False)


def _refuse_earlier(names: Sequence[str], why: str) -> None:
    useless = [name for name in names if _earlier().get(name)]
    if useless:
        option = "--" + useless[0].removesuffix("s" if useless[0] == "urls" else "")
        raise click.UsageError(f"{option} has no use here: {why}")


def _earlier() -> dict[str, Any]:
    """Return the options before the command's name."""
    return click.get_current_context().find_root().obj or {}


def _read_offline(function: Callable[..., None], given: dict[str, Any]) -> None:
    out = _output(given)
    home = given.pop("home") or _earlier().get("home") or ""
    function(out, home=home, **given)


def _output(given: dict[str, Any]) -> Output:
    """Take the options of the form out of what was given."""
    earlier = _earlier()
    form = given.pop("form") or earlier.get("form") or "table"
    colour = not (given.pop("no_color") or earlier.get("no_color"))
    return Output(form, colour=colour)


def either(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command an `Output`, and with `--url` a `Tool` to ask servers as its keyword ``tool``.

    Without it nobody logs in, so that `--user` says whose work is looked for: the keyword ``who``.
    """

    @functools.wraps(function)
    def command(**given: Any) -> None:
        def asking(tool: Tool, **rest: Any) -> None:
            function(tool.out, home="", tool=tool, **rest)

        def reading(out: Output, **rest: Any) -> None:
            function(out, tool=None, **rest)

        if given["urls"] or _earlier().get("urls"):
            with_tool(asking)(**given)
            return
        given["who"] = given["who"] or given["user"] or _earlier().get("user") or ""
        _read_offline(
            reading, {name: one for name, one in given.items() if name not in _OF_SERVERS}
        )

    return common_options(command)


def find_store(
    url: str, home: str, folder: Path | None = None, environment: Mapping[str, str] = os.environ
) -> str:
    """Return the URL of a store: as given, else what the home or the environment says, else the homes here.

    Raises:
        InvalidInput: If none is known, or several are.
    """
    named = environment.get(VARIABLE, "")
    if url or (named and not home):
        return url or named
    folder = folder or folders.here()
    homes = (
        [Path(home)] if home else [folder, *sorted(p.parents[1] for p in folder.glob(f"*/{NOTE}"))]
    )
    found = list(dict.fromkeys(filter(None, map(_remembered, homes))))
    if len(found) == 1:
        return _whole(found[0], named)
    if home:
        raise InvalidInput(f"{home} is not the home of a node that took part in a plane")
    if found:
        raise InvalidInput(f"there are homes of several planes here: {', '.join(found)}; name one")
    raise InvalidInput("say where the store is: --persistence-dir URL, or --home DIR of a node")


def whole(url: str, known: Iterable[str]) -> str:
    """Return a URL as homes, logs and backups keep it, with what is secret in it if a known one has that."""
    if MASK not in url:
        return url
    return next((one for one in known if one and shown(one) == url), url)


def _whole(url: str, named: str) -> str:
    """Return a URL as a home keeps it, with what is secret in it if the environment says that.

    Raises:
        InvalidInput: If something secret was left out, and is not known.
    """
    found = whole(url, [named])
    if not lacks_secret(found):
        return found
    raise InvalidInput(
        f"the plane is in {url}, whose password no home keeps: name it, --persistence-dir URL or"
        f" {VARIABLE}"
    )


def _remembered(home: Path) -> str:
    try:
        note = json.loads((home / NOTE).read_text())
    except (OSError, ValueError):
        return ""
    store = note.get("store") if isinstance(note, dict) else ""
    return store if isinstance(store, str) else ""


async def require_there(url: str) -> None:
    """Refuse a folder or a table that is not there, which opening would make.

    Raises:
        NotFound: If it is not.
        StoreError: If the store gives no answer.
    """
    if scheme_of(url) in ("directory", "file"):
        if not path_of(url).is_dir():
            raise NotFound(f"there is no folder {path_of(url)}")
    elif not await is_there(url):
        raise NotFound(f"{shown(url)} is not there: the database has no such table")


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    """Open a store, and close it at the end.

    Raises:
        StoreUnfit: If it is no store, or holds something else.
        StoreError: If it gives no answer.
    """
    store = await open_store(url, SystemClock())
    try:
        yield store
    finally:
        await store.close()


@contextlib.asynccontextmanager
async def opened_plane(url: str) -> AsyncIterator[Store]:
    """Open a store that holds a plane.

    Raises:
        NotFound: If it holds none.
    """
    await require_there(url)
    async with opened(url) as store:
        await require_plane(store, url)
        yield store


async def require_plane(store: Store, url: str) -> None:
    """Refuse a store without a plane.

    Raises:
        NotFound: If it is one.
        Damaged: If its key `plane` is.
    """
    if await find_plane(store) is None:
        raise NotFound(f"{shown(url)} holds no plane")


def run(work: Awaitable[T]) -> T:
    """Do something on a loop of its own, to its end."""

    async def to_its_end() -> T:
        return await work

    return asyncio.run(to_its_end())


def stream(items: AsyncIterator[T]) -> Iterator[T]:
    """Yield what comes asynchronously, on a loop of its own, as it is asked for; None ends it."""
    with asyncio.Runner() as runner:
        try:
            while (item := runner.run(_next(items))) is not None:
                yield item
        finally:
            runner.run(_end(items))


async def _next(items: AsyncIterator[T]) -> T | None:
    return await anext(items, None)


async def _end(items: AsyncIterator[Any]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()


def absolute(url: str) -> str:
    """Return a store's URL as it can be used from another folder, without a password.

    Raises:
        StoreUnfit: If it counts from the current folder, and that was removed.
    """
    if scheme_of(url) not in ("directory", "file"):
        return shown(url)
    return str(path_of(url))
