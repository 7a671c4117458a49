"""The routine: what a node does all the time that it takes part in a plane."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, Conflict, Damaged, StoreError
from brookline.journal.reader import Place
from brookline.plane import admission
from brookline.plane.hearsay import Hearsay
from brookline.plane.heart import Signs
from brookline.plane.reach import Petition
from brookline.plane.states import NodeState
from brookline.values.crew import Crew

if TYPE_CHECKING:
    from brookline.plane.candidate import Candidate
    from brookline.plane.core import Core
    from brookline.plane.heart import Beat
    from brookline.plane.incumbent import Incumbent
    from brookline.plane.observer import Observer

log = logging.getLogger("brookline.plane")

_TOO_LATE = "this node was told to end before it had started"


class Routine:
    """Ticks, beats, looks at the plane, follows the line and minds the lease.

    Args:
        core: The node's.
        observer: What the node sees of others.
        candidate: Stands in elections.
        incumbent: Ends masterships.

    Attributes:
        beats: Whether others may have seen this node, and so have to be told of its end.
    """

    def __init__(
        self, core: Core, observer: Observer, *, candidate: Candidate, incumbent: Incumbent
    ) -> None:
        self._core = core
        self._observer = observer
        self._candidate = candidate
        self._incumbent = incumbent
        self._petition = Petition(core, observer, candidate=candidate, mailbox=incumbent.mailbox)
        self._hearsay = Hearsay(core, candidate.is_fresh)
        self._crew = Crew("plane", self._note_failure)
        self._ticks = Crew("plane", self._note_failure)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._failing = asyncio.Event()
        self._failure: BaseException | None = None
        self._missing = ""
        self.beats = False
        core.parts.reader.on_progress = self._progress

    async def begin(self) -> None:
        """Begin to beat, and then with all else.

        Raises:
            StoreError: If the heart finds no store; nothing has begun then.
            Conflict: If the node was told to end meanwhile; what beats is ended by its owner.
        """
        core = self._core
        self._loop = asyncio.get_running_loop()
        core.tick()
        await core.pulse.start(
            Signs(content=core.heartbeat, lively=core.lively, report=self._report)
        )
        if core.leaving:
            await core.pulse.stop()
            raise Conflict(_TOO_LATE)
        self.beats = True
        self._ticks.spawn(self._tick(), "ticks")
        if not core.waits:
            await core.rest()
            await core.pulse.beat()  # the others need not take it for a beginner until the next
        if core.leaving:
            raise Conflict(_TOO_LATE)
        self._crew.spawn(self._observer.follow(), "line")
        self._crew.spawn(self._incumbent.mind_lease(), "lease")
        self._crew.spawn(self._run(), "look")

    async def end(self) -> None:
        """Look at the plane no more; the ticks go on, without which the heart is silent."""
        await self._crew.disband()

    async def cease(self) -> None:
        """End the ticks as well; the heart is ended by its owner."""
        await self._ticks.disband()

    async def failed(self) -> BaseException:
        """Wait until this node cannot go on, as when its mode turns out not to be possible."""
        await self._failing.wait()
        assert self._failure is not None
        return self._failure

    def _note_failure(self, task: str, error: BaseException) -> None:
        del task  # whichever it is: a node without one of them is none
        self._fail(error)

    def _fail(self, error: BaseException) -> None:
        if not self._failing.is_set():
            self._failure = error
            self._failing.set()

    def _progress(self) -> None:
        self._core.progress += 1

    async def _tick(self) -> None:
        while True:
            self._core.tick()
            await self._core.parts.clock.sleep(self._core.parts.settings.poll_s / 4)

    def _report(self, beat: Beat) -> None:
        """Take a beat from the heart, on whatever thread it runs."""
        self._core.report(beat)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._beaten, beat)

    def _beaten(self, beat: Beat) -> None:
        self._observer.own_beat(beat)
        leadership = self._core.leadership
        if leadership is None or beat.sent is None or beat.sent.epoch != leadership.epoch:
            return
        if beat.fenced_by:
            self._incumbent.ended(leadership, f"epoch {beat.fenced_by} follows")
        elif beat.confirmed:
            self._core.door.wake()  # perhaps the lease had lapsed

    async def _run(self) -> None:
        """Look at the plane once a poll, and sooner when there is a reason."""
        while True:
            try:
                await self._look()
                if self._core.alarm and not self._hearsay.stands:
                    await self._all_clear()
            except StoreError as error:
                log.warning("store", extra={"fields": {"why": error.message}})
                self._observer.restart()
            except Damaged as error:
                await self._alarm(error.message)
            except BrooklineError as error:
                if self._core.waits:
                    self._fail(error)
                    return
                log.info("put off", extra={"fields": {"why": error.message}})
            due = self._candidate.due_in()
            poll = self._core.parts.settings.poll_s
            await self._core.until_look(poll if due is None else min(poll, due))

    async def _look(self) -> None:
        core = self._core
        await self._observer.look()
        if core.leadership is not None:
            await self._incumbent.duties()
            await self._hearsay.mind()
            return
        place = await core.parts.reader.catch_up()
        if place is Place.TAIL:
            core.current_at = core.parts.clock.monotonic()
        self._mind_move()
        self._mind_hole()
        self._incumbent.note_ban()
        if core.parts.store.broken:
            await self._break(core.parts.store.broken)
        if core.waits:
            admission.refuse_second_master(core)
        await self._observer.prove_silence()
        if place is Place.TAIL:
            await self._candidate.consider()
            await self._petition.consider()
        else:
            self._candidate.put_off()

    def _mind_move(self) -> None:
        """End the node's part in a log that its plane has left.

        Raises:
            Conflict: If it has.
        """
        try:
            admission.refuse_moved(self._core)
        except Conflict as error:
            self._fail(error)
            raise

    def _mind_hole(self) -> None:
        """Say once that an entry is missing, and once that it is there; nobody can lead meanwhile.

        A store may be slow to show it. If it stays missing, the reader raises the alarm.
        """
        missing = self._core.parts.reader.missing
        if missing and missing != self._missing:
            log.warning("entry is missing", extra={"fields": {"key": missing}})
        elif self._missing and not missing:
            log.info("no entry is missing any more")
        self._missing = missing

    async def _break(self, why: str) -> None:
        """Say that this connection to the store can make nothing durable any more.

        Raises:
            Damaged: Always; the node takes no part until it is started anew.
        """
        error = StoreError(f"this node can make nothing durable any more: {why}; start it anew")
        self._fail(error)
        raise Damaged(error.message)

    async def _alarm(self, why: str) -> None:
        """Halt at what is damaged: show the alarm, take no part, until it is repaired."""
        core = self._core
        if why != core.alarm:
            log.critical("alarm", extra={"fields": {"why": why}})
        core.alarm = why
        async with core.course:
            if core.leadership is None and core.state is not NodeState.TERMINATED:
                core.move(NodeState.FAILED)

    async def _all_clear(self) -> None:
        core = self._core
        core.alarm = ""
        async with core.course:
            if core.state is NodeState.FAILED:
                await core.rest()
