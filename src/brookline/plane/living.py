"""Living nodes, as somebody sees them who takes no part: whose heartbeat rises in a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from brookline.journal.keys import NODE
from brookline.plane.states import NodeState
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.scan import Source
    from brookline.values.clock import Clock

POLLS = 3.5
"""For how many of its own polls a heartbeat is watched before its node counts as dead."""

LEAST_S = 3.0
"""For how long it is in any case: a busy machine may hold up a node for longer than quick polls take."""

_LOOK_S = 0.25


async def living(
    store: Source, clock: Clock, *, is_dead: Callable[[Heartbeat], bool] = lambda _: False
) -> list[Heartbeat]:
    """Return the nodes of a plane whose heartbeat rises while it is looked at, the first to be seen.

    Args:
        store: The plane's.
        clock: For the watch.
        is_dead: Tells of an instance that it is proved dead, so that it need not be watched.

    Raises:
        StoreError: If the store does not answer.
    """
    before = await _beats(store)
    silent = {one: beat for one, beat in before.items() if not _ended(beat) and not is_dead(beat)}
    began = clock.monotonic()
    while silent:
        await clock.sleep(_LOOK_S)
        now = await _beats(store)
        risen = [
            beat
            for one, beat in now.items()
            if not _ended(beat) and (one not in before or beat.counter > before[one].counter)
        ]
        if risen:
            return risen
        watched_s = clock.monotonic() - began
        silent = {
            one: beat
            for one, beat in silent.items()
            if one in now
            and not _ended(now[one])
            and watched_s < max(LEAST_S, POLLS * beat.poll_ms / 1000)
        }
    return []


def _ended(beat: Heartbeat) -> bool:
    return beat.state == NodeState.TERMINATED.value


async def _beats(store: Source) -> dict[str, Heartbeat]:
    found: dict[str, Heartbeat] = {}
    for key in await store.list(NODE):
        data = await store.get(key)
        if not data:
            continue  # forgotten meanwhile, or empty after a power cut
        try:
            found[key] = msgspec.json.decode(data, type=Heartbeat)
        except msgspec.DecodeError:
            continue
    return found
