"""The core: what the rooms of one node share, and what the node says of itself."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from brookline.plane.door import Door, Here, There
from brookline.plane.exit_time import ExitTime
from brookline.plane.lease import Lease
from brookline.plane.line import Line
from brookline.plane.memory import Memory
from brookline.plane.reach import Contact
from brookline.plane.states import HOT, Mode, NodeState, may_move, resting_state
from brookline.values.crew import Crew
from brookline.wire.heartbeats import Heartbeat

if TYPE_CHECKING:
    from brookline.plane.heart import Beat, Pulse
    from brookline.plane.leadership import Leadership
    from brookline.plane.parts import Parts
    from brookline.plane.tenant import Tenant
    from brookline.plane.watch import Watch

log = logging.getLogger("brookline.plane")


MOST_MOVES = 200
"""How many changes of its state a node remembers, as Brooklyn does."""

_LONGEST_BUILD = 10
"""Time-outs that building the live objects may take; one that takes longer hangs, and is replaced."""


_MUTE = "its heart is silent: the store owes it an answer, or the process stood still"


class Claim(NamedTuple):
    """What a node claims of the mastership; exchanged as a whole, for the heart's thread reads it.

    Attributes:
        campaigning: A fence is on its way, or in the log and not validated yet.
        leadership: The node owns the last fence and may append.
        ending: It appends nothing more, but what it did in the world may not be over yet.
    """

    campaigning: bool = False
    leadership: Leadership | None = None
    ending: Leadership | None = None


class Core:
    """State of one node.

    Attributes:
        parts: Store, clock and so on.
        tenant: What lives on the plane.
        pulse: The heart.
        watch: What was seen of other instances.
        state: AMP's state.
        mode: What the node is asked to be.
        moves: The last states that it took, and the wall time of each in milliseconds.
        priority: Of AMP's order.
        claim: What the node claims of the mastership.
        course: Held while who leads, or the state, is changed: one change at a time.
        serving: Whether it takes writes: active, and not handing over.
        shows: Whether it shows records: reads are answered.
        resigned_epoch: Epoch that this instance left, or 0.
        resigned_at: Monotonic time of that.
        stopped_at: Monotonic time at which it stopped in doubt or was fenced, or 0.
        cool_until: Monotonic time until which it stands in no election.
        act_after: Boot time from which unprotected actions may begin.
        alarm: What must be looked at by people, or empty.
        trouble: Why the last heartbeat could not be confirmed, or empty.
        trouble_since_ms: Wall time at which that began, or 0.
        leaving: Whether the node is about to end.
        exit_time: What its end may take.
        waits: Whether it started as MASTER and still waits for a vacancy.
        contact: Whether it reaches the master.
        crew: Owns what goes on beside the course of things.
        current_at: Monotonic time at which the replica was last known to be at the tail.
    """

    def __init__(
        self, parts: Parts, tenant: Tenant, pulse: Pulse, watch: Watch, mode: Mode
    ) -> None:
        self.parts = parts
        self.tenant = tenant
        self.pulse = pulse
        self.watch = watch
        self.mode = mode
        self.priority = 0
        self.state = NodeState.INITIALIZING
        self.moves = deque([(self.state, parts.clock.wall_ms())], maxlen=MOST_MOVES)
        self.claim = Claim()
        self.course = asyncio.Lock()
        self.serving = False
        self.shows = False
        self.resigned_epoch = 0
        self.resigned_at = 0.0
        self.stopped_at = 0.0
        self.cool_until = 0.0
        self.act_after = 0.0
        self.alarm = ""
        self.trouble = ""
        self.trouble_since_ms = 0
        self.leaving = False
        self.exit_time = ExitTime(parts.clock, parts.settings.exit_wait_s)
        self.waits = False
        self.current_at = parts.clock.monotonic()
        self.progress = 0
        self.lease = Lease(parts.clock, parts.settings.timeout_s)
        self.contact = Contact()
        self.line = Line(lambda: parts.replica.seq, parts.clock, parts.settings.poll_s)
        memory = Memory(parts.replica, parts.rules)
        self.door = Door(
            parts.peers, parts.clock, settings=parts.settings, rules=parts.rules, memory=memory,
            target=self.target, led=self.led, trouble=lambda: self.trouble,
        )  # fmt: skip
        self.crew = Crew("node")
        self._wake = asyncio.Event()
        self._acting = asyncio.Lock()
        self._ticked = parts.clock.monotonic()
        self._building: float | None = None

    @property
    def me(self) -> str:
        """Instance id of this node."""
        return self.parts.identity.instance

    @property
    def leadership(self) -> Leadership | None:
        """What this node may append by, or None."""
        return self.claim.leadership

    def move(self, state: NodeState) -> None:
        """Change the node's state, if the table of moves allows it."""
        if state is self.state:
            return
        assert may_move(self.state, state), f"{self.state} -> {state}"
        log.info("state", extra={"fields": {"from": self.state.value, "to": state.value}})
        self.state = state
        self.moves.append((state, self.parts.clock.wall_ms()))
        self.door.wake()

    async def rest(self) -> None:
        """Take the state that the mode asks of a node that does not lead."""
        if self.has_ended():
            return
        self.waits = False
        state = resting_state(self.mode, standby_is_hot=self.parts.settings.standby_is_hot)
        if state in HOT and not self.shows:
            self.move(NodeState.INITIALIZING)
            await self.show()
        elif state not in HOT and self.shows:
            await self.hide()
        if not self.has_ended():  # it may have been ended meanwhile
            self.move(state)

    def has_ended(self) -> bool:
        """Tell whether this node has said its last."""
        return self.state is NodeState.TERMINATED

    async def show(self) -> None:
        """Show the records, from now on."""
        if not self.shows:
            self._building = self.parts.clock.monotonic()
            try:
                await self.parts.replica.attend(self.tenant)
            finally:
                self._building = None
            self.shows = True

    async def hide(self) -> None:
        """Show the records no more."""
        self.shows = False
        await self.parts.replica.attend(None)
        self.tenant.forget()

    # What it does in the world.

    async def act(self, leadership: Leadership) -> None:
        """Have the tenant act, as long as this leadership lasts."""
        async with self._acting:
            if self._serves(leadership) and not leadership.acting:
                await self.tenant.activate(leadership.epoch)
                leadership.acting = True
            if not self._serves(leadership):
                leadership.acting = False
                await self.tenant.deactivate()

    async def cease(self) -> None:
        """Have the tenant cease to act.

        What does not end in time goes on ending; till then only the lease and the guard stop it.
        At the node's end there must be time left to resign.
        """
        settings, ended = self.parts.settings, asyncio.Event()
        patience = settings.write_wait_s
        if self.leaving:
            patience = min(patience, settings.exit_wait_s / 2)
        self.crew.spawn(self._deactivate(ended), "cease")
        try:
            async with asyncio.timeout(patience):
                await ended.wait()
        except TimeoutError:
            log.warning("what runs here does not end")

    async def _deactivate(self, ended: asyncio.Event) -> None:
        try:
            async with self._acting:
                await self.tenant.deactivate()
        finally:
            ended.set()

    def _serves(self, leadership: Leadership) -> bool:
        return self.serving and self.leadership is leadership

    def depose(self) -> Leadership | None:
        """Cease to lead at this very moment; the rest of the end takes time: `Incumbent.wind_up`.

        Returns:
            What this node led by, or None if it did not lead.
        """
        leadership = self.leadership
        if leadership is not None:
            self.claim = Claim(ending=leadership)
            self.serving = False
            self.stopped_at = self.parts.clock.monotonic()
            self.door.wake()
        return leadership

    def look_now(self) -> None:
        """Have the main loop look at the plane without waiting for the next poll."""
        self._wake.set()

    async def until_look(self, seconds: float) -> None:
        """Wait so long, or until `look_now`."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def tick(self) -> None:
        """Note that the main loop runs; while it builds what it will show, that is progress."""
        now = self._ticked = self.parts.clock.monotonic()
        longest = _LONGEST_BUILD * self.parts.settings.timeout_s
        if self._building is not None and now - self._building < longest:
            self.progress += 1

    # What the heart asks and tells, from its own thread.

    def lively(self) -> bool:
        """Tell whether the main loop has run within a third of the time-out, and no append is stuck."""
        settings = self.parts.settings
        idle = self.parts.clock.monotonic() - self._ticked
        leadership = self.leadership
        stuck = leadership.stuck_s() if leadership else 0.0
        return idle <= settings.timeout_s / 3 and stuck < settings.timeout_s

    def report(self, beat: Beat) -> None:
        """Renew the lease by a confirmed heartbeat; remember what was in the way of another."""
        self.note_trouble(beat.trouble if beat.sent is not None else self.trouble or _MUTE)
        if beat.confirmed and beat.sent is not None and beat.sent.epoch and not beat.sent.stopped:
            self.lease.renew(beat.sent.epoch, beat.started)

    def note_trouble(self, why: str) -> None:
        """Remember what is in the way of heartbeats, and since when; nothing any more if empty."""
        if bool(why) != bool(self.trouble):
            self.trouble_since_ms = self.parts.clock.wall_ms() if why else 0
        self.trouble = why

    def heartbeat(self) -> Heartbeat:
        """Return what this node says of itself; the heart sets the counter."""
        identity, clock = self.parts.identity, self.parts.clock
        now = clock.monotonic()
        # First the prefix, then the claim: one that has been given up by the time that an own
        # fence is seen was given up for good.
        at = self.parts.replica.at
        claim = self.claim
        leadership = claim.leadership
        owner = at.standing.owner == identity.instance
        stopped = (owner and claim == Claim()) or self.state is NodeState.TERMINATED
        leads = leadership or claim.ending
        line, unreached_ms = self.contact.told(now)
        return Heartbeat(
            instance=identity.instance, name=identity.name, home=identity.home, counter=0,
            state=self.state.value, mode=self.mode.value, wall_ms=clock.wall_ms(),
            home_path=identity.home_path, boot=identity.boot, host=identity.host,
            leaving=self.leaving or not self.may_stand(now),
            epoch=leads.epoch if leads else (at.epoch if owner else 0),
            settled=leadership is not None and clock.boottime() >= self.act_after,
            tail=at.seq, replayed=self.progress,
            commit_age_ms=_ms(now - leadership.writer.last_commit) if leadership else -1,
            stopped=stopped, address=identity.address, uri=identity.uri, priority=self.priority,
            version=identity.version, ready=self.shows,
            lag_ms=0 if leadership else _ms(now - self.current_at),
            public_key=identity.public_key, certificate=identity.certificate, pid=identity.pid,
            alarm=self.alarm, poll_ms=_ms(self.parts.settings.poll_s), line=line,
            unreached_ms=unreached_ms,
        )  # fmt: skip

    def may_stand(self, now: float, *, alone: bool = False) -> bool:
        """Tell whether this instance stands in elections.

        Args:
            now: Monotonic time.
            alone: Whether no other candidate beats.
        """
        if now < self.cool_until:
            return False
        if not self.resigned_epoch or alone:
            return True
        at = self.parts.replica.at
        if at.epoch > self.resigned_epoch and at.standing.active:
            return True
        return now - self.resigned_at >= self.parts.settings.timeout_s

    # Who leads.

    def holds_lease(self) -> bool:
        """Tell whether this node leads at this very moment."""
        leadership = self.leadership
        return leadership is not None and self.lease.holds(leadership.epoch)

    def may_act(self, *, guarded: bool = False) -> bool:
        """Tell whether something new may be started in the world.

        Args:
            guarded: Whether something out there refuses whoever led before.
        """
        leadership, rules = self.leadership, self.parts.rules
        if leadership is None or not self.serving:
            return False
        if not rules.lease_stops_side_effects:
            return True
        waited = guarded or self.parts.clock.boottime() >= self.act_after
        return waited and self.lease.may_start(leadership.epoch)

    def led(self) -> int:
        """Return the epoch in which this node leads, whether its lease holds or not; else 0."""
        return self.leadership.epoch if self.leadership is not None else 0

    def target(self) -> Here | There | None:
        """Return who takes writes now, as far as this node knows."""
        if self.leadership is not None:
            return Here(self.leadership.epoch) if self.serving and self.holds_lease() else None
        standing = self.parts.replica.standing
        if not standing.active or standing.resigned or standing.owner == self.me:
            return None
        sighting = self.watch.find(standing.owner)
        if sighting is None or not sighting.heartbeat.address:
            return None
        return There(sighting.heartbeat, self.parts.replica.epoch)


def _ms(seconds: float) -> int:
    return max(0, round(seconds * 1000))
