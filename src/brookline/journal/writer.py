"""The writer of one mastership: exactly one append in flight, group commit, the one way in.

A change is *decided* when its batch is sealed: on the committed records, plus the append in
flight, plus what was decided before it in the batch. Then it is appended, applied to the replica
by the same code as on a standby, and only then answered. Should the append in flight fail, so does
the mastership, and nobody is told of a decision that was built on it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from brookline.errors import Fenced, NotMaster, Outcome, Unavailable
from brookline.journal import append
from brookline.journal.queue import Committed, Decision, Queue, Waiting
from brookline.journal.sealing import MOST_ITEMS, Sealed, Sealer
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.records import View
    from brookline.journal.replica import Replica
    from brookline.journal.rules import Rules
    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness
    from brookline.wire.entries import Payload

_HURRY_S = 0.01
"""How long a simulation that breaks the rule *one append in flight* waits before the next."""

_GATHERING = 4
"""Turns of the event loop in which an answer gets to its client, and the next request here."""


class Writer:
    """Appends on behalf of one epoch, until somebody else's entry is found in its way.

    Args:
        store: Where the log lies.
        replica: At this epoch's fence; the writer moves it on.
        node: Instance id that signs the entries.
        clock: For pauses and ages.
        randomness: For nonces.
        rules: Protective rules.
        wait_s: How long a caller waits for an answer.
        most_items: Requests in one batch.
    """

    def __init__(
        self,
        store: Store,
        replica: Replica,
        *,
        node: str,
        clock: Clock,
        randomness: Randomness,
        rules: Rules,
        wait_s: float,
        most_items: int = MOST_ITEMS,
    ) -> None:
        self.epoch = replica.epoch
        self.last_commit = clock.monotonic()
        self.on_commit: Callable[[], None] = lambda: None
        self._store = store
        self._replica = replica
        self._clock = clock
        self._rules = rules
        self._wait_s = wait_s
        self._most_items = most_items
        self._queue = Queue()
        self._sealer = Sealer(
            replica,
            node=node,
            clock=clock,
            randomness=randomness,
            rules=rules,
            most_items=most_items,
        )
        self._flying: list[Sealed] = []
        self._sealed: Sealed | None = None
        self._wake = asyncio.Event()
        self._closed = False
        self._flights = Crew("appends")

    @property
    def undecided_since(self) -> float | None:
        """Monotonic time since which the append in flight waits for its answer, or None."""
        # The heart's thread asks, too, while an append may land.
        return next((sealed.since for sealed in self._flying[:1]), None)

    async def commit(
        self, decide: Callable[[View], Decision], *, request: str = "", user: str = ""
    ) -> Committed:
        """Change records; return once the change is durable and applied.

        Args:
            decide: Decides the change on the records as they will be; pure and quick.
            request: Id of the request, which goes into the entry.
            user: Who asks, which goes into the entry.

        Raises:
            BrooklineError: What `decide` refuses with; nothing was changed.
            NotMaster: Taken out before anything was sent; its outcome is `not-done`.
            Fenced: The mastership ended while it was on its way; `unknown`.
            Unavailable: No answer in time; the outcome says whether it was sent.
        """
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        now = self._clock.monotonic()
        self._enqueue(Waiting(future, now, decide=decide, request=request, user=user))
        return await future

    async def append(self, payload: Payload) -> Committed:
        """Write an entry of its own behind all that waits; raises as `commit`."""
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._enqueue(Waiting(future, self._clock.monotonic(), payload=payload))
        return await future

    async def append_last(self, payload: Payload) -> Committed:
        """Write the last entry of this epoch, behind all that waits now; raises as `commit`.

        Whatever comes later is refused as not done, whether this is written in the end or not.
        """
        future: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._enqueue(Waiting(future, self._clock.monotonic(), payload=payload))
        self._closed = True
        self._queue.shut("this node is about to leave the mastership")
        return await future

    def close(self, reason: str) -> None:
        """Take nothing more, and refuse what waits unsent; `run` returns when nothing is in flight."""
        self._closed = True
        self._queue.close(reason)
        self._wake.set()

    def expire(self) -> None:
        """Answer those who have waited too long; called now and then."""
        before = self._clock.monotonic() - self._wait_s
        trouble = "".join(f": {sealed.trouble}" for sealed in self._flying[:1] if sealed.trouble)
        why = f"the store has not answered in time{trouble}"
        self._queue.expire(before, why)
        for sealed in (*self._flying, *filter(None, [self._sealed])):
            sealed.expire(before, why, self._rules)

    async def run(self) -> None:
        """Write until the mastership ends; return when `close` was called and nothing is in flight.

        Raises:
            Fenced: Another epoch was found; stop leading at once.
            Unavailable: It stopped in doubt; nothing more is appended under this epoch.
        """
        try:
            while True:
                sealed = self._sealed or self._sealer.seal(self._queue, None)
                self._sealed = None
                if sealed is not None:
                    await self._send(sealed)
                    await self._gather(sealed)
                elif len(self._queue):
                    continue
                elif self._closed:
                    return
                else:
                    self._wake.clear()
                    await self._wake.wait()
        finally:
            self._end()
            await self._flights.disband()

    def _enqueue(self, waiting: Waiting) -> None:
        self._queue.add(waiting)
        self._wake.set()
        if self._flying and self._sealed is None and len(self._queue) >= self._most_items:
            # The next batch is full: seal it while the one before is on its way.
            self._sealed = self._sealer.seal(self._queue, self._flying[-1])

    async def _gather(self, answered: Sealed) -> None:
        """Let callers who were just answered come again before the next batch is sealed.

        Else many that ask again at once fall into two halves that take turns, and there are twice
        as many appends. One that is alone is not kept waiting.
        """
        if len(answered.callers) > 1 and self._sealed is None:
            for _ in range(_GATHERING):
                await self._clock.sleep(0)

    async def _send(self, sealed: Sealed) -> None:
        sealed.since = self._clock.monotonic()
        self._flying.append(sealed)
        if self._rules.one_append_in_flight:
            await self._fly(sealed)
            return
        self._flights.spawn(self._fly(sealed), sealed.key)
        await self._clock.sleep(_HURRY_S)

    async def _fly(self, sealed: Sealed) -> None:
        """Have `sealed` in the log, applied, and its callers answered."""
        if sealed.blob:
            await self._settle(sealed, sealed.entry.header.blob, sealed.blob)
        if await self._settle(sealed, sealed.key, sealed.data):
            if sealed.entry.seq == self._replica.seq + 1:
                await self._replica.apply(sealed.entry)
                sealed.view.rebase(self._replica.records)
            self.last_commit = self._clock.monotonic()
            self._flying.remove(sealed)
            sealed.answer()
            self.on_commit()

    async def _settle(self, sealed: Sealed, key: str, data: bytes) -> bool:
        """Have a key of what is on its way hold these bytes, durably.

        Returns:
            True; False only when a simulation gives up what is undecided.

        Raises:
            Fenced: The key holds something else.
            Unavailable: In doubt.
        """
        settled = await append.settle(
            self._store, key, data, clock=self._clock, rules=self._rules,
            on_undecided=sealed.stumble,
        )  # fmt: skip
        match settled:
            case append.Mine():
                return True
            case append.Taken():
                raise Fenced(f"{key} is another's: epoch {self.epoch} has ended", self.epoch)
            case append.InDoubt(reason=reason):
                raise Unavailable(f"stopped in doubt: {reason}", Outcome.UNKNOWN)
            case append.GivenUp():
                self._give_up()
                return False

    def _give_up(self) -> None:
        sealed = self._flying.pop()
        self._sealer.take_back(sealed)
        for waiting, _ in sealed.callers:
            waiting.refuse(NotMaster("the store did not answer"))

    def _end(self) -> None:
        self._closed = True
        for sealed in self._flying:
            sealed.abandon(self._rules)
        if self._sealed is not None:
            # Sealed behind a failed append, and never sent; but decided, so not promised undone.
            self._sealed.abandon(self._rules)
        self._queue.close("this node has ceased to be the master")
