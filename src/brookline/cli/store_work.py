"""brookline store copy: the checks, the move in its order, and what is told of it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, NamedTuple

from brookline.cli.stores import absolute, opened, opened_plane
from brookline.errors import BrooklineError, Conflict
from brookline.journal.moving import Move
from brookline.plane.living import living
from brookline.server.lock import proved_dead
from brookline.stores.probe import probe, require_fit
from brookline.stores.urls import shown
from brookline.values.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from brookline.cli.blocks import Block
    from brookline.stores.store import Store

CLOCK = SystemClock()

_ENDING_S = 30.0
"""How long nodes are waited for that are to end, since their plane has moved."""


_ROUNDS, _LITTLE = 20, 50
"""While masters write on, it is copied so often at most, or until so few keys were new."""


class Wish(NamedTuple):
    """What was asked for.

    Attributes:
        source: URL of the store.
        target: URL of the other one.
        online: Whether nodes may run.
        keep: Whether the source is left as it is.
    """

    source: str
    target: str
    online: bool
    keep: bool


class Moved(NamedTuple):
    """What was done.

    Attributes:
        plane: Id of the plane.
        keys: How many keys were copied.
        last: The last entry of the copy.
        closed_ms: From the end of the old log to the opening of the new one; None if it was kept.
        living: Names of nodes that still beat at the end.
    """

    plane: str
    keys: int
    last: int
    closed_ms: int | None
    living: list[str]


async def moved(wish: Wish, tell: Callable[[str], None]) -> Moved:
    """Copy a plane, and close its old log unless that is to be kept.

    Raises:
        NotFound: If there is no plane.
        Conflict: If it lives and should not, has moved elsewhere, also meanwhile, or the target is not
            empty.
        StoreUnfit: If the target cannot carry a plane.
        Damaged: If the log is, or its copy. Nothing is closed then, unless the copy was found to be
            sound before, and was not any more once the log was closed.
    """
    gone_to = absolute(wish.target)
    if absolute(wish.source) == gone_to:
        raise Conflict("FROM and TO are the same store")
    async with opened_plane(wish.source) as source, opened(wish.target) as target:
        move = Move(source, target, CLOCK, gone_to="" if wish.keep else gone_to)
        if await move.look():
            tell("the old log is closed already; finishing the move")
        elif not wish.online:
            await _require_still(source, wish.source)
        await _require_fit(target, wish.target)
        await _copy(move, tell, catch_up=wish.online)
        await move.check_patiently()
        if wish.keep:
            await move.open()
            return _told(move, await move.end(), None, [])
        return await _close_and_open(move, source, tell)


async def _close_and_open(move: Move, source: Store, tell: Callable[[str], None]) -> Moved:
    began = CLOCK.monotonic()
    if not move.closed:
        await _catch_up(move)  # little should be left to copy while nobody leads
        began = CLOCK.monotonic()
        await move.close()
        tell("the old log is closed; copying what was appended until then")
    await move.copy()
    await move.check_patiently()
    left = await _until_ended(source, tell)
    await move.open()
    closed_ms = round((CLOCK.monotonic() - began) * 1000)
    return _told(move, move.replica.standing.fence - 1, closed_ms, left)


def screen(wish: Wish, found: Moved) -> Iterator[Block]:
    """Yield what is told to people."""
    target = shown(wish.target)
    yield f"plane {found.plane}: {found.keys} keys copied, up to entry {found.last}, and verified"
    if found.closed_ms is None:
        yield f"{shown(wish.source)} was left as it is: never run nodes on both"
        return
    yield f"{shown(wish.source)} is closed; between its end and the new beginning: {found.closed_ms} ms"
    for name in found.living:
        yield f"! node {name} still beats in the old store: end it"
    yield f"Next: start the nodes with --persistence-dir {target}"


def _told(move: Move, last: int, closed_ms: int | None, left: list[str]) -> Moved:
    return Moved(move.replica.plane, move.copied, last, closed_ms, left)


async def _require_still(store: Store, url: str) -> None:
    """Refuse a plane that lives.

    Raises:
        Conflict: If it does.
    """
    alive = await living(store, CLOCK, is_dead=proved_dead)
    if alive:
        raise Conflict(
            f"the plane in {shown(url)} lives: node {alive[0].name} beats. Stop its nodes first, or"
            " give --online"
        )


async def _require_fit(target: Store, url: str) -> None:
    """Refuse a store on which high availability would not be safe.

    Raises:
        StoreUnfit: If it is one.
    """
    async with opened(url) as other:
        require_fit(await probe(target, other, clock=CLOCK))


async def _copy(move: Move, tell: Callable[[str], None], *, catch_up: bool) -> None:
    """Copy everything; while masters write on, until little is left."""
    copied = await move.copy()
    tell(f"{copied} keys copied")
    if catch_up:
        await _catch_up(move)


async def _catch_up(move: Move) -> None:
    """Copy what was appended meanwhile, until that is little."""
    for _ in range(_ROUNDS):
        if await move.copy() <= _LITTLE:
            return


async def _until_ended(source: Store, tell: Callable[[str], None]) -> list[str]:
    """Wait until no node beats in the old store; return the names of those that go on."""
    until = CLOCK.monotonic() + _ENDING_S
    told = False
    with contextlib.suppress(BrooklineError):
        while alive := await living(source, CLOCK, is_dead=proved_dead):
            if not told:
                tell(f"waiting for nodes to end: {', '.join(sorted(one.name for one in alive))}")
                told = True
            if CLOCK.monotonic() >= until:
                return sorted(one.name for one in alive)
    return []
