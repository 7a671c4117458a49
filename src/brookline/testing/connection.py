"""A connection of the simulated network: two ends that send each other messages, in order."""

from __future__ import annotations

import asyncio
import collections
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from brookline.testing.host import Host
    from brookline.testing.network import Listener, Network


class NetworkError(Exception):
    """A connection could not be used."""


class Refused(NetworkError):
    """Nobody listens at that address (ECONNREFUSED)."""


class Broken(NetworkError):
    """The connection was reset or closed by the other side; what was sent may have arrived."""


class End:
    """One end of a connection. Only its own host uses it.

    Attributes:
        host: Whose end it is; None for the simulation itself.
        listener: Where it was accepted; None at the end that connected.
        closed: Whether nothing more goes through.
    """

    def __init__(self, network: Network, host: Host | None, listener: Listener | None) -> None:
        self.host = host
        self.listener = listener
        self.closed = False
        self.peer: End = self
        self._network = network
        self._inbox: collections.deque[Any] = collections.deque()
        self._held: list[tuple[bool, Any]] = []
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._last_arrival = 0.0

    @property
    def hung_up(self) -> bool:
        """Whether the connection has ended, as far as this end has found out."""
        return self.closed or self._ended

    def send(self, message: Any) -> None:
        """Send a message; it takes its time, and does not arrive while the way is cut.

        Raises:
            Broken: If this end is known to be closed.
        """
        if self.closed:
            raise Broken
        self._post(message, last=False)
        if self._network.resets():
            # Before or after the message has arrived: nobody can tell.
            self._network.later(self._network.latency(), self.reset)

    async def receive(self) -> Any:
        """Return the next message.

        Raises:
            Broken: If the connection ended before there was one.
        """
        while not self._inbox:
            if self.closed or self._ended:
                self.closed = True
                raise Broken
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        if self.listener is not None:
            # A node that stood still must be able to close before it reads.
            self.listener.before_read()
            if self.closed:
                raise Broken
        return self._inbox.popleft()

    def close(self) -> None:
        """End the connection; what was sent before still arrives, what came is not read."""
        if not self.closed:
            self._forget()
            self._post(None, last=True)

    def reset(self) -> None:
        """End the connection on both sides at once; what is on its way is lost."""
        self._forget()
        self.peer.break_off()

    def vanish(self) -> None:
        """Cease to exist, as with a machine that lost power: the other side hears nothing."""
        self._forget()

    def break_off(self) -> None:
        """Let this end find out that the connection is no more."""
        self._ended = True
        self._held.clear()
        self._wake()

    def arrive(self, message: Any, *, last: bool) -> None:
        """Take what comes from the other side; called by the network."""
        if self.closed or self._ended:
            return
        if self._network.is_cut(self.peer.host, self.host):
            self._held.append((last, message))
            return
        if last:
            self.break_off()
        else:
            self._inbox.append(message)
            self._wake()

    def release(self) -> None:
        """Take what was held while the way was cut: TCP sends again until it gets through."""
        held, self._held = self._held, []
        for last, message in held:
            self.arrive(message, last=last)

    def _post(self, message: Any, *, last: bool) -> None:
        now = self._network.now()
        self._last_arrival = max(self._last_arrival, now + self._network.latency())
        peer = self.peer
        self._network.later(self._last_arrival - now, lambda: peer.arrive(message, last=last))

    def _forget(self) -> None:
        self.closed = True
        self._inbox.clear()
        self._held.clear()
        self._network.forget(self)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
