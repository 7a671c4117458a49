"""A network in memory between the hosts of a simulation: connections, hints, and all their faults.

It is as TCP is: a kernel accepts connections for a process that is stopped, and keeps what comes for
it; it refuses when no process listens; it closes what a process that dies had open. What is sent
while a way is cut arrives when the cut is mended, which may be minutes later.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING, Any

from brookline.testing.connection import Broken, End, Refused
from brookline.testing.host import Host, Run, current_host

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from brookline.testing.loop import SimLoop
    from brookline.values.ids import Randomness


@dataclasses.dataclass(slots=True, kw_only=True)
class NetworkOdds:
    """How often things go wrong, as probabilities from 0 to 1, and how long they take at most.

    Attributes:
        latency_s: Longest time that a message travels as a rule.
        slow: A message travels much longer.
        slow_s: How long then, at most.
        reset: A connection breaks when something is sent on it.
        refused: A connection is refused although somebody listens.
        hint_lost: A hint never arrives.
        hint_again: A hint arrives a second time.
        hint_late_s: How long a hint travels, at most.
    """

    latency_s: float = 0.001
    slow: float = 0.0
    slow_s: float = 5.0
    reset: float = 0.0
    refused: float = 0.0
    hint_lost: float = 0.0
    hint_again: float = 0.0
    hint_late_s: float = 0.001


class Listener:
    """Where a host accepts connections.

    Attributes:
        host: Whose it is.
        address: Where others reach it.
        before_read: Called in the host's name before anything is read that others sent; may `close_all`.
    """

    def __init__(
        self,
        network: Network,
        address: str,
        serve: Callable[[End], Awaitable[None]],
        on_hint: Callable[[Any], None],
    ) -> None:
        host = current_host()
        assert host is not None, "only a host listens"
        self.host = host
        self.address = address
        self.before_read: Callable[[], None] = lambda: None
        self._network = network
        self._serve = serve
        self._on_hint = on_hint
        self._ends: dict[End, None] = {}
        self._serving: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """Accept no more; connections stay."""
        self._network.unlisten(self)

    def close_all(self) -> None:
        """Close all connections, those that wait to be accepted too, without reading from any."""
        for end in list(self._ends):
            end.close()

    def connect(self, end: End) -> None:
        """Accept a connection, as the kernel does; the host serves it when it runs."""
        self._ends[end] = None
        self.host.call(self._begin, end)

    def hint(self, message: Any) -> None:
        """Deliver a hint."""
        self.host.call(self._hear, message)

    def forget(self, end: End) -> None:
        """Have one connection less."""
        self._ends.pop(end, None)

    def _hear(self, message: Any) -> None:
        self.before_read()
        self._on_hint(message)

    def _begin(self, end: End) -> None:
        self.before_read()
        if not end.closed:
            task = asyncio.get_running_loop().create_task(self._attend(end), name=self.address)
            self._serving.add(task)
            task.add_done_callback(self._serving.discard)

    async def _attend(self, end: End) -> None:
        try:
            await self._serve(end)
        except Broken:
            return
        finally:
            end.close()


class Network:
    """All connections.

    Args:
        loop: Whose time it runs on.
        randomness: Decides faults.
        odds: How often which; may be exchanged at any time.
    """

    def __init__(
        self, loop: SimLoop, randomness: Randomness, odds: NetworkOdds | None = None
    ) -> None:
        self.odds = odds or NetworkOdds()
        self.lies: set[tuple[str, str]] = set()
        self._loop = loop
        self._randomness = randomness
        self._listeners: dict[str, Listener] = {}
        self._cuts: set[tuple[str, str]] = set()
        self._trying: list[asyncio.Future[None]] = []
        self._ends: dict[End, None] = {}
        self._watched: set[str] = set()
        self._silent: set[str] = set()

    # --- what hosts do ---------------------------------------------------------------------

    def listen(
        self,
        address: str,
        serve: Callable[[End], Awaitable[None]],
        on_hint: Callable[[Any], None] = lambda _: None,
    ) -> Listener:
        """Accept connections at an address, for the host that calls.

        Raises:
            OSError: If somebody listens there already.
        """
        if address in self._listeners:
            raise OSError(f"address in use: {address}")
        listener = Listener(self, address, serve, on_hint)
        self._listeners[address] = listener
        self._silent.discard(address)
        self._watch(listener.host)
        self._try_again()
        return listener

    async def connect(self, address: str) -> End:
        """Return a connection; waits for ever while the way is cut.

        Raises:
            Refused: If nobody listens there, or if it only seems so.
        """
        source = current_host()
        self._watch(source)
        await self._travel()
        while not self._reachable(source, address):
            await self._waiting()
        listener = self._listeners.get(address)
        way = (_name(source), _name(listener.host if listener else None))
        if listener is None or way in self.lies or self._happens(self.odds.refused):
            raise Refused(address)
        near, far = End(self, source, None), End(self, listener.host, listener)
        near.peer, far.peer = far, near
        self._ends[near] = self._ends[far] = None
        listener.connect(far)
        return near

    def hint(self, address: str, message: Any) -> None:
        """Say something once, and never learn whether it was heard."""
        source, copies = current_host(), 1 + self._happens(self.odds.hint_again)
        for _ in range(copies):
            if self._happens(self.odds.hint_lost):
                continue
            delay = self._up_to(self.odds.hint_late_s)
            self.later(delay, lambda: self._drop_in(source, address, message))

    # --- what a schedule does ----------------------------------------------------------------

    def cut(self, source: Host, target: Host) -> None:
        """Let nothing through from one host to another; the other direction stays as it is."""
        self._cuts.add((source.name, target.name))

    def mend(self) -> None:
        """End all cuts and lies; what was held arrives now."""
        self._cuts.clear()
        self.lies.clear()
        for end in list(self._ends):
            end.release()
        self._try_again()

    def break_connections(self, host: Host) -> None:
        """Reset every connection of a host."""
        for end in [end for end in self._ends if end.host is host]:
            end.reset()

    def forge(self, address: str, message: Any) -> None:
        """Deliver a hint that nobody sent."""
        self._drop_in(None, address, message)

    # --- for the parts of the network ----------------------------------------------------------

    def now(self) -> float:
        """Return true time."""
        return self._loop.true_time()

    def later(self, delay_s: float, callback: Callable[[], None]) -> None:
        """Call back in the name of nobody, so that no host's fate matters."""
        self._loop.call_truly_later(delay_s, callback)

    def latency(self) -> float:
        """Return how long the next message travels."""
        if self._happens(self.odds.slow):
            return self._up_to(self.odds.slow_s)
        return self._up_to(self.odds.latency_s)

    def is_cut(self, source: Host | None, target: Host | None) -> bool:
        """Tell whether nothing gets from one host to another now."""
        return bool(self._cuts) and (_name(source), _name(target)) in self._cuts

    def resets(self) -> bool:
        """Decide whether a connection breaks now."""
        return self._happens(self.odds.reset)

    def forget(self, end: End) -> None:
        """Have one end less."""
        self._ends.pop(end, None)
        if end.listener is not None:
            end.listener.forget(end)

    def unlisten(self, listener: Listener) -> None:
        """Have one listener less."""
        if self._listeners.get(listener.address) is listener:
            del self._listeners[listener.address]

    # --- inner -----------------------------------------------------------------------------

    def _reachable(self, source: Host | None, address: str) -> bool:
        if address in self._silent:
            return False
        listener = self._listeners.get(address)
        if listener is None:
            return True
        there = listener.host
        if there.run in {Run.ASLEEP, Run.FROZEN}:
            return False
        return not self.is_cut(source, there) and not self.is_cut(there, source)

    def _drop_in(self, source: Host | None, address: str, message: Any) -> None:
        listener = self._listeners.get(address)
        if listener is not None and not self.is_cut(source, listener.host):
            listener.hint(message)

    async def _travel(self) -> None:
        arrived = self._loop.create_future()

        def arrive() -> None:
            if not arrived.done():
                arrived.set_result(None)

        self.later(self.latency(), arrive)
        await arrived

    async def _waiting(self) -> None:
        future = self._loop.create_future()
        self._trying.append(future)
        await future

    def _try_again(self) -> None:
        """Let those go on that try to connect: something has changed."""
        trying, self._trying = self._trying, []
        for future in trying:
            if not future.done():
                future.set_result(None)

    def _watch(self, host: Host | None) -> None:
        if host is not None and host.name not in self._watched:
            self._watched.add(host.name)
            host.on_change.append(self._changed)

    def _changed(self, host: Host) -> None:
        if host.run is not Run.DEAD:
            self._try_again()
            return
        self._watched.discard(host.name)
        for listener in [one for one in self._listeners.values() if one.host is host]:
            self.unlisten(listener)
            if host.silent:
                self._silent.add(listener.address)
        for end in [end for end in self._ends if end.host is host]:
            if host.silent:
                end.vanish()
            else:
                end.close()

    def _happens(self, probability: float) -> bool:
        return probability > 0.0 and self._randomness.random() < probability

    def _up_to(self, longest: float) -> float:
        return longest * self._randomness.random()


def _name(host: Host | None) -> str:
    return host.name if host is not None else ""
