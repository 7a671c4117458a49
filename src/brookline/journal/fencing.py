"""The fence: how a candidate takes the log over, or learns that it must not.

Read to the tail, create a fence at the next slot, and then *validate*: the fence must be the last
entry, and above the newest snapshot, announced or not. A candidate that slept between reading and
creating may have put its fence into a slot that was collected meanwhile; only the check after the
creation shows it. Fences are never deleted, which closes the same trap for paused masters.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.errors import StoreError
from brookline.journal import append, snapshot
from brookline.journal.entry import Entry, encode_payload, seal
from brookline.journal.keys import JOURNAL, entry_key, is_entry_key
from brookline.journal.reader import Place
from brookline.values.ids import Randomness, new_id
from brookline.wire.entries import FORMAT, Fence, Header

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.reader import Reader
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.stores.store import Store
    from brookline.values.clock import Clock


_PAUSE_S = 0.2
"""Between questions to a store that does not answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Won:
    """The fence is in the log, valid and applied to the replica.

    Attributes:
        entry: The fence.
    """

    entry: Entry


@dataclasses.dataclass(frozen=True, slots=True)
class Lost:
    """This node does not lead.

    Attributes:
        reason: For people.
    """

    reason: str


class Fencer:
    """Tries fences for one node.

    Args:
        store: Where the log lies.
        reader: Moves `replica` on.
        replica: What the node knows of the log.
        node: Instance id.
        clock: For wall time and pauses.
        randomness: For the nonce.
        rules: Protective rules.
    """

    def __init__(
        self,
        store: Store,
        reader: Reader,
        replica: Replica,
        *,
        node: str,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
    ) -> None:
        self._store = store
        self._reader = reader
        self._replica = replica
        self._node = node
        self._clock = clock
        self._randomness = randomness
        self._rules = rules

    async def fence(self, draft: Callable[[], Fence], still: Callable[[], bool]) -> Won | Lost:
        """Take the log over.

        Args:
            draft: Makes the payload, at the last moment, so that its times are right.
            still: Asked after reading on: does the reason for the fence still hold? It does not
                when another node's fence, or a life sign of the one replaced, was read meanwhile.

        Raises:
            Damaged: If the log is.
            StoreError: If the store does not answer; a fence that was sent may still land, and
                its owner, this instance, then learns of it from the log as all others do.
        """
        while True:
            if await self._reader.catch_up() is not Place.TAIL:
                return Lost("the store does not show all of the log yet")
            if not still():
                return Lost("the reason has passed")
            if self._replica.seq:
                # A directory may show an entry whose writer died before it was durable.
                await self._store.settle(entry_key(self._replica.seq))
            entry, data = self._make(draft())
            key = entry_key(entry.seq)
            settled = await append.settle(
                self._store, key, data, clock=self._clock, rules=self._rules
            )
            match settled:
                case append.Mine():
                    return await self._validated(entry)
                case append.Taken():
                    continue
                case append.InDoubt(reason=reason):
                    return Lost(reason)
                case append.GivenUp():
                    return Lost("the store did not answer")

    async def _validated(self, entry: Entry) -> Won | Lost:
        if self._rules.validate_after_fence:
            invalid = await self._insisting(lambda: self._why_invalid(entry))
            if invalid:
                return Lost(invalid)
        if self._replica.seq == entry.seq - 1:
            await self._replica.apply(entry)
        if self._replica.hash != entry.hash:
            return Lost("another entry follows the fence already")
        return Won(entry)

    async def _why_invalid(self, entry: Entry) -> str:
        newer = await snapshot.find_newest(self._store, entry.seq - 1, self._rules)
        if newer is not None:
            return f"the slot was collected: {newer} is above it"
        if await self._store.get(entry_key(entry.seq + 1)) is not None:
            return "another entry follows the fence already"
        if any(map(is_entry_key, await self._store.list(JOURNAL, after=entry_key(entry.seq)))):
            return "another entry follows the fence already"
        return ""

    async def _insisting(self, ask: Callable[[], Awaitable[str]]) -> str:
        """Ask until the store answers: the fence stands, so nothing else can be done about it."""
        while True:
            try:
                return await ask()
            except StoreError:
                await self._clock.sleep(_PAUSE_S)

    def _make(self, payload: Fence) -> tuple[Entry, bytes]:
        body = encode_payload(payload)
        header = Header(
            format=FORMAT,
            plane=self._replica.plane,
            seq=self._replica.seq + 1,
            epoch=self._replica.epoch + 1,
            node=self._node,
            nonce=new_id(self._randomness, 16),
            wall_ms=self._clock.wall_ms(),
            prev=self._replica.hash,
            size=len(body),
        )
        data, digest = seal(header, body)
        return Entry(header, payload, digest, len(data)), data
