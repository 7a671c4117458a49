"""The asynchronous client: the same courses, driven beside what else its loop does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self, TypeVar

from brookline.client.course import Course, Patience
from brookline.client.exchange import Answer, Pause
from brookline.client.problems import check
from brookline.client.session import Session
from brookline.client.transport import HttpTransport
from brookline.values.clock import Clock, SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from brookline.client.calls import Call
    from brookline.client.exchange import Request, Result
    from brookline.client.nodes import Nodes
    from brookline.client.transport import Transport

T = TypeVar("T")


class AsyncClient:
    """A plane, through any of its nodes. For use by any number of tasks of one loop.

    It repeats writes as `brookline.client.client.Client` does. Connections are used in threads, one
    request at a time each; there are as many as there were requests at the same time.
    """

    def __init__(
        self,
        urls: Iterable[str],
        *,
        user: str = "",
        password: str = "",
        patience: Patience | None = None,
        new_transport: Callable[[], Transport] = HttpTransport,
        clock: Clock | None = None,
    ) -> None:
        """Know the plane by some of its addresses; nothing is asked yet.

        Args:
            urls: Addresses of nodes, best of all of them, such as ``http://127.0.0.1:8081``.
            user: For Basic authentication; empty for none.
            password: Of the user.
            patience: How long to go on trying while nobody can do it.
            new_transport: Makes a way to nodes, if not HTTP with the machine's certificates.
            clock: The clock, if not the machine's.
        """
        self._session = Session(urls, user=user, password=password)
        self._patience = patience or Patience()
        self._new_transport = new_transport
        self._clock: Clock = clock or SystemClock()
        self._idle: list[Transport] = []

    @property
    def nodes(self) -> Nodes:
        """What is known of the plane's nodes."""
        return self._session.nodes

    async def do(self, call: Call[T], *, timeout_s: float | None = None) -> T:
        """Make a call of `brookline.client.calls` and return its result.

        Args:
            call: What to do.
            timeout_s: How long one node may take to answer, if not as usual.

        Raises:
            BrooklineError: What the server says, or `Unavailable` if none could be asked.
        """
        request = call.request_within(timeout_s)
        return call.decode(check(request, await self.ask(request)))

    async def ask(self, request: Request) -> Answer:
        """Bring a request to an answer, whatever its status.

        Raises:
            Unavailable: If no node could be asked, or it is not known what became of a write.
        """
        course = Course(
            request, self.nodes, now=self._clock.monotonic, patience=self._patience
        ).steps()
        result: Result | None = None
        while True:
            try:
                step = course.send(result)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            if isinstance(step, Pause):
                await self._clock.sleep(step.seconds)
                result = None
            else:
                result = await self._send(step.url, step.request, step.timeout_s)

    async def close(self) -> None:
        """Give back all connections."""
        while self._idle:
            self._idle.pop().close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def _send(self, url: str, request: Request, timeout_s: float) -> Result:
        headers = self._session.headers(request)
        transport = self._idle.pop() if self._idle else self._new_transport()
        result = await asyncio.to_thread(
            transport.exchange, url, request, headers=headers, timeout_s=timeout_s
        )
        # One whose task is cancelled meanwhile is left to its thread, and never used again.
        self._idle.append(transport)
        if isinstance(result, Answer):
            self._session.seen(result)
        return result
