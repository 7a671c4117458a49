"""One client of the stream: where it is in the log, what it is due, and how it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from brookline.api.bodies import until_gone
from brookline.api.event_frames import EventId, frame, framed
from brookline.api.event_shapes import TOPIC_READS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from brookline.api.answers import Headers
    from brookline.api.bodies import Receive
    from brookline.api.channel import Channel
    from brookline.api.hub import Hub
    from brookline.api.wireform import Send

    Pump = Callable[["EventClient"], Coroutine[Any, Any, None]]

ABORT = "brookline.abort"
"""Extension of the scope: ends the connection at once, whatever is still to be sent on it."""

_HEADERS = (
    (b"content-type", b"text/event-stream"),
    # A proxy that gathers what it passes on would make live events stale ones.
    (b"x-accel-buffering", b"no"),
)


class EventClient:
    """Sends one client what it is due. What it is behind is no queue, but a place in the ring.

    Args:
        hub: Whose it is.
        channel: What it wants to hear.
        cursor: The client has all up to this entry.
        greeting: What it gets first.
        resumes: Whether it gets what it missed.

    Attributes:
        wake: To be set when there is something to send.
        since: When a part was begun to be sent that is not gone yet, on the monotonic clock; or None.
        standing: Tells why the stream is to end, by the client's login; empty if it need not.
        pump: What brings it output of a task, or None.
        cookies: Headers to be sent along.
    """

    __slots__ = (
        "_abort",
        "_beat",
        "_channel",
        "_cursor",
        "_extra",
        "_farewell",
        "_hub",
        "_patient",
        "_plane",
        "_progress",
        "_pulse",
        "cookies",
        "pump",
        "since",
        "standing",
        "wake",
    )  # fmt: skip

    def __init__(
        self, hub: Hub, channel: Channel, *, cursor: int, greeting: bytes, resumes: bool
    ) -> None:
        self.wake = asyncio.Event()
        self.since: float | None = None
        self.standing: Callable[[], str] = _stands
        self.pump: Pump | None = None
        self.cookies: Headers = ()
        self._hub = hub
        self._channel = channel
        self._cursor = cursor
        self._patient = resumes
        self._plane = 0
        self._pulse = hub.pulses
        self._progress = 0
        self._beat = hub.beats
        self._extra: list[bytes] = [greeting]
        self._farewell = b""
        self._abort: Callable[[], None] | None = None

    @property
    def channel(self) -> Channel:
        """What it wants to hear."""
        return self._channel

    @property
    def is_drained(self) -> bool:
        """Whether all that was put to it has been taken."""
        return not self._extra

    @property
    def is_shown_all(self) -> bool:
        """Whether this node shows the plane, and all of it that the client has been told of."""
        seq = self._hub.seq
        return seq is not None and seq >= self._cursor

    def put(self, data: bytes) -> None:
        """Send events that only this client gets."""
        self._extra.append(data)
        self.wake.set()

    def restart(self, reason: str, seq: int) -> None:
        """Tell that what the client has is no basis any more, and go on from an entry."""
        self._cursor, self._patient = seq, False
        self.put(reset(self._hub, self._channel, reason, seq))

    def end(self, event: str, body: Mapping[str, Any]) -> None:
        """Send a last event, and end."""
        if not self._farewell:
            self._farewell = frame(event, body)
            self.wake.set()

    def abort(self) -> None:
        """End at once: the client takes nothing."""
        if self._abort is not None:
            self._abort()

    async def serve(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Send until either end leaves."""
        self._abort = (scope.get("extensions") or {}).get(ABORT)
        cookies = [(name.encode(), value.encode()) for name, value in self.cookies]
        headers = [*_HEADERS, *cookies, *self._hub.headers()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b""})
            return
        works = [self._write(send), until_gone(receive)]
        if self.pump is not None:
            works.append(self.pump(self))
        self._hub.enter(self)
        tasks = [asyncio.ensure_future(work) for work in works]
        try:
            await asyncio.wait(tasks[:2], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        await send({"type": "http.response.body", "body": b""})

    async def _write(self, send: Send) -> None:
        clock = self._hub.clock
        while True:
            self.wake.clear()
            data = self._next()
            if data:
                self.since = clock.monotonic()
                await send({"type": "http.response.body", "body": data, "more_body": True})
                self.since = None
            if self._farewell:
                await self._say_farewell(send)
                return
            await self.wake.wait()

    async def _say_farewell(self, send: Send) -> None:
        body = self._farewell
        await send({"type": "http.response.body", "body": body, "more_body": True})

    def _next(self) -> bytes:
        """Return what is due now."""
        parts, self._extra = self._extra, []
        wanted, hub = self._channel.wanted, self._hub
        if wanted.of_plane:
            if self._plane != hub.sight.version:
                self._plane = hub.sight.version
                parts.append(framed("plane", hub.sight.body))
            if self._pulse != hub.pulses:
                self._pulse = hub.pulses
                parts.append(hub.pulse)
        parts.append(self._changes())
        if self._progress != self._channel.progress:
            self._progress = self._channel.progress
            parts.append(self._channel.progress_data)
        if self._beat != hub.beats:
            self._beat = hub.beats
            parts.append(hub.beat(None if hub.seq is None else self._cursor))
        return b"".join(parts)

    def _changes(self) -> bytes:
        hub = self._hub
        if hub.seq is None:
            return b""
        if not hub.ring.reaches(self._cursor):
            self.end("cut", {"reason": "slow", "retryMs": 1000})
            return b""
        part = self._channel.next(self._cursor, hub.seq, patient=self._patient)
        self._cursor = part.seq
        self._patient = self._patient and part.more
        if part.more:
            self.wake.set()
        return part.data


def reset(hub: Hub, channel: Channel, reason: str, seq: int) -> bytes:
    """Return the event that says that a client has no basis, and what to read."""
    topics = [topic for topic in TOPIC_READS if topic in channel.wanted.topics]
    body = {
        "reason": reason,
        "seq": seq,
        "readable": hub.seq is not None,
        "read": list(dict.fromkeys(path for topic in topics for path in TOPIC_READS[topic])),
    }
    return frame("reset", body, EventId(seq, hub.plane()) if hub.seq is not None else None)


def _stands() -> str:
    return ""
