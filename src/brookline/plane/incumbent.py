"""The incumbent: how a mastership ends, by being fenced or by handing over; and a master's duties."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, InvalidInput, NotMaster
from brookline.journal.keys import node_key
from brookline.journal.queue import Decision
from brookline.plane.mail import Mailbox
from brookline.plane.observer import GUESS_BAN_S
from brookline.plane.states import NodeState
from brookline.wire.changes import Put
from brookline.wire.entries import Resign

if TYPE_CHECKING:
    from brookline.plane.candidate import Candidate
    from brookline.plane.core import Core
    from brookline.plane.observer import Observer
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

WRONG_GUESS = "wrong-guess"
"""Kind of the records that tell of a master which was replaced while it lived, by epoch."""

_LOOK_S = 0.02
"""Between looks for the successor's `active`; nudges come sooner."""


class Incumbent:
    """Ends masterships of one node, and does the plane's housekeeping while it leads."""

    def __init__(self, core: Core, observer: Observer, candidate: Candidate) -> None:
        self._core = core
        self._observer = observer
        self._candidate = candidate
        self.mailbox = Mailbox(core.parts.store, core.me)
        self._handing_over = asyncio.Lock()
        self._rises_at_start: dict[int, int] = {}
        self._known_bans: set[str] = set()

    # The end.

    async def fenced(self, why: str) -> None:
        """Cease to lead at once: somebody else does, or nothing more can be appended."""
        core, leadership = self._core, self._core.leadership
        if leadership is None:
            return
        log.warning("leads no more", extra={"fields": {"epoch": leadership.epoch, "why": why}})
        core.serving = False
        core.leadership = None
        core.stopped_at = core.parts.clock.monotonic()
        core.line.close()
        await leadership.end(why)
        await core.tenant.deactivate()
        self._observer.restart()
        await core.rest()
        core.look_now()

    async def hand_over(self, to: str = "", *, reason: str, leave: bool) -> str:
        """Resign in favour of another node, and wait until it is active.

        Intake stops first and is held; running work is never waited for; `resign` is the last entry.

        Args:
            to: Instance that should follow, or empty for the first in line.
            reason: For the history.
            leave: Whether to resign although there is no other candidate.

        Returns:
            The instance that became active, or empty.

        Raises:
            NotMaster: If this node does not lead (any more).
            InvalidInput: If there is no other candidate, and `leave` is false.
        """
        async with self._handing_over:
            core, leadership = self._core, self._core.leadership
            if leadership is None or not core.serving:
                raise NotMaster
            heir = to or await self._first_in_line()
            if not heir and not leave:
                raise InvalidInput("there is no other node that could lead")
            core.serving = False
            core.door.wake()
            await core.tenant.deactivate()
            await leadership.flush()
            await leadership.append(Resign(to=heir, reason=reason))
            epoch = leadership.epoch
            core.leadership = None
            core.resigned_epoch, core.resigned_at = epoch, core.parts.clock.monotonic()
            await leadership.end("this node has handed over")
            await self._tell_all(heir)
            log.info("resigned", extra={"fields": {"epoch": epoch, "to": heir or "anybody"}})
            if not core.leaving:
                await core.rest()
            successor = await self._see_successor(epoch) if heir else ""
            core.line.close()
            core.look_now()
            return successor

    async def _first_in_line(self) -> str:
        """Return the other instance that would lead next, or empty."""
        try:
            await self._observer.look()
        except BrooklineError:
            log.info("the line of succession may be out of date")
        others = self.next_in_line()
        return others[0] if others else ""

    async def _tell_all(self, heir: str) -> None:
        """Nudge everybody, the heir first."""
        core = self._core
        nodes = [s.heartbeat for s in core.watch if s.heartbeat.instance != core.me]
        nodes.sort(key=lambda heartbeat: heartbeat.instance != heir)
        core.line.say()
        for heartbeat in nodes:
            if heartbeat.address and heartbeat.state != NodeState.TERMINATED.value:
                await core.parts.peers.nudge(heartbeat)

    async def _see_successor(self, epoch: int) -> str:
        """Read on until another node is active; at most `writeWait`."""
        core = self._core
        deadline = core.parts.clock.monotonic() + core.parts.settings.write_wait_s
        while core.parts.clock.monotonic() < deadline:
            await self._observer.hint()
            standing = core.parts.replica.standing
            if core.parts.replica.epoch > epoch and standing.active:
                await self._learn_address(standing.owner)
                core.door.wake()
                return standing.owner
            await core.parts.clock.sleep(_LOOK_S)
        return ""

    async def _learn_address(self, instance: str) -> None:
        if self._core.watch.find(instance) is None:
            try:
                await self._observer.look()
            except BrooklineError:
                log.debug("the successor's address is not known yet")

    # Duties while leading.

    async def duties(self) -> None:
        """Read mail, notice wrong guesses, mind the lease, forget nodes that are long gone.

        Raises:
            StoreError: If the store does not answer.
        """
        await self._mind_lease()
        await self._read_mail()
        await self._notice_wrong_guess()
        await self._forget_old_nodes()

    async def clear(self, instance: str | None) -> None:
        """Forget one node, or all that do not lead; those that live come back by themselves.

        Raises:
            NotMaster: If this node does not lead.
        """
        core = self._core
        if core.leadership is None:
            raise NotMaster
        for sighting in core.watch:
            found = sighting.heartbeat
            if found.instance != core.me and instance in (None, found.instance, found.name):
                await core.parts.store.delete(node_key(found.instance))
        await self._observer.look()

    async def _mind_lease(self) -> None:
        """Act only while the lease holds; go on when it is renewed."""
        core, leadership = self._core, self._core.leadership
        if leadership is None or not core.serving:
            return
        holds = core.holds_lease()
        if leadership.acting and not holds and core.parts.rules.lease_stops_side_effects:
            log.warning("lease lapsed", extra={"fields": {"epoch": leadership.epoch}})
            leadership.acting = False
            await core.tenant.deactivate()
        elif not leadership.acting and holds:
            log.info("lease renewed", extra={"fields": {"epoch": leadership.epoch}})
            leadership.acting = True
            core.door.wake()
            await core.tenant.activate(leadership.epoch)

    async def _read_mail(self) -> None:
        core = self._core
        for letter in await self.mailbox.collect():
            leadership = core.leadership
            if leadership is None or letter.epoch != leadership.epoch:
                log.info("letter is out of date", extra={"fields": {"from": letter.sender}})
                continue
            who = f" by {letter.user}" if letter.user else ""
            await self.hand_over(letter.sender, reason=f"asked for{who}", leave=False)

    async def _notice_wrong_guess(self) -> None:
        """Journal that the one who was replaced on a guess lives under its old epoch."""
        core, leadership = self._core, self._core.leadership
        standing = core.parts.replica.standing
        if leadership is None or not core.serving or not standing.guess or not standing.replaced:
            return
        here = str(leadership.epoch)
        if core.parts.replica.records.get(WRONG_GUESS, here) is not None:
            return
        sighting = core.watch.find(standing.replaced)
        if sighting is None or not _lives_in(sighting.heartbeat, standing.replaced_epoch):
            return
        # Its last heartbeat before its end may be seen late: only a second rise proves life.
        seen = self._rises_at_start.setdefault(leadership.epoch, sighting.rises)
        if sighting.rises < seen + 2:
            return
        told = Put(WRONG_GUESS, here, {"node": core.me, "replaced": standing.replaced})
        await leadership.commit(lambda _: Decision([told]))

    async def _forget_old_nodes(self) -> None:
        core = self._core
        now = core.parts.clock.monotonic()
        for sighting in core.watch:
            other = sighting.heartbeat.instance
            if other != core.me and now - sighting.since >= core.parts.settings.forget_s:
                await core.parts.store.delete(node_key(other))

    def note_ban(self) -> None:
        """Make no guess for ten minutes after one of this node's proved wrong."""
        core = self._core
        records = core.parts.replica.records
        for epoch in list(records.ids(WRONG_GUESS)):
            told = records.get(WRONG_GUESS, epoch) or {}
            if told.get("node") == core.me and epoch not in self._known_bans:
                self._known_bans.add(epoch)
                now = core.parts.clock.monotonic()
                self._observer.no_guess_until = now + GUESS_BAN_S

    def next_in_line(self) -> list[str]:
        """Return the other instances in the order in which they would lead."""
        return [i for i in self._candidate.ranking() if i != self._core.me]


def _lives_in(heartbeat: Heartbeat, epoch: int) -> bool:
    return heartbeat.epoch == epoch and not heartbeat.stopped
