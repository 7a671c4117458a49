"""The node: one server's part in the plane, from its start to its end."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, Damaged, NotMaster, StoreError
from brookline.journal.reader import Place, Reader
from brookline.journal.replica import Replica
from brookline.journal.rules import ALL_RULES, Rules
from brookline.journal.standing import HISTORY
from brookline.plane import admission, members
from brookline.plane.admin import Admin
from brookline.plane.candidate import Candidate
from brookline.plane.core import Core
from brookline.plane.heart import Beat, Pulse, Signs
from brookline.plane.incumbent import Incumbent
from brookline.plane.observer import Observer
from brookline.plane.parts import Parts
from brookline.plane.states import Mode, NodeState
from brookline.plane.watch import Watch
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.journal.queue import Committed, Decision
    from brookline.journal.records import View
    from brookline.plane.door import Door
    from brookline.plane.identity import Identity
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
        self._crew = Crew("plane", self._note_failure)
        self._admin = Admin(self._core, self._observer, self._candidate, self._incumbent)
        self._started = asyncio.Event()
        self._failing = asyncio.Event()
        self._failure: BaseException | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        reader.on_progress = self._progress

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

    def may_act(self) -> bool:
        """Tell whether something new may be started in the world that nothing else protects."""
        return self._core.may_act()

    def members(self) -> list[Member]:
        """Return all nodes of the plane that are known here."""
        core, standing = self._core, self.replica.standing
        now = core.parts.clock.monotonic()
        line = self._incumbent.next_in_line() if core.leadership else self._candidate.ranking()
        master = "" if standing.resigned or not standing.active else standing.owner
        return [
            members.describe(
                sighting, now=now, timeout_s=self.settings.timeout_s, line=line, master=master,
                me=core.me,
            )
            for sighting in core.watch
        ]  # fmt: skip

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

    def history(self) -> list[Value]:
        """Return the masterships that the log tells of, newest first."""
        kept = self.replica.records.all(HISTORY).values()
        return sorted(kept, key=lambda value: -int(value.get("epoch", 0)))

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
        self._loop = asyncio.get_running_loop()
        self.replica.plane = await admission.enter_plane(core.parts, core.mode)
        name = await admission.settle_identity(core, self._observer)
        if name != self.identity.name:
            log.warning("name is taken", extra={"fields": {"name": name}})
            core.parts = admission.renamed(core.parts, name)
        await core.parts.reader.load()
        await core.parts.reader.catch_up()
        same_machine = self._former_ran_here()
        self._observer.claim_own_home(proved=same_machine)
        self._crew.spawn(self._tick(), "ticks")
        core.tick()
        await core.pulse.start(
            Signs(content=core.heartbeat, lively=core.lively, report=self._report)
        )
        if core.mode is not Mode.MASTER:
            await core.rest()
        self._crew.spawn(self._observer.follow(), "line")
        self._crew.spawn(self._run(), "look")
        self._started.set()

    async def stop(self) -> None:
        """Leave: hand over if this node leads, and say TERMINATED; at most `exit_wait_s` for a store."""
        core = self._core
        core.leaving = True
        try:
            async with asyncio.timeout(self.settings.exit_wait_s + self.settings.write_wait_s):
                if core.leadership is not None:
                    await self._incumbent.hand_over(reason="stopped", leave=True)
        except (BrooklineError, TimeoutError) as error:
            log.warning("left without handing over", extra={"fields": {"why": str(error)}})
        await self._crew.disband()
        if core.leadership is not None:
            await self._incumbent.fenced("the node ends")
        core.line.close()
        core.move(NodeState.TERMINATED)
        try:
            async with asyncio.timeout(self.settings.exit_wait_s):
                if self._started.is_set():
                    await core.pulse.beat()
                await core.pulse.stop()
        except TimeoutError:
            log.warning("left without a last heartbeat")
        core.door.wake()

    async def failed(self) -> BaseException:
        """Wait until this node cannot go on, as when its mode turns out not to be possible."""
        await self._failing.wait()
        assert self._failure is not None
        return self._failure

    def nudge(self) -> None:
        """Look at the journal now; somebody says that there is something new."""
        if self._started.is_set():
            self._crew.spawn(self._observer.hint(), "nudge")
            self._core.look_now()

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
        """Wait until entry `seq` is shown here; tell whether it came in time."""
        if self.replica.seq >= seq:
            return True
        self.nudge()
        try:
            async with asyncio.timeout(timeout_s):
                await self.replica.reached(seq)
        except TimeoutError:
            return False
        return True

    async def set_priority(self, priority: int) -> int:
        """Set the priority, tell the others at once, and return what it was."""
        before, self._core.priority = self._core.priority, priority
        await self._core.pulse.beat()
        return before

    async def set_mode(self, mode: Mode, user: str = "") -> NodeState:
        """Become what `mode` says, and return the state before.

        Raises:
            Conflict: If the change could not be carried out; it says what stands in the way.
            StoreError: If the store does not answer.
        """
        return await self._admin.set_mode(mode, user)

    async def switchover(self, to: str = "", user: str = "") -> str:
        """Hand over to another node, by instance id or name, and return the new master's instance.

        Raises:
            NotMaster: If this node does not lead.
            InvalidInput: If there is no such node, or it could not lead.
        """
        return await self._admin.switchover(to, user, self.members())

    async def clear(self, instance: str | None) -> None:
        """Forget one node, or all that do not lead.

        Raises:
            NotMaster: If this node does not lead.
        """
        await self._incumbent.clear(instance)

    # How it goes about it.

    def _note_failure(self, task: str, error: BaseException) -> None:
        if task == "plane/look" and not self._failing.is_set():
            self._failure = error
            self._failing.set()

    def _former_ran_here(self) -> bool:
        former = self._core.watch.find(self.identity.former)
        return former is not None and former.heartbeat.boot == self.identity.boot

    def _progress(self) -> None:
        self._core.progress += 1

    async def _tick(self) -> None:
        while True:
            self._core.tick()
            await self._core.parts.clock.sleep(self.settings.poll_s / 4)

    def _report(self, beat: Beat) -> None:
        """Take a beat from the heart, on whatever thread it runs."""
        self._core.report(beat)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._beaten, beat)

    def _beaten(self, beat: Beat) -> None:
        self._observer.own_beat(beat)
        leadership = self._core.leadership
        if not beat.fenced_by or leadership is None or beat.sent is None:
            return
        if beat.sent.epoch == leadership.epoch:
            self._mastership_ended(NotMaster(f"epoch {beat.fenced_by} follows"))

    def _mastership_ended(self, error: BrooklineError) -> None:
        self._crew.spawn(self._incumbent.fenced(error.message), "demotion")

    async def _run(self) -> None:
        """Look at the plane once a poll, and sooner when there is a reason."""
        while True:
            try:
                await self._look()
                if self._core.alarm:
                    await self._all_clear()
            except StoreError as error:
                log.warning("store", extra={"fields": {"why": error.message}})
                self._observer.restart()
            except Damaged as error:
                self._alarm(error)
            due = self._candidate.due_in()
            poll = self.settings.poll_s
            await self._core.until_look(poll if due is None else min(poll, due))

    async def _look(self) -> None:
        core = self._core
        await self._observer.look()
        if core.leadership is not None:
            await self._incumbent.duties()
            return
        place = await core.parts.reader.catch_up()
        if place is Place.TAIL:
            core.current_at = core.parts.clock.monotonic()
        self._incumbent.note_ban()
        core.door.wake()
        if core.mode is Mode.MASTER and core.state is NodeState.INITIALIZING:
            admission.refuse_second_master(core)
        await self._candidate.consider()

    def _alarm(self, error: Damaged) -> None:
        """Halt at what is damaged: show the alarm, take no part, until it is repaired."""
        if error.message != self._core.alarm:
            log.critical("alarm", extra={"fields": {"why": error.message}})
        self._core.alarm = error.message
        if self._core.leadership is None and self._core.state is not NodeState.TERMINATED:
            self._core.move(NodeState.FAILED)

    async def _all_clear(self) -> None:
        self._core.alarm = ""
        if self._core.state is NodeState.FAILED:
            await self._core.rest()
