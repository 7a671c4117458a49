"""The blocking client: drives the course of each request over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from brookline.client.course import Course, Patience
from brookline.client.ear import Ear
from brookline.client.exchange import Answer, Pause
from brookline.client.problems import check
from brookline.client.session import Session
from brookline.client.transport import HttpTransport
from brookline.values.pace import Pace, SystemPace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from brookline.client.calls import Call
    from brookline.client.exchange import Request, Result
    from brookline.client.nodes import Nodes
    from brookline.client.transport import Transport

T = TypeVar("T")

WHILE_S = 1.0
"""For how long a request is in vain before its user is told."""


class Client:
    """A plane, through any of its nodes. For use by one thread at a time.

    Each write has a key, by which servers know it again: one that was sent and not answered is sent
    again, to any node, and answered without being done twice. If that is in vain, too, or its key is
    not remembered, `Unavailable` with outcome ``unknown`` is raised.
    """

    def __init__(
        self,
        urls: Iterable[str],
        *,
        user: str = "",
        password: str = "",
        patience: Patience | None = None,
        transport: Transport | None = None,
        pace: Pace | None = None,
        on_wait: Callable[[str], None] | None = None,
        session: Session | None = None,
    ) -> None:
        """Know the plane by some of its addresses; nothing is asked yet.

        Args:
            urls: Addresses of nodes, best of all of them, such as ``http://127.0.0.1:8081``.
            user: For Basic authentication; empty for none.
            password: Of the user.
            patience: How long to go on trying while nobody can do it.
            transport: The way to nodes, if not HTTP with the machine's certificates.
            pace: The clock, if not the machine's.
            on_wait: Told what is in the way of a request, whenever it has been for a while.
            session: What other clients of this thread know of the plane, and who asks, in place of
                addresses and user: what one of them learns, all know.
        """
        self._session = session or Session(urls, user=user, password=password)
        self._patience = patience or Patience()
        self._transport: Transport = transport or HttpTransport()
        self._pace: Pace = pace or SystemPace()
        self._on_wait = on_wait

    @property
    def nodes(self) -> Nodes:
        """What is known of the plane's nodes."""
        return self._session.nodes

    def do(self, call: Call[T], *, timeout_s: float | None = None) -> T:
        """Make a call of `brookline.client.calls` and return its result.

        Args:
            call: What to do.
            timeout_s: How long one node may take to answer, if not as usual.

        Raises:
            BrooklineError: What the server says, or `Unavailable` if none could be asked.
        """
        request = call.request_within(timeout_s)
        return call.decode(check(request, self.ask(request)))

    def ask(self, request: Request) -> Answer:
        """Bring a request to an answer, whatever its status.

        Raises:
            Unavailable: If no node could be asked, or it is not known what became of a write.
        """
        course = Course(
            request, self.nodes, now=self._pace.monotonic, patience=self._patience
        ).steps()
        result: Result | None = None
        began = self._pace.monotonic()
        while True:
            try:
                step = course.send(result)
            except StopIteration as end:
                answer: Answer = end.value
                return answer
            if isinstance(step, Pause):
                if self._on_wait is not None and self._pace.monotonic() - began >= WHILE_S:
                    self._on_wait(step.why)
                self._pace.sleep(step.seconds)
                result = None
            else:
                result = self._send(step.url, step.request, step.timeout_s)

    def ear(self, query: str, *names: str) -> Ear:
        """Return what hears when events of these names come, of those that a query asks for."""
        return Ear(
            lambda: self.nodes.order(self._pace.monotonic()),
            self._transport.new_connection,
            headers=self._session.login,
            query=query,
            names=names,
        )

    def close(self) -> None:
        """Give back all connections."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def _send(self, url: str, request: Request, timeout_s: float) -> Result:
        headers = self._session.headers(request)
        result = self._transport.exchange(url, request, headers=headers, timeout_s=timeout_s)
        if isinstance(result, Answer):
            self._session.seen(result)
        return result
