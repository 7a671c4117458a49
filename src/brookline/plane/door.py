"""The door: a client's write is carried out here, forwarded to the master, or held for it.

While nobody leads, writes wait up to `writeWait`; then they are answered 503 with the outcome
`not-done`. What was sent to a master that never answered is `unknown`, and is not sent again. So a
failover is a slow answer for most clients, not an error.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

from brookline.errors import Outcome, Unavailable
from brookline.plane.peers import Lost, Misdirected, NotSent, Reply, Request

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.journal.rules import Rules
    from brookline.plane.peers import Peers
    from brookline.plane.settings import PlaneSettings
    from brookline.values.clock import Clock
    from brookline.wire.heartbeats import Heartbeat

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
"""Before a master is tried again that refused; doubled each time, for thousands may be held. Who
leads is told at once anyway."""

_LAST_WORD_S = 2.5
"""How long the answer of a master is waited for that has been replaced: it may be on its way.

Longer than an attempt to connect takes at most: at a machine that is dead nothing was sent, which
shows then, and the write is not lost but goes to the successor."""


@dataclasses.dataclass(frozen=True, slots=True)
class Here:
    """This node leads and takes writes."""

    epoch: int


@dataclasses.dataclass(frozen=True, slots=True)
class There:
    """Another node leads and takes writes."""

    master: Heartbeat
    epoch: int


class Door:
    """Where clients' writes come in, and other doors' forwards.

    Args:
        peers: Carries forwards.
        clock: Times the waiting.
        settings: How long and how much is held.
        rules: Protective rules.
        target: Who leads now, `Here` or `There`; None while nobody is known to.
    """

    def __init__(
        self,
        peers: Peers,
        clock: Clock,
        *,
        settings: PlaneSettings,
        rules: Rules,
        target: Callable[[], Here | There | None],
    ) -> None:
        self.execute: Callable[[Request], Awaitable[Reply]] = _nothing_here
        self._peers = peers
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._target = target
        self._changed = asyncio.Event()
        self._held = 0
        self._held_bytes = 0
        self._asked: dict[asyncio.Timeout, There] = {}
        self._closed = False

    def wake(self) -> None:
        """Have those that are held look again: who leads may have changed."""
        self._changed.set()
        self._changed = asyncio.Event()
        target = self._target()
        for limit, there in self._asked.items():
            if limit.when() is None and _is_replaced(there, target):
                limit.reschedule(asyncio.get_running_loop().time() + _LAST_WORD_S)

    def close(self) -> None:
        """Hold nothing any more: this node ends, and knows nobody who could do it."""
        self._closed = True
        self.wake()

    async def submit(self, request: Request) -> Reply:
        """Have a client's write carried out, by whoever leads.

        Raises:
            Unavailable: Nobody led for `writeWait`, or too much is held (`not-done`); or the answer
                of the one that was asked did not come (`unknown`).
        """
        deadline = self._clock.monotonic() + self._settings.write_wait_s
        pause = _FIRST_PAUSE_S
        while True:
            reply = await self._try(request)
            if reply is not None:
                return reply
            changed = await self._hold(request, deadline, pause)
            pause = _FIRST_PAUSE_S if changed else min(2 * pause, _LONGEST_PAUSE_S)

    async def accept(self, request: Request, instance_epoch: int) -> Reply:
        """Carry out a write that another door forwarded to this instance under that epoch.

        Raises:
            Misdirected: This node does not lead under it, and did nothing.
            Unavailable: It began, and how it ended is unknown.
        """
        match self._target():
            case Here(epoch=epoch) if epoch == instance_epoch:
                try:
                    return await self.execute(request)
                except Unavailable as error:
                    if error.outcome is Outcome.NOT_DONE:
                        raise Misdirected from error
                    raise
            case _:
                raise Misdirected

    async def _try(self, request: Request) -> Reply | None:
        """Return the answer, or None if it was certainly not done and must wait."""
        match self._target():
            case Here():
                return await self._here(request)
            case There() as there:
                return await self._there(there, request)
            case None:
                return None

    async def _here(self, request: Request) -> Reply | None:
        try:
            return await self.execute(request)
        except Unavailable as error:
            if error.outcome is Outcome.NOT_DONE:
                return None
            raise

    async def _there(self, there: There, request: Request) -> Reply | None:
        """Ask another node; one that is replaced meanwhile has little time left to answer."""
        limit = asyncio.timeout(None)
        try:
            async with limit:
                self._asked[limit] = there
                return await self._peers.forward(there.master, there.epoch, request)
        except (NotSent, Misdirected):
            return None
        except (Lost, TimeoutError) as lost:
            outcome = Outcome.UNKNOWN if self._rules.not_done_only_when_unsent else Outcome.NOT_DONE
            name = there.master.name
            raise Unavailable(
                f"the master {name} was asked and has not answered; it may have been done", outcome
            ) from lost
        finally:
            self._asked.pop(limit, None)

    async def _hold(self, request: Request, deadline: float, pause: float) -> bool:
        """Wait until who leads may have changed; tell whether that was said, or only time passed.

        Raises:
            Unavailable: If the time is over, or too much waits already.
        """
        left = deadline - self._clock.monotonic()
        if left <= 0 or self._closed:
            raise Unavailable("no master within the time that writes are held", Outcome.NOT_DONE)
        size = self._held_bytes + len(request.body)
        if self._held >= self._settings.hold_max or size > self._settings.hold_max_bytes:
            raise Unavailable("no master, and too many writes are held already", Outcome.NOT_DONE)
        changed = self._changed
        self._held += 1
        self._held_bytes += len(request.body)
        try:
            # A known master that refused is tried again soon; else only a change helps.
            wait = pause if self._target() is not None else left
            async with asyncio.timeout(min(wait, left)):
                await changed.wait()
        except TimeoutError:
            return False
        else:
            return True
        finally:
            self._held -= 1
            self._held_bytes -= len(request.body)


def _is_replaced(asked: There, target: Here | There | None) -> bool:
    """Tell whether somebody else is known to lead; while nobody is, the one asked may yet answer."""
    match target:
        case Here():
            return True
        case There(master=master):
            return master.instance != asked.master.instance
        case None:
            return False


async def _nothing_here(request: Request) -> Reply:
    raise Unavailable(f"this node carries out no requests ({request.path})", Outcome.NOT_DONE)
