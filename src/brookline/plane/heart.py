"""The heart: says each poll that this node lives, and looks whether it was fenced.

It is a coroutine on a thread, loop and store connection of its own, so that it goes on during a
long replay; in simulation it runs on the one loop. It proves progress: it stays silent when the
main loop has not ticked, or when an append has been undecided for the whole time-out, because then
whoever can create should take over.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from typing import TYPE_CHECKING, Protocol

import msgspec

from brookline.errors import BrooklineError
from brookline.journal.entry import open_entry
from brookline.journal.keys import entry_key, node_key
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.rules import Rules
    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

_encoder = msgspec.json.Encoder()


@dataclasses.dataclass(frozen=True, slots=True)
class Beat:
    """What came of one heartbeat.

    Attributes:
        sent: The heartbeat as it was written, or None if the heart stayed silent.
        confirmed: Written, and for a master: no fence was found behind its tail.
        fenced_by: Epoch of another's entry behind the tail, or 0.
        started: Boot time before anything was sent.
        trouble: Why it could not be confirmed, as far as the store said; or empty.
    """

    sent: Heartbeat | None
    confirmed: bool
    fenced_by: int
    started: float
    trouble: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """What a heart asks its node, and tells it, from whatever thread it runs on.

    Attributes:
        content: Makes the heartbeat, but for its counter.
        lively: Whether the main loop has ticked lately and no append is stuck.
        report: Told of each beat.
    """

    content: Callable[[], Heartbeat]
    lively: Callable[[], bool]
    report: Callable[[Beat], None]


class Pulse(Protocol):
    """A heart as the node sees it, wherever it runs."""

    async def start(self, signs: Signs) -> None:
        """Begin to beat once a poll."""
        ...

    async def beat(self) -> Beat:
        """Send a heartbeat now."""
        ...

    async def stop(self) -> None:
        """Cease to beat."""
        ...


class Heart:
    """Beats for one instance.

    Args:
        store: A connection of its own.
        clock: Times the beats.
        signs: What to say, and whom to tell.
        poll_s: Seconds between beats.
        rules: Protective rules.
    """

    def __init__(
        self, store: Store, clock: Clock, signs: Signs, *, poll_s: float, rules: Rules
    ) -> None:
        self._store = store
        self._clock = clock
        self._signs = signs
        self._poll_s = poll_s
        self._rules = rules
        self._counter = 0
        self._lock = asyncio.Lock()
        self._told = ""

    async def run(self) -> None:
        """Beat once a poll until cancelled."""
        while True:
            begun = self._clock.monotonic()
            await self.beat()
            spent = self._clock.monotonic() - begun
            await self._clock.sleep(max(self._poll_s - spent, self._poll_s / 10))

    async def beat(self) -> Beat:
        """Send one heartbeat, unless there is a reason to stay silent, and confirm it."""
        async with self._lock:
            beat = await self._beat()
        self._signs.report(beat)
        return beat

    async def _beat(self) -> Beat:
        started = self._clock.boottime()
        if not self._signs.lively():
            return Beat(None, confirmed=False, fenced_by=0, started=started)
        self._counter += 1
        heartbeat = msgspec.structs.replace(self._signs.content(), counter=self._counter)
        try:
            await self._store.put(node_key(heartbeat.instance), _encoder.encode(heartbeat))
            fenced_by = await self._look_behind(heartbeat)
        except BrooklineError as error:
            self._tell(error.message)
            return Beat(
                heartbeat, confirmed=False, fenced_by=0, started=started, trouble=error.message
            )
        self._tell("")
        return Beat(heartbeat, confirmed=not fenced_by, fenced_by=fenced_by, started=started)

    def _tell(self, trouble: str) -> None:
        """Log why heartbeats are not confirmed, once for each reason, and when they are again."""
        if trouble and trouble != self._told:
            log.warning("heartbeat not confirmed", extra={"fields": {"why": trouble}})
        elif self._told and not trouble:
            log.info("heartbeat confirmed again")
        self._told = trouble

    async def _look_behind(self, heartbeat: Heartbeat) -> int:
        """Return the epoch of the first entry of another behind the tail, or 0.

        The master's own entries, appended since, are passed over.
        """
        if not heartbeat.epoch or heartbeat.stopped or not self._rules.confirm_heartbeats:
            return 0
        seq = heartbeat.tail + 1
        while (data := await self._store.get(entry_key(seq))) is not None:
            header = open_entry(data, entry_key(seq)).header
            if header.epoch != heartbeat.epoch:
                return header.epoch
            seq += 1
        return 0


class LocalPulse:
    """A heart on the node's own loop, for simulations.

    Args:
        store: Where it beats.
        clock: Times the beats.
        poll_s: Seconds between beats.
        rules: Protective rules.
    """

    def __init__(self, store: Store, clock: Clock, *, poll_s: float, rules: Rules) -> None:
        self._store = store
        self._clock = clock
        self._poll_s = poll_s
        self._rules = rules
        self._heart: Heart | None = None
        self._crew = Crew("heart")

    async def start(self, signs: Signs) -> None:
        """Begin to beat once a poll."""
        self._heart = Heart(self._store, self._clock, signs, poll_s=self._poll_s, rules=self._rules)
        self._crew.spawn(self._heart.run(), "beats")

    async def beat(self) -> Beat:
        """Send a heartbeat now."""
        assert self._heart is not None
        return await self._heart.beat()

    async def stop(self) -> None:
        """Cease to beat."""
        await self._crew.disband()
