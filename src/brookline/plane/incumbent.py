"""The incumbent: how a mastership ends, by being fenced or by handing over; and a master's duties."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, InvalidInput, NotMaster
from brookline.journal.keys import node_key
from brookline.journal.queue import Decision
from brookline.plane.core import Claim
from brookline.plane.mail import Mailbox, wish
from brookline.plane.observer import GUESS_BAN_S
from brookline.plane.states import NEVER_FOLLOW, NodeState, read_state
from brookline.wire.changes import Drop, Put
from brookline.wire.entries import Resign

if TYPE_CHECKING:
    from brookline.plane.candidate import Candidate
    from brookline.plane.core import Core
    from brookline.plane.leadership import Leadership
    from brookline.plane.observer import Observer
    from brookline.plane.watch import Sighting
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

WRONG_GUESS = "wrong-guess"
"""Kind of the records that tell of a master which was replaced while it lived, by epoch."""

_LIVING_POLLS = 3
"""A node that has not beaten for so many is forgotten if somebody asks for it."""

_LOOK_S = 0.02
"""Between looks for the successor's `active`; nudges come sooner."""


class Incumbent:
    """Ends masterships of one node, and does the plane's housekeeping while it leads."""

    def __init__(self, core: Core, observer: Observer, candidate: Candidate) -> None:
        self._core = core
        self._observer = observer
        self._candidate = candidate
        self.mailbox = Mailbox(core.parts.store, core.me)
        self._rises_at_start: dict[int, int] = {}
        self._known_bans: dict[str, float] = {}

    # The end.

    def ended(self, leadership: Leadership, why: str) -> None:
        """Cease to lead at once: somebody else does, or nothing more can be appended."""
        core = self._core
        if core.leadership is not leadership:
            return
        log.warning("leads no more", extra={"fields": {"epoch": leadership.epoch, "why": why}})
        core.depose()
        core.line.close()
        core.crew.spawn(self.wind_up(leadership, why), "end")

    async def wind_up(self, leadership: Leadership, why: str) -> None:
        """Do what takes time at the end of a mastership."""
        core = self._core
        await leadership.end(why)
        await core.cease()
        if core.claim.ending is leadership:
            core.claim = Claim()
        async with core.course:
            self._observer.restart()
            if core.claim == Claim() and not core.leaving:
                await core.rest()
        core.look_now()

    async def leave(self) -> None:
        """Hand over if this node leads, or is about to, in the time that an exit may take.

        Raises:
            BrooklineError: If that cannot be done.
            TimeoutError: If the store hangs.
        """
        async with self._core.exit_time.spent():
            async with self._core.course:
                if self._core.leadership is None:
                    return
            epoch, heir = await self._give_way("", reason="stopped", leave=True)
        await self._see_off(epoch, heir)

    async def let_go(self, why: str) -> None:
        """Lead no more, however that can be done in the time that an exit may take."""
        core = self._core
        if core.leadership is not None:
            self.ended(core.leadership, why)
        try:
            async with core.exit_time.spent():
                while core.claim.ending is not None:
                    await core.parts.clock.sleep(_LOOK_S)
        except TimeoutError:
            log.warning("the mastership has not ended cleanly")

    async def retire(self) -> None:
        """Be shown as the standby that this node is, from its mastership's end to its own."""
        core = self._core
        if core.course.locked():
            return  # by a change that hangs; the end does not wait for it
        async with core.course:
            if core.state is NodeState.MASTER and core.claim == Claim():
                await core.rest()

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
            Unavailable: If `resign` could not be written in time; this node leads no more then.
        """
        epoch, heir = await self._give_way(to, reason=reason, leave=leave)
        return await self._see_off(epoch, heir)

    async def _give_way(self, to: str, *, reason: str, leave: bool) -> tuple[int, str]:
        """Resign; return the epoch that is over, and who should follow, or empty."""
        core = self._core
        async with core.course:
            heir = to or await self._first_in_line()
            leadership = core.leadership
            if leadership is None or not core.serving:
                raise NotMaster
            if not heir and not leave:
                raise InvalidInput("there is no other node that could lead")
            await self._resign(leadership, Resign(to=heir, reason=reason))
        self._observer.tell_all(heir)
        return leadership.epoch, heir

    async def _see_off(self, epoch: int, heir: str) -> str:
        """Wait for who follows, and return its instance, or empty."""
        core = self._core
        successor = await self._see_successor(epoch) if heir else ""
        if core.leadership is None:
            core.line.close()
        core.look_now()
        return successor

    async def _resign(self, leadership: Leadership, last: Resign) -> None:
        core, epoch = self._core, leadership.epoch
        core.serving = False
        try:
            await core.cease()
            await leadership.flush()
            await leadership.resign(last)
        except (Exception, asyncio.CancelledError):
            # It may be in the log, or land there yet: nothing can follow it.
            self.ended(leadership, "it could not resign")
            raise
        core.resigned_epoch, core.resigned_at = epoch, core.parts.clock.monotonic()
        core.current_at = core.resigned_at  # it wrote the last entry itself
        core.depose()
        core.claim = Claim()
        core.line.say()
        log.info("resigned", extra={"fields": {"epoch": epoch, "to": last.to or "anybody"}})
        await leadership.end("this node has handed over")
        if not core.leaving:
            await core.rest()

    async def _first_in_line(self) -> str:
        """Return the other instance that would lead next, or empty."""
        try:
            await self._observer.look()
        except BrooklineError:
            log.info("the line of succession may be out of date")
        others = self.next_in_line()
        return others[0] if others else ""

    async def _see_successor(self, epoch: int) -> str:
        """Read on until another node is active: at most `writeWait`, and while one can follow.

        At this node's end that waiting is no part of what a store may hold up.

        Raises:
            TimeoutError: If the store hangs at this node's end.
        """
        core, clock = self._core, self._core.parts.clock
        deadline = clock.monotonic() + core.parts.settings.write_wait_s
        look_at = clock.monotonic() + core.parts.settings.poll_s / 2
        while clock.monotonic() < deadline:
            async with core.exit_time.spent():
                if core.leadership is None:
                    await self._observer.hint()
                standing = core.parts.replica.standing
                if core.parts.replica.epoch > epoch and standing.active:
                    await self._learn_address(standing.owner)
                    core.door.wake()
                    return standing.owner
                if clock.monotonic() >= look_at:
                    look_at = clock.monotonic() + core.parts.settings.poll_s / 2
                    if await self._nobody_can_follow():
                        return ""
            await clock.sleep(_LOOK_S)
        return ""

    async def _nobody_can_follow(self) -> bool:
        """Tell whether all others have ended meanwhile, as when a whole plane is stopped at once."""
        try:
            await self._observer.look()
        except BrooklineError:
            return False
        others = [s.heartbeat for s in self._core.watch if s.heartbeat.instance != self._core.me]
        return all(read_state(heartbeat.state) in NEVER_FOLLOW for heartbeat in others)

    async def _learn_address(self, instance: str) -> None:
        if self._core.watch.find(instance) is None:
            try:
                await self._observer.look()
            except BrooklineError:
                log.debug("the successor's address is not known yet")

    # Duties while leading.

    async def duties(self) -> None:
        """Read mail, notice wrong guesses and forget old ones, and nodes that are long gone.

        Raises:
            StoreError: If the store does not answer.
        """
        await self._read_mail()
        await self._notice_wrong_guess()
        await self._forget_wrong_guesses()
        await self._forget_old_nodes()

    async def clear(self, instance: str | None) -> None:
        """Forget one node, or all that do not lead; one that lives stays, for it would come back.

        Raises:
            NotMaster: If this node does not lead.
        """
        core = self._core
        if core.leadership is None:
            raise NotMaster
        await self._observer.look()
        for sighting in core.watch:
            found = sighting.heartbeat
            meant = found.instance != core.me and instance in (None, found.instance, found.name)
            if meant and not self._lives(sighting):
                await core.parts.store.delete(node_key(found.instance))
        await self._observer.look()

    def _lives(self, sighting: Sighting) -> bool:
        """Tell whether a node has beaten within some polls, or has just been seen to be there."""
        core, found = self._core, sighting.heartbeat
        if found.state == NodeState.TERMINATED.value or self._observer.is_gone(found.instance):
            return False
        heard = sighting.risen if sighting.rises else sighting.since
        return core.parts.clock.monotonic() - heard < _LIVING_POLLS * core.parts.settings.poll_s

    async def mind_lease(self) -> None:
        """Act only while the lease holds, and go on when it is renewed; until cancelled."""
        core = self._core
        while True:
            leadership, patience = core.leadership, core.parts.settings.poll_s / 4
            if leadership is not None and core.serving:
                await self._obey_lease(leadership)
                left = core.lease.left_s(leadership.epoch)
                patience = min(patience, left) if left > 0 else patience
            await core.parts.clock.sleep(patience)

    async def _obey_lease(self, leadership: Leadership) -> None:
        core, holds = self._core, self._core.holds_lease()
        if leadership.acting and not holds and core.parts.rules.lease_stops_side_effects:
            log.warning("lease lapsed", extra={"fields": {"epoch": leadership.epoch}})
            leadership.acting = False
            await core.cease()
        elif not leadership.acting and holds:
            log.info("lease renewed", extra={"fields": {"epoch": leadership.epoch}})
            core.door.wake()
            await core.act(leadership)

    async def _read_mail(self) -> None:
        core = self._core
        for letter in await self.mailbox.collect():
            leadership, sender = core.leadership, core.watch.find(letter.sender)
            late = leadership is None or letter.epoch != leadership.epoch
            if late or sender is None or not self._candidate.is_fresh(sender):
                log.info("letter passed over", extra={"fields": {"from": letter.sender}})
                continue
            told = wish("asked for", letter.user, reason=letter.reason)
            await self.hand_over(letter.sender, reason=told, leave=False)

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
                await self.mailbox.clear(other)
                await core.parts.store.delete(node_key(other))

    async def _forget_wrong_guesses(self) -> None:
        """Drop what tells of earlier epochs once no node can be bound by it any more."""
        core, leadership = self._core, self._core.leadership
        if leadership is None or not core.serving:
            return
        self.note_ban()
        long_ago = core.parts.clock.monotonic() - 2 * GUESS_BAN_S
        over = [
            epoch
            for epoch, seen in self._known_bans.items()
            if seen <= long_ago and int(epoch) < leadership.epoch
        ]
        if over:
            await leadership.commit(lambda _: Decision([Drop(WRONG_GUESS, e) for e in over]))

    def note_ban(self) -> None:
        """Make no guess for ten minutes after one of this node's proved wrong."""
        core, now = self._core, self._core.parts.clock.monotonic()
        told = core.parts.replica.records.all(WRONG_GUESS)
        self._known_bans = {e: seen for e, seen in self._known_bans.items() if e in told}
        for epoch, value in told.items():
            if epoch not in self._known_bans:
                self._known_bans[epoch] = now
                if value.get("node") == core.me:
                    self._observer.no_guess_until = now + GUESS_BAN_S

    def next_in_line(self) -> list[str]:
        """Return the other instances in the order in which they would lead."""
        return [i for i in self._candidate.ranking() if i != self._core.me]


def _lives_in(heartbeat: Heartbeat, epoch: int) -> bool:
    return heartbeat.epoch == epoch and not heartbeat.stopped
