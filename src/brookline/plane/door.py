"""The door: a client's write is carried out here, forwarded to the master, or held for it.

While nobody leads, writes wait up to `writeWait`; then they are answered 503 with the outcome
`not-done`. What was begun by a master that did not live to answer is held too, and sent once more,
to a later mastership: there it is answered if it was done, joined if it is under way, else done. So
a failover is a slow answer for clients, not an error.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import Fenced, Outcome, Unavailable
from brookline.plane.peers import Lost, Misdirected, NotSent, Reply, Request
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from brookline.journal.rules import Rules
    from brookline.plane.memory import Memory
    from brookline.plane.peers import Peers
    from brookline.plane.settings import PlaneSettings
    from brookline.values.clock import Clock

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.02, 0.5
"""Before a master is tried again that refused; doubled each time, for thousands may be held. Who
leads is told at once anyway."""

_LAST_WORD_S = 2.5
"""How long the answer of a master is waited for that has been replaced: it may be on its way.

Longer than an attempt to connect takes at most: at a machine that is dead nothing was sent, which
shows then, and the write is not lost but goes to the successor."""


class Here(msgspec.Struct, frozen=True):
    """This node leads and takes writes."""

    epoch: int


class There(msgspec.Struct, frozen=True):
    """Another node leads and takes writes."""

    master: Heartbeat
    epoch: int


class InDoubt(Exception):
    """A mastership ended, or was lost sight of, that had begun the request.

    Attributes:
        epoch: Which.
        error: What the client is told if no later one can answer.
    """

    def __init__(self, epoch: int, error: Unavailable) -> None:
        super().__init__(error.message)
        self.epoch = epoch
        self.error = error


class Door:
    """Where clients' writes come in, and other doors' forwards.

    Args:
        peers: Carries forwards.
        clock: Times the waiting.
        settings: How long and how much is held.
        rules: Protective rules.
        target: Who leads now, `Here` or `There`; None while nobody is known to.
        led: The epoch in which this node leads, also while its lease has lapsed; else 0.
        trouble: Why this node cannot lead, or not say that it lives, or empty.

    Attributes:
        execute: Carries out a write here.
        memory: What is known of requests that were made before.
    """

    def __init__(
        self,
        peers: Peers,
        clock: Clock,
        *,
        settings: PlaneSettings,
        rules: Rules,
        memory: Memory,
        target: Callable[[], Here | There | None],
        led: Callable[[], int],
        trouble: Callable[[], str] = str,
    ) -> None:
        self.execute: Callable[[Request], Awaitable[Reply]] = _nothing_here
        self.memory = memory
        self._peers = peers
        self._clock = clock
        self._settings = settings
        self._rules = rules
        self._target = target
        self._led = led
        self._trouble = trouble
        self._changed = asyncio.Event()
        self._held = 0
        self._held_bytes = 0
        self._asked: dict[asyncio.Timeout, There] = {}
        self._stays: dict[asyncio.Timeout, int] = {}
        self._age = 0
        self._closed = False

    def wake(self) -> None:
        """Have those that are held look again: who leads may have changed."""
        self._changed.set()
        self._changed = asyncio.Event()
        target, now = self._target(), asyncio.get_running_loop().time()
        for limit, there in self._asked.items():
            if limit.when() is None and _is_replaced(there, target):
                limit.reschedule(now + _LAST_WORD_S)
        for limit, epoch in self._stays.items():
            if limit.when() is None and self._led() != epoch:
                limit.reschedule(now)

    def close(self) -> None:
        """Hold nothing any more: this node ends, and knows nobody who could do it."""
        self._closed = True
        self.wake()

    def stand_still(self) -> None:
        """Repeat nothing that came before: this node stood still, and its clients have gone."""
        self._age += 1

    async def submit(self, request: Request, is_wanted: Callable[[], bool] = lambda: True) -> Reply:
        """Have a client's write carried out, by whoever leads.

        Args:
            request: The write.
            is_wanted: Whether its client still waits for the answer.

        Raises:
            Unavailable: Nobody led for `writeWait`, or too much is held (`not-done`); or one began
                it, and neither that one nor a later one has answered (`unknown`).
        """
        came, age = self._clock.boottime(), self._age
        try:
            return await self._brought(request, came, above=0)
        except InDoubt as doubt:
            wanted = age == self._age and is_wanted()
            if not wanted or not self._may_repeat(request, came):
                raise doubt.error from doubt
            first = doubt
        try:
            return await self._brought(request, self._clock.boottime(), above=first.epoch)
        except InDoubt as second:
            raise second.error from second
        except Unavailable as error:
            if error.outcome is Outcome.NOT_DONE:
                raise first.error from first  # not by a later one; by the first, perhaps
            raise

    async def accept(self, request: Request, instance_epoch: int) -> Reply:
        """Carry out a write that another door forwarded to this instance under that epoch.

        Raises:
            Misdirected: This node does not lead under it, and did nothing.
            Lost: It began, and leads no more: a later mastership knows how it ended.
            Unavailable: It began, and how it ended is unknown.
        """
        match self._target():
            case Here(epoch=epoch) if epoch == instance_epoch:
                try:
                    return await self._carried_out(epoch, request)
                except InDoubt as doubt:
                    raise Lost(doubt.error.message) from doubt
                except Unavailable as error:
                    if error.outcome is Outcome.NOT_DONE:
                        raise Misdirected from error
                    raise
            case _:
                raise Misdirected

    @contextlib.asynccontextmanager
    async def while_leading(self) -> AsyncIterator[None]:
        """Break off what waits in the block once this mastership has ended.

        Raises:
            Unavailable: It has; what was waited for goes on with the next one (`unknown`).
        """
        epoch, limit = self._led(), asyncio.timeout(None)
        if not epoch:
            raise _deposed()
        try:
            async with limit:
                self._stays[limit] = epoch
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise _deposed() from None
        finally:
            self._stays.pop(limit, None)

    def _may_repeat(self, request: Request, came: float) -> bool:
        """Tell whether it is surely remembered by whoever leads next, if it was done."""
        life_s = self._settings.id_life_s(given=False)
        return request.repeatable and (request.waits or self._clock.boottime() - came < life_s / 2)

    async def _brought(self, request: Request, came: float, above: int) -> Reply:
        """Bring a write to a mastership that can answer, within `writeWait`.

        Args:
            request: The write.
            came: Boot time from which its waiting counts.
            above: An epoch whose master may have done it: only a later one is asked; 0 for any.

        Raises:
            InDoubt: It was begun by one that does not answer any more.
            Unavailable: Nobody led in time, or whoever led has not done it, or may not have.
        """
        deadline, pause = came + self._settings.write_wait_s, _FIRST_PAUSE_S
        while True:
            reply = await self._try(request, above)
            if reply is not None:
                return reply
            changed = await self._hold(request, deadline, pause)
            if above and self._clock.boottime() >= deadline:
                # This node stood still perhaps. What is repeated late may have been forgotten.
                raise _nobody(self._trouble())
            pause = _FIRST_PAUSE_S if changed else min(2 * pause, _LONGEST_PAUSE_S)

    async def _try(self, request: Request, above: int) -> Reply | None:
        """Return the answer, or None if it was certainly not done and must wait.

        Args:
            request: The write.
            above: An epoch whose master may have done it: only a later one may be asked.

        Raises:
            InDoubt: It was begun; how it ended will be known to a later mastership.
        """
        match self._target():
            case Here(epoch=epoch) if epoch > above:
                try:
                    return await self._carried_out(epoch, request)
                except Unavailable as error:
                    if error.outcome is Outcome.NOT_DONE:
                        return None
                    raise
            case There(epoch=epoch) as there if epoch > above:
                return await self._there(there, request)
            case _:
                return None

    async def _carried_out(self, epoch: int, request: Request) -> Reply:
        try:
            return await self.execute(request)
        except Unavailable as error:
            over = isinstance(error, Fenced) or self._led() != epoch
            if over and error.outcome is not Outcome.NOT_DONE:
                raise InDoubt(epoch, error) from error
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
            error = Unavailable(
                f"the master {name} was asked and has not answered; it may have been done", outcome
            )
            raise InDoubt(there.epoch, error) from lost
        finally:
            self._asked.pop(limit, None)

    async def _hold(self, request: Request, deadline: float, pause: float) -> bool:
        """Wait until who leads may have changed; tell whether that was said, or only time passed.

        Raises:
            Unavailable: If the time is over, or too much waits already.
        """
        left = deadline - self._clock.boottime()
        if left <= 0 or self._closed:
            raise _nobody(self._trouble())
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


def _nobody(trouble: str) -> Unavailable:
    """Refuse what was held; what hinders this node hinders the others often, too."""
    why = f"; this node says: {trouble}" if trouble else ""
    return Unavailable(f"no master within the time that writes are held{why}", Outcome.NOT_DONE)


def _deposed() -> Unavailable:
    return Unavailable(
        "this node leads no more; what was begun goes on with the next master", Outcome.UNKNOWN
    )


async def _nothing_here(request: Request) -> Reply:
    raise Unavailable(f"this node carries out no requests ({request.path})", Outcome.NOT_DONE)
