"""Admission: what a node finds out about the plane and its name before it takes part."""

from __future__ import annotations

import dataclasses
import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Conflict
from brookline.journal.keys import node_key
from brookline.journal.planekey import ensure_plane, find_plane
from brookline.plane.states import Mode, NodeState
from brookline.plane.vacancy import find_vacancy
from brookline.stores.urls import MASK

if TYPE_CHECKING:
    from brookline.plane.core import Core
    from brookline.plane.observer import Observer
    from brookline.plane.parts import Parts
    from brookline.plane.watch import Sighting
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

_PATIENCE_POLLS = 3
"""How long a follower waits for somebody to lead, when all of a plane is started at once."""

NO_PLANE = (
    "mode {} follows a master, but there is no plane in this store yet;"
    " start the first node with AUTO or MASTER"
)

_FOLLOWERS = frozenset({Mode.STANDBY, Mode.HOT_STANDBY, Mode.HOT_BACKUP})


_RISES = 2
"""How often a heartbeat is seen to rise before its node counts as living, at the start."""


async def enter_plane(parts: Parts, mode: Mode) -> str:
    """Return the id of the plane in the store; begin one if this mode may lead.

    Raises:
        Conflict: If there is no plane, and this mode never starts one.
        StoreError: If the store does not answer.
        StoreUnfit: If the store has a format that this version does not know.
    """
    if may_begin_plane(mode):
        return await ensure_plane(parts.store, parts.randomness)
    plane = await find_plane(parts.store)
    if plane is None:
        raise Conflict(NO_PLANE.format(mode.value))
    return plane


def may_begin_plane(mode: Mode) -> bool:
    """Tell whether a node that starts in this mode may be the first of a plane."""
    return mode not in _FOLLOWERS


async def settle_identity(core: Core, observer: Observer) -> str:
    """Make sure that nobody else lives under this home, and return a name that nobody else has.

    Raises:
        Conflict: If another process lives with this home's id: the home was copied.
        StoreError: If the store does not answer.
    """
    await observer.look()
    for risen in range(_RISES):
        # A heartbeat that does not rise in two polls is from a process that is gone. One that
        # rises once may be the last of such a process, which the store was slow to show.
        if any(_suspect(core, s) and s.rises >= risen for s in core.watch):
            await core.parts.clock.sleep(2.2 * core.parts.settings.poll_s)
            await observer.look()
    living = [s.heartbeat for s in core.watch if s.rises >= _RISES and _suspect(core, s)]
    name = _name(core, living)
    await _bury_former(core)
    return name


async def require_master(core: Core, observer: Observer) -> None:
    """Refuse to start a follower on a plane that nobody leads.

    Raises:
        Conflict: If nobody leads, and nobody begins to within some polls.
        StoreError: If the store does not answer.
    """
    if core.mode not in (Mode.STANDBY, Mode.HOT_STANDBY):
        return
    clock, poll_s = core.parts.clock, core.parts.settings.poll_s
    deadline = clock.monotonic() + _PATIENCE_POLLS * poll_s
    while find_vacancy(observer.situation()) is not None:
        if clock.monotonic() >= deadline:
            raise Conflict(
                f"mode {core.mode.value} follows a master, and nobody leads this plane now;"
                " start the first node with AUTO or MASTER"
            )
        await clock.sleep(poll_s / 2)
        await observer.look()
        await core.parts.reader.catch_up()


def refuse_moved(core: Core) -> None:
    """Take no part in a log that its plane has left.

    Raises:
        Conflict: If it has; it says where the plane is now.
    """
    moved = core.parts.replica.standing.moved
    if moved:
        hint = f", and its secret in place of {MASK}" if MASK in moved else ""
        raise Conflict(
            f"the plane has moved to {moved}: start this node with --persistence-dir {moved}{hint}"
        )


def refuse_second_master(core: Core) -> None:
    """Refuse to start as MASTER beside one that was seen to live.

    Raises:
        Conflict: It names the master and what to do.
    """
    standing = core.parts.replica.standing
    owner = core.watch.find(standing.owner)
    if owner is None or standing.resigned or not owner.rises:
        return
    heartbeat = owner.heartbeat
    if heartbeat.state == NodeState.MASTER.value and heartbeat.instance != core.me:
        raise Conflict(
            f"node {heartbeat.name} ({heartbeat.instance}, {heartbeat.address}) is the master and"
            " lives; start this one with --ha auto, and use 'brookline ha switchover' to move on"
        )


async def _bury_former(core: Core) -> None:
    """Mark the last process of this home as terminated: this one holds the home's lock."""
    identity, former = core.parts.identity, core.watch.find(core.parts.identity.former)
    if former is None or former.heartbeat.home_path != identity.home_path:
        return
    if former.heartbeat.state == NodeState.TERMINATED.value:
        return
    buried = msgspec.structs.replace(
        former.heartbeat, state=NodeState.TERMINATED.value, leaving=True,
        stopped=core.parts.settings.fast_failover,
    )  # fmt: skip
    await core.parts.store.put(node_key(buried.instance), msgspec.json.encode(buried))


def _suspect(core: Core, sighting: Sighting) -> bool:
    """Tell whether another instance, if it lives, has this home's id or this node's name."""
    identity, heartbeat = core.parts.identity, sighting.heartbeat
    if heartbeat.instance == core.me or heartbeat.state == NodeState.TERMINATED.value:
        return False
    if heartbeat.home == identity.home:
        return not _ran_here(core, heartbeat)
    return heartbeat.name == identity.name


def _ran_here(core: Core, heartbeat: Heartbeat) -> bool:
    """Tell whether this process can only have this home's lock because that one is gone.

    A home that was copied, with all that is in it, remembers the same former process.
    """
    identity = core.parts.identity
    return (heartbeat.home_path, heartbeat.boot) == (identity.home_path, identity.boot)


def _name(core: Core, living: list[Heartbeat]) -> str:
    identity = core.parts.identity
    for heartbeat in living:
        if heartbeat.home == identity.home:
            raise Conflict(
                f"this home is a copy of {heartbeat.home_path} on {heartbeat.host}, where node"
                f" {heartbeat.name} runs ({heartbeat.address}); start with a new --home"
            )
    taken = {s.heartbeat.name for s in core.watch if s.heartbeat.instance != identity.former}
    if not any(heartbeat.name == identity.name for heartbeat in living):
        return identity.name
    number = 2
    while f"{identity.name}-{number}" in taken:
        number += 1
    return f"{identity.name}-{number}"


def renamed(parts: Parts, name: str) -> Parts:
    """Return the parts of a node that is called `name`."""
    return dataclasses.replace(parts, identity=dataclasses.replace(parts.identity, name=name))
