"""The node: one server's part in the plane, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotMaster
from brookline.journal.reader import Place, Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES, Rules
from brookline.journal.standing import masterships
from brookline.plane import admission, members
from brookline.plane.admin import Admin
from brookline.plane.candidate import Candidate
from brookline.plane.core import Core
from brookline.plane.incumbent import Incumbent
from brookline.plane.observer import Observer
from brookline.plane.parts import Parts
from brookline.plane.routine import Routine
from brookline.plane.states import Mode, NodeState
from brookline.plane.watch import Sighting, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from brookline.journal.queue import Committed, Decision
    from brookline.journal.records import View
    from brookline.journal.scan import Source
    from brookline.plane.door import Door
    from brookline.plane.exit_time import ExitTime
    from brookline.plane.heart import Pulse
    from brookline.plane.identity import Identity
    from brookline.plane.leadership import Leadership
    from brookline.plane.line import Line
    from brookline.plane.members import Member
    from brookline.plane.peers import Peers
    from brookline.plane.settings import PlaneSettings
    from brookline.plane.tenant import Tenant
    from brookline.stores.store import Store
    from brookline.values.clock import Clock
    from brookline.values.ids import Randomness
    from brookline.wire.changes import Change, Value
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

_HANGS = "the store does not answer"


class PlaneNode:
    """One node of a plane.

    Args:
        store: The main loop's connection.
        peers: Calls to other nodes.
        clock: Time.
        randomness: For ids, nonces and jitter.
        identity: Who this node is.
        settings: Times and bounds.
        tenant: What lives on the plane.
        pulse: The heart.
        mode: What the node is asked to be.
        rules: Protective rules; all on but in simulations.
    """

    def __init__(
        self,
        store: Store,
        peers: Peers,
        *,
        clock: Clock,
        randomness: Randomness,
        identity: Identity,
        settings: PlaneSettings,
        tenant: Tenant,
        pulse: Pulse,
        mode: Mode = Mode.AUTO,
        rules: Rules = ALL_RULES,
    ) -> None:
        self.replica = Replica("")
        reader = Reader(
            store, self.replica, clock=clock, rules=rules,
            gap_alarm_s=max(settings.timeout_s, settings.gap_alarm_s),
        )  # fmt: skip
        parts = Parts(
            store=store, replica=self.replica, reader=reader, peers=peers, clock=clock,
            randomness=randomness, identity=identity, settings=settings, rules=rules,
        )  # fmt: skip
        self._core = Core(parts, tenant, pulse, Watch(), mode)
        self._observer = Observer(self._core)
        self._candidate = Candidate(self._core, self._observer, self._mastership_ended)
        self._incumbent = Incumbent(self._core, self._observer, self._candidate)
        self._routine = Routine(
            self._core, self._observer, candidate=self._candidate, incumbent=self._incumbent
        )
        self._started = asyncio.Event()
        self._admin = Admin(
            self._core, self._observer, candidate=self._candidate, incumbent=self._incumbent,
            started=self._started,
        )  # fmt: skip

    # What it is.

    @property
    def identity(self) -> Identity:
        """Who this node is."""
        return self._core.parts.identity

    @property
    def settings(self) -> PlaneSettings:
        """Times and bounds."""
        return self._core.parts.settings

    @property
    def state(self) -> NodeState:
        """AMP's state of this node; whether it leads at this moment is `leads`."""
        return self._core.state

    @property
    def mode(self) -> Mode:
        """What the node was asked to be."""
        return self._core.mode

    @property
    def priority(self) -> int:
        """Of AMP's order; 0 at each start."""
        return self._core.priority

    @property
    def epoch(self) -> int:
        """The last epoch that this node knows of."""
        return self.replica.epoch

    @property
    def plane_id(self) -> str:
        """Id of the plane, or empty while the store has not answered."""
        return self.replica.plane

    @property
    def alarm(self) -> str:
        """What must be looked at by people, or empty."""
        return self._core.alarm

    @property
    def trouble(self) -> str:
        """Why this node cannot say that it lives, or not lead, or empty; it may pass by itself."""
        missing = self._core.parts.reader.missing
        waits = f"entry {missing} is missing, and a later one exists: nobody leads until it shows"
        return self._core.trouble or (waits if missing else "")

    @property
    def cut_off_since_ms(self) -> int:
        """Wall time since which the store does not confirm that this node lives, or 0."""
        return self._core.trouble_since_ms

    @property
    def has_read(self) -> bool:
        """Whether this node takes part, and so has read the log to its end at least once."""
        return self._started.is_set()

    @property
    def source(self) -> Source:
        """The store, to read in it what the log said before."""
        return self._core.parts.store

    @property
    def readable(self) -> bool:
        """Whether this node shows records: reads can be answered here."""
        return self._core.shows

    @property
    def door(self) -> Door:
        """Where writes go in."""
        return self._core.door

    @property
    def line(self) -> Line:
        """What the master tells its standbys."""
        return self._core.line

    def leads(self) -> bool:
        """Tell whether this node is the master at this very moment, by its lease."""
        return self._core.serving and self._core.holds_lease()

    def may_act(self, *, guarded: bool = False) -> bool:
        """Tell whether something new may be started in the world.

        Args:
            guarded: Whether something out there refuses whoever led before.
        """
        return self._core.may_act(guarded=guarded)

    def members(self) -> list[Member]:
        """Return all nodes of the plane that are known here; this one is, whatever the store shows."""
        core, standing = self._core, self.replica.standing
        now = core.parts.clock.monotonic()
        sightings = [*core.watch]
        if core.watch.find(core.me) is None:
            sightings.append(Sighting(core.heartbeat(), now))
        line = self._incumbent.next_in_line() if core.leadership else self._candidate.ranking()
        master = "" if standing.resigned or not standing.active else standing.owner
        return [
            members.describe(
                sighting, now=now, settings=self.settings, line=line, master=master, me=core.me,
                gone=self._observer.is_gone(sighting.heartbeat.instance),
            )
            for sighting in sightings
        ]  # fmt: skip

    def wait_for_store(self, why: str) -> None:
        """Note why this node does not take part yet, for those who ask it."""
        self._core.note_trouble(why)

    def master(self) -> Heartbeat | None:
        """Return the heartbeat of who leads, as far as this node knows, or None."""
        standing = self.replica.standing
        if standing.resigned or not standing.active:
            return None
        return self._observer.master()

    def find_member(self, instance: str) -> Heartbeat | None:
        """Return the newest heartbeat of an instance, or None."""
        sighting = self._core.watch.find(instance)
        return sighting.heartbeat if sighting else None

    @property
    def moves(self) -> Sequence[tuple[NodeState, int]]:
        """The last states that it took, the oldest first, and the wall time of each in milliseconds."""
        return tuple(self._core.moves)

    def history(self) -> list[Value]:
        """Return the masterships that the log tells of, newest first."""
        return masterships(self.replica.records)

    # Its life.

    async def start(self) -> None:
        """Take part in the plane; returns once this node knows the log and beats.

        Raises:
            Conflict: This mode may not start now, or the home is a copy of a living one.
            StoreError: The store does not answer; `start` may be called again.
            StoreUnfit: The store has a format that this version does not know.
            Damaged: The log is.
        """
        core = self._core
        self.replica.plane = await admission.enter_plane(core.parts, core.mode)
        name = await admission.settle_identity(core, self._observer)
        if name != self.identity.name:
            log.warning("name is taken", extra={"fields": {"name": name}})
            core.parts = admission.renamed(core.parts, name)
        await core.parts.reader.load()
        if await core.parts.reader.catch_up() is Place.TAIL:
            core.current_at = core.parts.clock.monotonic()
        admission.refuse_moved(core)
        await self._observer.claim_own_home()
        await self._observer.prove_death()
        await admission.require_master(core, self._observer)
        core.waits = core.mode is Mode.MASTER
        await self._routine.begin()
        self._started.set()

    async def stop(self) -> None:
        """Leave, and end; at most `exit_wait_s` for a store."""
        await self.leave()
        await self.end()

    async def leave(self) -> None:
        """Hand over if this node leads, and take no part in the plane any more.

        What it shows can be read on, until `end`; so a listener that is to close has time to answer.
        """
        core = self._core
        core.leaving = True
        core.exit_time.begin()
        try:
            await self._incumbent.leave()
        except (BrooklineError, TimeoutError) as error:
            log.warning(
                "left without handing over", extra={"fields": {"why": str(error) or _HANGS}}
            )
        await self._routine.end()
        await self._incumbent.let_go("the node ends")
        await self._incumbent.retire()
        core.line.close()
        if core.target() is None:
            core.door.close()

    async def end(self) -> None:
        """Say TERMINATED, the last that is heard of this node."""
        core = self._core
        await self._routine.cease()
        core.move(NodeState.TERMINATED)
        try:
            async with core.exit_time.spent():
                if self._routine.beats:
                    core.tick()
                    await core.pulse.beat()
                await core.pulse.stop()
        except (BrooklineError, TimeoutError) as error:
            fields = {"why": str(error) or _HANGS}
            log.warning("left without a last heartbeat", extra={"fields": fields})
        await core.crew.disband()

    @property
    def exit_time(self) -> ExitTime:
        """What the store may take of this node's end."""
        return self._core.exit_time

    async def failed(self) -> BaseException:
        """Wait until this node cannot go on, as when its mode turns out not to be possible."""
        return await self._routine.failed()

    def nudge(self) -> None:
        """Look at the journal now; somebody says that there is something new."""
        if self._started.is_set():
            self._core.crew.spawn(self._observer.hint(), "nudge")
            self._core.look_now()

    async def glance(self) -> None:
        """Read on in the journal: the store says that there may be something new."""
        if self._started.is_set():
            await self._observer.hint()

    # What it does for others.

    async def commit(
        self, decide: Callable[[View], Decision], *, request: str = "", user: str = ""
    ) -> Committed:
        """Change records, durably; as `journal.writer.Writer.commit`.

        Raises:
            NotMaster: If this node does not take writes now; nothing was done.
        """
        leadership = self._core.leadership
        if leadership is None or not self._core.serving:
            raise NotMaster
        return await leadership.commit(decide, request=request, user=user)

    def note(self, change: Change) -> None:
        """Have a sensor reading written within the period; forgotten if this node does not lead."""
        if self._core.leadership is not None:
            self._core.leadership.note(change)

    async def wait_applied(self, seq: int, timeout_s: float) -> bool:
        """Wait until entry `seq` is applied, and so shown if this node is `readable`; tell if in time."""
        if self.replica.seq >= seq:
            return True
        self.nudge()
        try:
            async with asyncio.timeout(timeout_s):
                await self.replica.reached(seq)
        except TimeoutError:
            return False
        return True

    async def catch_up(self) -> None:
        """Read the log to its end, as the store shows it now; a master wrote that end itself.

        Raises:
            StoreError: If the store does not answer.
            Damaged: If the log is.
        """
        if self._core.leadership is None and self.plane_id:
            await self._core.parts.reader.catch_up()

    async def set_priority(self, priority: int) -> int:
        """Set the priority, tell the others at once, and return what it was."""
        return await self._admin.set_priority(priority)

    async def set_mode(self, mode: Mode, user: str = "", *, reason: str = "") -> NodeState:
        """Become what `mode` says, and return the state before.

        Raises:
            Conflict: If the change could not be carried out; it says what stands in the way.
            StoreError: If the store does not answer.
        """
        return await self._admin.set_mode(mode, user, reason=reason)

    async def switchover(self, to: str = "", user: str = "", *, reason: str = "") -> str:
        """Hand over to another node, by instance id or name, and return the new master's instance.

        Raises:
            NotMaster: If this node does not lead.
            InvalidInput: If there is no such node, or it could not lead.
        """
        return await self._admin.switchover(to, user, reason=reason, members=self.members)

    async def clear(self, instance: str | None) -> None:
        """Forget one node, or all that do not lead.

        Raises:
            NotMaster: If this node does not lead.
        """
        await self._incumbent.clear(instance)

    def _mastership_ended(self, leadership: Leadership, error: BrooklineError) -> None:
        self._incumbent.ended(leadership, error.message)
