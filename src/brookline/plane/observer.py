"""The observer: reads everybody's heartbeats, follows the line, gathers evidence of deaths."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import BrooklineError
from brookline.journal.keys import NODE, node_key
from brookline.plane.peers import NotSent, Probe
from brookline.plane.states import NodeState
from brookline.plane.vacancy import Gone, Situation
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from brookline.plane.core import Core
    from brookline.plane.heart import Beat

log = logging.getLogger("brookline.plane")

GUESS_BAN_S = 600.0
"""How long a node makes no further guess after one that proved wrong."""

_SILENT_POLLS = 4
"""A line says its tail at least once a poll; one that is silent for so many is given up."""

_LATE_POLLS = 2
"""A master on this machine that has not beaten for so many polls is looked for by its lock."""

_decoder = msgspec.json.Decoder(Heartbeat)


class Observer:
    """What one node sees of the others."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gone: dict[str, Gone] = {}
        self._fence = ("", 0)
        self._fence_since = 0.0
        self._hints = 0
        self._hinting = asyncio.Lock()
        self._last_beat: float | None = None
        self.no_guess_until = 0.0

    async def look(self) -> None:
        """Read all heartbeats.

        Raises:
            StoreError: If the store does not answer.
        """
        store, clock = self._core.parts.store, self._core.parts.clock
        began = clock.monotonic()
        found = {key[len(NODE) :]: await self._read(key) for key in await store.list(NODE)}
        self._core.watch.see(found, began=began, now=clock.monotonic(), wall_ms=clock.wall_ms())

    async def has_beaten(self, instance: str, counter: int) -> bool:
        """Tell whether an instance has beaten since its counter was so, or may have.

        Raises:
            StoreError: If the store does not answer.
        """
        now = await self._read(node_key(instance))
        return now is None or now.counter > counter

    async def _read(self, key: str) -> Heartbeat | None:
        data = await self._core.parts.store.get(key)
        try:
            return _decoder.decode(data or b"")
        except msgspec.DecodeError:
            log.debug("heartbeat cannot be read", extra={"fields": {"key": key}})
            return None

    def own_beat(self, beat: Beat) -> None:
        """Begin all silences anew if this node's own beats failed or were far apart."""
        now = self._core.parts.clock.monotonic()
        if not beat.confirmed or now > self._can_write_until():
            self.restart()
        if beat.confirmed:
            self._last_beat = now

    def _can_write_until(self) -> float:
        """Return until when own beats are not far apart, even if the next one has not ended."""
        settings = self._core.parts.settings
        if self._last_beat is None:
            return math.inf
        # The time-out may be as short as three polls, and beats are never less than one apart.
        return self._last_beat + max(settings.timeout_s / 3, 2 * settings.poll_s)

    def restart(self) -> None:
        """Begin all silences anew."""
        now = self._core.parts.clock.monotonic()
        self._core.watch.restart(now)
        self._core.contact.restart(now)
        self._fence_since = now

    def situation(self) -> Situation:
        """Return what is known of who leads."""
        parts = self._core.parts
        standing, now = parts.replica.standing, parts.clock.monotonic()
        if (standing.owner, standing.fence) != self._fence:
            self._fence, self._fence_since = (standing.owner, standing.fence), now
        # While an own beat hangs, who is silent may hang on the same store.
        looked = min(self._core.watch.looked, self._can_write_until())
        return Situation(
            epoch=parts.replica.epoch, standing=standing,
            owner=self._core.watch.find(standing.owner), watched_since=self._fence_since,
            gone=self._evidence(standing.owner, now), looked=looked, now=now,
            timeout_s=parts.settings.timeout_s,
        )  # fmt: skip

    def master(self) -> Heartbeat | None:
        """Return the heartbeat of the fence's owner, or None if it was never seen."""
        sighting = self._core.watch.find(self._core.parts.replica.standing.owner)
        return sighting.heartbeat if sighting else None

    async def follow(self) -> None:
        """Listen to the master on the line, as long as this node does not lead; until cancelled."""
        while True:
            master = self._to_follow()
            self._core.contact.turn_to(master.instance if master else "")
            if master is None or not await self._listen(master):
                await self._core.parts.clock.sleep(self._core.parts.settings.poll_s / 4)

    async def hint(self, tail: int = 0) -> None:
        """Look at the journal now, as a line or a nudge said.

        Args:
            tail: The last entry, if the hint says so.
        """
        if self._hints > 1:
            return  # one looks, and another will after it: that is soon enough for all
        self._hints += 1
        try:
            async with self._hinting:
                await self._follow_hint(tail)
        finally:
            self._hints -= 1

    async def _follow_hint(self, tail: int) -> None:
        core = self._core
        if core.leadership is not None:
            return
        before = core.parts.replica.standing
        try:
            await core.parts.reader.glance(tail)
        except BrooklineError as error:
            log.debug("hint not followed", extra={"fields": {"why": error.message}})
            return
        core.current_at = core.parts.clock.monotonic()
        after = core.parts.replica.standing
        if after.owner != before.owner or after.resigned != before.resigned:
            core.look_now()
        if after.active != before.active:
            core.look_now()
            core.door.wake()

    def tell_all(self, first: str = "") -> None:
        """Nudge all other nodes, one of them first; nobody waits for that."""
        core = self._core
        nodes = [s.heartbeat for s in core.watch if s.heartbeat.instance != core.me]
        nodes.sort(key=lambda heartbeat: heartbeat.instance != first)
        for heartbeat in nodes:
            if heartbeat.address and heartbeat.state != NodeState.TERMINATED.value:
                core.crew.spawn(core.parts.peers.nudge(heartbeat), "nudge")

    async def claim_own_home(self) -> None:
        """Find out whether this node's former process is gone: this one holds its home's lock.

        It is proved if the lock is of this boot. Else the home may have moved here, or be a copy,
        and the former process must not answer at its address.
        """
        core = self._core
        former = core.watch.find(core.parts.identity.former)
        if former is None or former.heartbeat.home_path != core.parts.identity.home_path:
            return
        proved = former.heartbeat.boot == core.parts.identity.boot
        if not proved and await core.parts.peers.probe(former.heartbeat) is Probe.SAME:
            return
        evidence = "this node holds the lock of that process's home"
        now = core.parts.clock.monotonic()
        self._gone[former.heartbeat.instance] = Gone(evidence, proved, own_home=True, at=now)

    async def prove_silence(self) -> None:
        """Find out whether a master that is silent has died; see `prove_death`.

        This needs no line, which may not have stood yet when the master died.
        """
        core, master = self._core, self.master()
        sighting = core.watch.find(master.instance) if master else None
        late = _LATE_POLLS * core.parts.settings.poll_s
        if sighting is not None and core.parts.clock.monotonic() - sighting.since >= late:
            await self.prove_death("no heartbeat, and its home's lock is free")

    async def prove_death(self, evidence: str = "its home's lock is free") -> None:
        """Find out whether the master ran on this machine and has died, by its home's lock.

        Args:
            evidence: What to say if it has.
        """
        core, master = self._core, self.master()
        if master is None or master.instance == core.me or not core.parts.settings.fast_failover:
            return
        known = self._gone.get(master.instance)
        here = bool(master.boot) and master.boot == core.parts.identity.boot
        if not here or (known is not None and known.proved):
            return
        if await core.parts.peers.proved_dead(master):
            now = core.parts.clock.monotonic()
            self._gone[master.instance] = Gone(evidence, proved=True, own_home=False, at=now)

    def _to_follow(self) -> Heartbeat | None:
        core = self._core
        standing = core.parts.replica.standing
        if core.leadership is not None or core.leaving or standing.resigned or not standing.active:
            return None
        master = self.master()
        usable = master is not None and master.address and master.instance != core.me
        return master if usable else None

    async def _listen(self, master: Heartbeat) -> bool:
        """Follow one line until it ends; tell whether it ever stood."""
        core, stood = self._core, False
        try:
            async with contextlib.aclosing(core.parts.peers.line(master)) as line:
                while (tail := await self._next(line)) is not None:
                    stood = True
                    core.contact.reached()
                    if tail > core.parts.replica.seq:
                        await self.hint(tail)
                    else:
                        core.current_at = core.parts.clock.monotonic()
                    if self._to_follow() is None:
                        return True
        except NotSent:
            core.contact.missed(core.parts.clock.monotonic())
            return False
        except TimeoutError:
            core.contact.missed(core.parts.clock.monotonic())
            return stood  # a line that is silent is no evidence of anything
        if stood:
            try:
                await self._investigate(master)
            except BrooklineError as error:
                log.info("no evidence", extra={"fields": {"why": error.message}})
        return stood

    async def _next(self, line: AsyncGenerator[int, None]) -> int | None:
        """Return the next word on the line, or None if it broke.

        Raises:
            TimeoutError: If the master has not said anything for some polls.
        """
        async with asyncio.timeout(_SILENT_POLLS * self._core.parts.settings.poll_s):
            return await anext(line, None)

    async def _investigate(self, master: Heartbeat) -> None:
        """The line to the master broke: find out whether its process is known to be gone."""
        core = self._core
        await self.hint()
        standing = core.parts.replica.standing
        if standing.owner != master.instance or standing.resigned:
            return
        if not core.parts.settings.fast_failover:
            return
        found = await core.parts.peers.probe(master)
        if found not in (Probe.REFUSED, Probe.LATER):
            return
        proved = await core.parts.peers.proved_dead(master)
        words = {
            Probe.REFUSED: "the line broke and its address refuses connections",
            Probe.LATER: "the line broke and a later process answers at its address",
        }
        evidence = words[found] + ("; its home's lock is free" if proved else "")
        # Its last heartbeat may be newer than this node's last look: it is no sign of life now.
        await self.look()
        now = core.parts.clock.monotonic()
        self._gone[master.instance] = Gone(evidence, proved, own_home=False, at=now)
        core.look_now()

    def is_gone(self, instance: str) -> bool:
        """Tell whether a process is proved to be gone."""
        gone = self._gone.get(instance)
        return gone is not None and gone.proved

    def _evidence(self, owner: str, now: float) -> Gone | None:
        """Return what is known of the owner's death, unless it has been seen alive since."""
        gone = self._gone.get(owner)
        if gone is None or not self._core.parts.settings.fast_failover:
            return None
        sighting = self._core.watch.find(owner)
        alive_since = sighting is not None and sighting.risen > gone.at
        if not gone.proved and (alive_since or now < self.no_guess_until):
            return None
        return gone
