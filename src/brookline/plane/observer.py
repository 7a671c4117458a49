"""The observer: reads everybody's heartbeats, follows the line, gathers evidence of deaths."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import msgspec

from brookline.errors import BrooklineError
from brookline.journal.keys import NODE
from brookline.plane.peers import NotSent, Probe
from brookline.plane.vacancy import Gone, Situation
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from brookline.plane.core import Core
    from brookline.plane.heart import Beat

log = logging.getLogger("brookline.plane")

GUESS_BAN_S = 600.0
"""How long a node makes no further guess after one that proved wrong."""

_decoder = msgspec.json.Decoder(Heartbeat)


class Observer:
    """What one node sees of the others."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._gone: dict[str, Gone] = {}
        self._owner = ""
        self._owner_since = 0.0
        self._last_beat: float | None = None
        self.no_guess_until = 0.0

    async def look(self) -> None:
        """Read all heartbeats.

        Raises:
            StoreError: If the store does not answer.
        """
        store, clock = self._core.parts.store, self._core.parts.clock
        heartbeats: list[Heartbeat] = []
        for key in await store.list(NODE):
            data = await store.get(key)
            try:
                heartbeats.append(_decoder.decode(data or b""))
            except msgspec.DecodeError:
                log.debug("heartbeat cannot be read", extra={"fields": {"key": key}})
        self._core.watch.see(heartbeats, clock.monotonic(), clock.wall_ms())

    def own_beat(self, beat: Beat) -> None:
        """Begin all silences anew if this node's own beats failed or were far apart."""
        clock, settings = self._core.parts.clock, self._core.parts.settings
        now = clock.monotonic()
        late = self._last_beat is not None and now - self._last_beat > settings.timeout_s / 3
        if not beat.confirmed or late:
            self.restart()
        if beat.confirmed:
            self._last_beat = now

    def restart(self) -> None:
        """Begin all silences anew."""
        self._core.watch.restart(self._core.parts.clock.monotonic())
        self._owner_since = self._core.parts.clock.monotonic()

    def situation(self) -> Situation:
        """Return what is known of who leads."""
        parts = self._core.parts
        standing, now = parts.replica.standing, parts.clock.monotonic()
        if standing.owner != self._owner:
            self._owner, self._owner_since = standing.owner, now
        return Situation(
            epoch=parts.replica.epoch, standing=standing,
            owner=self._core.watch.find(standing.owner), watched_since=self._owner_since,
            gone=self._evidence(standing.owner, now), now=now, timeout_s=parts.settings.timeout_s,
        )  # fmt: skip

    def master(self) -> Heartbeat | None:
        """Return the heartbeat of the fence's owner, or None if it was never seen."""
        sighting = self._core.watch.find(self._core.parts.replica.standing.owner)
        return sighting.heartbeat if sighting else None

    async def follow(self) -> None:
        """Listen to the master on the line, as long as this node does not lead; until cancelled."""
        while True:
            master = self._to_follow()
            if master is None or not await self._listen(master):
                await self._core.parts.clock.sleep(self._core.parts.settings.poll_s / 4)

    async def hint(self) -> None:
        """Look at the journal now, as a line or a nudge said."""
        core = self._core
        if core.leadership is not None:
            return
        before = core.parts.replica.standing
        try:
            await core.parts.reader.glance()
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

    def claim_own_home(self, proved: bool) -> None:
        """Note that this node's former process is gone: this process holds its home's lock."""
        former = self._core.parts.identity.former
        if former:
            now = self._core.parts.clock.monotonic()
            evidence = "this node holds the lock of that process's home"
            self._gone[former] = Gone(evidence, proved, own_home=True, at=now)

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
            async for tail in core.parts.peers.line(master):
                stood = True
                if tail > core.parts.replica.seq:
                    await self.hint()
                else:
                    core.current_at = core.parts.clock.monotonic()
                if core.leadership is not None or core.leaving:
                    return True
        except NotSent:
            return False
        if stood:
            try:
                await self._investigate(master)
            except BrooklineError as error:
                log.info("no evidence", extra={"fields": {"why": error.message}})
        return stood

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

    def _evidence(self, owner: str, now: float) -> Gone | None:
        """Return what is known of the owner's death, unless it has been seen alive since."""
        gone = self._gone.get(owner)
        if gone is None or not self._core.parts.settings.fast_failover:
            return None
        sighting = self._core.watch.find(owner)
        alive_since = sighting is not None and sighting.rises and sighting.since > gone.at
        if not gone.proved and (alive_since or now < self.no_guess_until):
            return None
        return gone
