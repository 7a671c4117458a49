"""Listening to a store that tells of new keys: a standby hears of entries though its line is cut."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.stores.names import ENTRIES
from brookline.stores.store import Watchable

if TYPE_CHECKING:
    from brookline.plane.node import PlaneNode
    from brookline.server.late_store import LateStore
    from brookline.values.clock import Clock

log = logging.getLogger("brookline.server")

_LET_THE_LINE_S = 0.02
"""Time in which the master's line says the same, as a rule; then there is nothing to do."""

_PAUSE_S = 5.0
"""After a connection broke; what is told meanwhile is found by looking, once a poll."""


async def follow_store(store: LateStore, node: PlaneNode, clock: Clock) -> None:
    """Read on in the journal when the store says so, for ever; returns if it never does."""
    while True:
        try:
            inner = await store.open()
            if not isinstance(inner, Watchable):
                return
            async for _ in inner.watch(ENTRIES):
                seen = node.replica.seq
                await clock.sleep(_LET_THE_LINE_S)
                if node.replica.seq == seen:
                    await node.glance()
        except StoreError as error:
            log.debug("the store tells of nothing", extra={"fields": {"why": error.message}})
        await clock.sleep(_PAUSE_S)
