"""The plane whose place a restored one takes: whether it lives, wherever it has gone since.

What cannot be seen does not count as dead: perhaps only this machine does not reach its store.
"""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING, NamedTuple

from brookline.cli.backup_work import CLOCK
from brookline.cli.stores import VARIABLE, opened, require_there, whole
from brookline.errors import BrooklineError, Conflict, Damaged, InvalidInput, NotFound
from brookline.journal import scan
from brookline.journal.planekey import find_mark, find_plane
from brookline.plane.living import living
from brookline.server.lock import proved_dead
from brookline.stores.urls import lacks_secret, shown
from brookline.wire.entries import Fence

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.cli.restore_points import Origin
    from brookline.cli.restore_work import Wish
    from brookline.journal.scan import Source


class _Seen(NamedTuple):
    """What was seen in a store.

    Attributes:
        beats: Name of a node whose heartbeat rises there, or empty.
        gone_to: Where the plane has moved from there, or empty.
    """

    beats: str = ""
    gone_to: str = ""


async def require_dead(plane: str, origin: Origin, wish: Wish, tell: Callable[[str], None]) -> None:
    """Refuse to take the place of a plane that lives, or of which that cannot be seen.

    Raises:
        Conflict: If it lives; or if it cannot be seen, and the wish does not say that it is dead.
    """
    known = (os.environ.get(VARIABLE, ""), wish.into, wish.source)
    try:
        why = await _why_alive(plane, origin, known)
    except BrooklineError as error:
        why = f"it cannot be seen whether the old plane lives: {error.message}"
        if wish.although_unseen:
            tell(f"note: {why}")
            return
        why += ". If no node of it runs, give --although-unseen; if it shall go on, --beside"
    if not why:
        return
    if not wish.dry_run:
        raise Conflict(why)
    tell(f"note: this would be refused: {why}")


async def _why_alive(plane: str, origin: Origin, known: Sequence[str]) -> str:
    """Follow a plane to where it is now; say which node of it lives, or nothing.

    Raises:
        BrooklineError: If that cannot be seen.
    """
    url, passed = await _begin(origin), set[str]()
    while url not in passed:
        passed.add(url)
        seen = await _look(whole(url, known), plane)
        if seen.beats:
            where = "the plane in" if url == origin.url else "the plane has moved, and in"
            return (
                f"{where} {shown(url)} lives: node {seen.beats} beats. Stop its nodes first, or"
                " give --beside if both shall go on"
            )
        if not seen.gone_to:
            return ""
        url = seen.gone_to
    raise Conflict(f"its logs say that it has moved in a circle, by {shown(url)}")


async def _begin(origin: Origin) -> str:
    """Return where to look first: a log that was closed says itself where its plane has gone."""
    with contextlib.suppress(Damaged):  # of a store, that is met again there
        return await _gone_to(origin.source) or origin.url
    return origin.url


async def _look(url: str, plane: str) -> _Seen:
    """Look whether a plane lives in a store, and has not left it.

    Raises:
        BrooklineError: If that cannot be seen; nobody is sent what stands for a secret.
    """
    if not url:
        raise NotFound("nothing says where its store is")
    if lacks_secret(url):
        raise InvalidInput(f"what is secret in {url} is not known: set {VARIABLE} to all of it")
    await require_there(url)
    async with opened(url) as store:
        found = await find_plane(store)
        if found != plane:
            instead = f"plane {found}, not {plane}," if found else "no plane"
            raise NotFound(f"{shown(url)} holds {instead} now")
        alive = await living(store, CLOCK, is_dead=proved_dead)
        if alive:
            return _Seen(beats=alive[0].name)
        mark = await find_mark(store)
        if mark is not None and mark.keep:
            raise NotFound(
                f"{shown(url)} is a copy that was kept, and does not say where its plane goes on"
            )
        return _Seen(gone_to=await _gone_to(store))


async def _gone_to(source: Source) -> str:
    """Return where a plane has moved, as the last entry of its log says; else nothing.

    Raises:
        Damaged: If that cannot be read.
    """
    for key in (await scan.retained(source)).entries[-1:]:
        data = await source.get(key)
        if data is None:
            raise Damaged(f"entry {key} is missing")
        payload = (await scan.opened(source, key, data)).payload
        return payload.moved if isinstance(payload, Fence) else ""
    return ""
