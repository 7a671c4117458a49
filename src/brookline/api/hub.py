"""The hub: takes in what a node applies and sees, and has its clients told.

It never makes whoever applies the log wait: that only puts facts into the ring. One task looks at
what is new and wakes the clients, each of which has its own place in the ring. That task rests in
proportion to what its round has cost, so that however many clients there are, most of the loop's
time is left to the plane.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from brookline.api import progress
from brookline.api.channel import Channel
from brookline.api.event_client import EventClient, reset
from brookline.api.event_frames import EventId, frame, framed
from brookline.api.greeting import find_place, hello
from brookline.api.plane_events import PlaneSight, living
from brookline.api.ring import Ring, Told
from brookline.errors import Outcome, Unavailable
from brookline.management.herald import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from brookline.api.event_filter import Filter
    from brookline.api.ports import Ports
    from brookline.api.wireform import Stamp
    from brookline.management.herald import Fact

log = logging.getLogger("brookline.events")

_TICK_S = 0.1
_PROGRESS_S = 0.5
_LEAST_REST_S = 0.005
_MOST_REST_S = 0.1
_REST = 3
"""How many times as long as a round took the hub rests after it."""


class Hub:
    """All clients of one node.

    Args:
        ports: What the API asks.
        stamp: Headers of every answer.

    Attributes:
        ring: What was told lately.
        sight: The plane.
        clock: Time.
        pulses: How often the ages of the nodes were told.
        pulse: That event.
        beats: How often it was told that this node lives.
        patience_s: How long a client may take nothing at all.
        farewell_s: How long a node that leaves waits for such a client.
    """

    def __init__(self, ports: Ports, stamp: Stamp) -> None:
        self.clock = ports.clock
        self.ring: Ring[Fact] = Ring(ports.settings.events_kept)
        self.sight = PlaneSight(ports)
        self.pulses = self.beats = 0
        self.pulse = b""
        self.patience_s, self.farewell_s = 30.0, 1.0
        self.running = progress.Running(ports.management)
        self._ports = ports
        self._stamp = stamp
        self._readable = False
        self._clients: dict[EventClient, None] = {}
        self._channels: dict[Filter, Channel] = {}
        self._new: list[Told[Fact]] = []
        self._due = asyncio.Event()
        self._new_master = False
        self._next_s = {"plane": 0.0, "pulse": 0.0, "progress": 0.0, "beat": 0.0}
        self._beat_data: tuple[int | None, int, bytes] = (None, 0, b"")
        self._runs = False
        ports.herald.listeners.append(self)

    # What a client asks of it.

    @property
    def seq(self) -> int | None:
        """The last entry of which all has been told here, or None on a node without a copy."""
        return self._ports.node.replica.seq if self._readable else None

    def plane(self) -> str:
        """Return the id of the plane."""
        return self._ports.node.plane_id

    def headers(self) -> list[tuple[bytes, bytes]]:
        """Return the headers that every answer has."""
        return self._stamp.raw()

    def beat(self, seq: int | None) -> bytes:
        """Return the event that says that this node lives, for a client that has all up to `seq`."""
        if self._beat_data[:2] != (seq, self.beats):
            body = {
                "seq": self._ports.node.replica.seq,
                "epoch": self._ports.node.epoch,
                "at": self.clock.wall_ms(),
            }
            place = None if seq is None else EventId(seq, self.plane())
            self._beat_data = (seq, self.beats, frame("beat", body, place))
        return self._beat_data[2]

    def open(self, wanted: Filter, last_id: str, user: str) -> EventClient:
        """Return a client that is to be served; it goes on after `last_id`, if that is possible.

        Raises:
            Unavailable: If this node leaves, or has too many.
        """
        most = self._ports.settings.events_clients
        if self._ports.control.shutting_down:
            raise Unavailable("this node is leaving; ask another", Outcome.NOT_DONE)
        if len(self._clients) >= most:
            raise Unavailable(f"this node has {most} event streams already", Outcome.NOT_DONE)
        channel = self._channels.get(wanted)
        if channel is None:
            channel = Channel(wanted, self.ring, self.plane)
        place = find_place(self, self._ports.node, last_id)
        greeting = hello(self, self._ports, place, user)
        if place.reason:
            greeting += reset(self, channel, place.reason, place.cursor)
        return EventClient(
            self, channel, cursor=place.cursor, greeting=greeting, resumes=place.resumes
        )

    def enter(self, client: EventClient) -> None:
        """Tell a client from now on."""
        self._clients[client] = None
        channel = client.channel
        self._channels.setdefault(channel.wanted, channel)
        channel.members += 1
        if channel.wanted.of_plane:
            self.sight.look()
        if not self._runs:
            self._runs = True
            self._ports.crew.spawn(self._run(), "events")

    def leave(self, client: EventClient) -> None:
        """Tell a client nothing any more."""
        self._clients.pop(client, None)
        client.channel.members -= 1
        if not client.channel.members:
            self._channels.pop(client.channel.wanted, None)

    # What it is told.

    def told(self, facts: Sequence[Fact], seq: int) -> None:
        """Take in what an entry has changed."""
        self.ring.push(seq, facts)
        if not facts:
            return
        self.running.follow(facts)
        if self._clients:
            self._new.append(Told(seq, facts))
            self._new_master |= any(fact.subject is Subject.MASTERSHIP for fact in facts)
            self._due.set()

    def anew(self, seq: int) -> None:
        """Take in that all is shown anew."""
        self._readable = True
        self._restart("rebuilt", seq)

    def nothing(self) -> None:
        """Take in that nothing is shown any more."""
        self._readable = False
        self._restart("not-readable", 0)

    def _restart(self, reason: str, seq: int) -> None:
        self.ring.reset(seq)
        self.running.begin()
        self._new.clear()
        for channel in self._channels.values():
            channel.forget()
        for client in self._clients:
            client.restart(reason, seq)

    # What it does.

    async def _run(self) -> None:
        try:
            while self._clients:
                await self._wait()
                began = self.clock.monotonic()
                self._round(began)
                await self.clock.sleep(0)  # the clients write meanwhile
                rest_s = _REST * (self.clock.monotonic() - began)
                await self.clock.sleep(min(max(rest_s, _LEAST_REST_S), _MOST_REST_S))
        finally:
            self._runs = False
            for client in list(self._clients):  # after a fault of ours: they had better come anew
                client.end("cut", {"reason": "fault", "retryMs": 1000})

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(_TICK_S):
                await self._due.wait()
        except TimeoutError:
            pass
        self._due.clear()

    def _round(self, now: float) -> None:
        if self._ports.control.shutting_down:
            self._say_leaving(now)
            return
        self._wake_for_changes()
        self._see_plane(now)
        if self._is_due("progress", now, _PROGRESS_S):
            self._tell_progress()
        if self._is_due("beat", now, self._ports.settings.events_beat_s):
            self._beat(now)

    def _wake_for_changes(self) -> None:
        new, self._new = self._new, []
        if not new:
            return
        for channel in self._channels.values():
            channel.due = any(channel.wants(*told) for told in new)
        for client in self._clients:
            if client.channel.due:
                client.wake.set()

    def _see_plane(self, now: float) -> None:
        if not any(channel.wanted.of_plane for channel in self._channels.values()):
            return
        if not (self._is_due("plane", now, _TICK_S) or self._new_master):
            return
        self._new_master = False
        changed = self.sight.look()
        if self._is_due("pulse", now, self._ports.settings.poll_s):
            self.pulse = framed("pulse", self.sight.pulse())
            self.pulses += 1
            changed = True
        if changed:
            self._wake(lambda wanted: wanted.of_plane)

    def _tell_progress(self) -> None:
        asking = [channel for channel in self._channels.values() if channel.wanted.of_tasks]
        if not asking:
            return
        known = self.running.known()
        for channel in asking:
            channel.due = channel.tell_progress(known)
        for client in self._clients:
            if client.channel.wanted.of_tasks and client.channel.due:
                client.wake.set()

    def _beat(self, now: float) -> None:
        self.beats += 1
        for client in list(self._clients):
            reason = client.standing()
            if reason:
                client.end("cut", {"reason": reason, "retryMs": 0})
            elif client.since is not None and now - client.since > self.patience_s:
                log.info("event stream cut", extra={"fields": {"why": "the client takes nothing"}})
                client.abort()
            client.wake.set()

    def _say_leaving(self, now: float) -> None:
        body = {"reason": "shutdown", "nodes": living(self._ports)}
        for client in list(self._clients):
            client.end("leaving", body)
            if client.since is not None and now - client.since > self.farewell_s:
                client.abort()

    def _wake(self, concerns: Any) -> None:
        for client in self._clients:
            if concerns(client.channel.wanted):
                client.wake.set()

    def _is_due(self, what: str, now: float, every_s: float) -> bool:
        if now < self._next_s[what]:
            return False
        self._next_s[what] = now + every_s
        return True
