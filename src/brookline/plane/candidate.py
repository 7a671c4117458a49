"""The candidate: from a vacancy to mastership, or back to rest."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotMaster, StoreError
from brookline.journal.fencing import Fencer, Lost, Won
from brookline.plane.core import Claim
from brookline.plane.election import Ballot, candidates, delay_s
from brookline.plane.leadership import Leadership
from brookline.plane.mail import wish
from brookline.plane.states import ELECTABLE, NodeState
from brookline.plane.vacancy import Reason, Vacancy, find_vacancy
from brookline.wire.entries import Active, Fence, Resign

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.plane.core import Core
    from brookline.plane.observer import Observer
    from brookline.plane.watch import Sighting

log = logging.getLogger("brookline.plane")

_FIRST_COOLING_S = 1.0
_LONGEST_COOLING_S = 60.0

_UNSETTLED = frozenset({Reason.SILENCE, Reason.FORCED})
"""Reasons after which the old master may still act in the world, as after a guess."""


class Candidate:
    """Stands in elections for one node.

    Args:
        core: The node's.
        observer: What the node sees of others.
        ended: Called when a mastership that this candidate began ends by itself.
    """

    def __init__(
        self, core: Core, observer: Observer, ended: Callable[[Leadership, BrooklineError], None]
    ) -> None:
        parts = core.parts
        self._core = core
        self._observer = observer
        self._ended = ended
        self._fencer = Fencer(
            parts.store, parts.reader, parts.replica, node=core.me, clock=parts.clock,
            randomness=parts.randomness, rules=parts.rules,
        )  # fmt: skip
        self._vacancy: Vacancy | None = None
        self._decided_at = 0.0
        self._detect_s = 0.0
        self._due_at = 0.0
        self._failures = 0
        self._inherited = False
        self._counter = 0

    async def consider(self) -> None:
        """Look for a vacancy, and fill it when this node's turn has come.

        Raises:
            Damaged: If the log is.
            StoreError: If the store does not answer.
        """
        vacancy = find_vacancy(self._observer.situation())
        if vacancy is None or not self._may_try(vacancy):
            self._vacancy = None
            return
        now = self._core.parts.clock.monotonic()
        if self._is_new(vacancy):
            self._decided_at, self._detect_s = now, now - vacancy.since
            self._due_at = now + self._delay(vacancy)
        self._vacancy = vacancy
        if now >= self._due_at:
            async with self._core.course:
                if self._may_try(vacancy):
                    await self._promote(vacancy)

    def put_off(self) -> None:
        """Forget the vacancy, if there is one, until it can be filled: not all of the log is here."""
        self._vacancy = None

    def due_in(self) -> float | None:
        """Return after how many seconds this node's turn comes, or None if there is no vacancy."""
        if self._vacancy is None:
            return None
        return max(0.0, self._due_at - self._core.parts.clock.monotonic())

    def ranking(self) -> list[str]:
        """Return the instances that would stand if the master left now, best first."""
        core = self._core
        standing = core.parts.replica.standing
        vacancy = Vacancy(Reason.RESIGNED, standing.owner, core.parts.replica.epoch, 0.0)
        return candidates(core.watch, self._ballot(vacancy), core.heartbeat())

    async def force(self, user: str, reason: str = "") -> None:
        """Take the log over from a master that does not answer; the history says so."""
        core, now = self._core, self._core.parts.clock.monotonic()
        async with core.course:
            if core.leaving or core.leadership is not None:
                return
            owner = self._core.watch.find(core.parts.replica.standing.owner)
            asked = wish("asked for", user or "the platform", reason=reason)
            forced = Vacancy(
                Reason.FORCED, core.parts.replica.standing.owner, core.parts.replica.epoch,
                since=owner.since if owner else now,
                evidence=f"{asked}; the master did not resign",
            )  # fmt: skip
            vacancy = find_vacancy(self._observer.situation()) or forced
            self._decided_at, self._detect_s = now, max(0.0, now - vacancy.since)
            await self._promote(vacancy)

    async def _promote(self, vacancy: Vacancy) -> None:
        """Become master, or come to rest again.

        A promotion that fails resigns, with a cool-down that grows; the node never stops trying.
        """
        core = self._core
        self._vacancy = None
        before = core.watch.find(vacancy.owner)
        self._counter = before.heartbeat.counter if before else 0
        waited = core.waits
        core.move(NodeState.INITIALIZING)
        core.claim = Claim(campaigning=True)
        try:
            outcome = await self._fence(vacancy)
        finally:
            core.claim = Claim()
        if isinstance(outcome, Lost):
            log.info("fence not won", extra={"fields": {"why": outcome.reason}})
            if not waited:
                await core.rest()
            return
        await self._lead(Leadership(core.parts, self._ended), vacancy)

    async def _lead(self, leadership: Leadership, vacancy: Vacancy) -> None:
        core, settings = self._core, self._core.parts.settings
        unsettled = core.parts.replica.standing.unsettled
        core.act_after = core.parts.clock.boottime() + (settings.timeout_s if unsettled else 0.0)
        core.claim = Claim(leadership=leadership)
        leadership.writer.on_commit = core.line.say
        leadership.begin()
        try:
            await self._take_over(leadership, vacancy)
        except Exception as error:  # noqa: BLE001 - whatever a tenant fails with, another must lead
            await self._give_up(leadership, error)
        else:
            self._failures = 0

    async def _fence(self, vacancy: Vacancy) -> Won | Lost:
        core, clock = self._core, self._core.parts.clock

        def draft() -> Fence:
            return Fence(
                name=core.parts.identity.name, reason=vacancy.reason.value, replaces=vacancy.owner,
                evidence=vacancy.evidence, detect_ms=round(self._detect_s * 1000),
                elect_ms=round((clock.monotonic() - self._decided_at) * 1000), guess=vacancy.guess,
                unsettled=self._unsettled(vacancy),
            )  # fmt: skip

        def still() -> bool:
            if core.parts.replica.epoch != vacancy.epoch or core.parts.replica.standing.moved:
                return False
            forced = vacancy.reason is Reason.FORCED
            return forced or find_vacancy(self._observer.situation()) is not None

        try:
            return await self._fencer.fence(draft, still)
        except StoreError as error:
            return Lost(error.message)

    async def _take_over(self, leadership: Leadership, vacancy: Vacancy) -> None:
        """From the fence to `active`: only then this node reports MASTER.

        Raises:
            NotMaster: If the mastership ended meanwhile.
        """
        core, clock = self._core, self._core.parts.clock
        begun = clock.monotonic()
        fields = {"epoch": leadership.epoch, "why": vacancy.reason.value}
        log.info("fence", extra={"fields": fields})
        beat = await core.pulse.beat()
        if beat.fenced_by:
            raise NotMaster(f"epoch {beat.fenced_by} follows already")
        await self._settle(vacancy)
        await core.show()
        opening = core.tenant.opening(core.parts.replica.records)
        replay_ms = round((clock.monotonic() - begun) * 1000)
        await leadership.append(Active(replay_ms, opening.items, opening.interrupted))
        if core.leadership is not leadership:
            raise NotMaster("the mastership ended during the promotion")
        leadership.serve()
        core.line.open()
        core.waits = False
        core.serving = True
        core.move(NodeState.MASTER)
        log.info("master", extra={"fields": {"epoch": leadership.epoch}})
        self._observer.tell_all()
        await core.act(leadership)
        await core.pulse.beat()

    async def _settle(self, vacancy: Vacancy) -> None:
        """See whether one that was silent has stayed so until the fence.

        No heartbeat can be confirmed from the fence on; so if there was none before it either, the
        old lease has run out.
        """
        core = self._core
        if vacancy.reason is not Reason.SILENCE:
            return
        try:
            silent = not await self._observer.has_beaten(vacancy.owner, self._counter)
        except StoreError:
            return
        if silent and not self._inherited:
            core.act_after = core.parts.clock.boottime()

    async def _give_up(self, leadership: Leadership, error: Exception) -> None:
        core, clock = self._core, self._core.parts.clock
        self._failures += 1
        cooling = min(_FIRST_COOLING_S * 2 ** (self._failures - 1), _LONGEST_COOLING_S)
        core.cool_until = clock.monotonic() + cooling
        log.error(
            "promotion failed", exc_info=error,
            extra={"fields": {"epoch": leadership.epoch, "again_in_s": cooling}},
        )  # fmt: skip
        core.serving = False
        core.line.close()
        await core.cease()
        if core.leadership is leadership:
            await self._resign(leadership, error)
        core.depose()
        core.claim = Claim()
        await leadership.end("the promotion failed")
        await core.rest()
        core.look_now()

    async def _resign(self, leadership: Leadership, error: Exception) -> None:
        try:
            async with asyncio.timeout(self._core.parts.settings.exit_wait_s):
                await leadership.resign(Resign(reason=f"promotion failed: {error}", failed=True))
        except (BrooklineError, TimeoutError):
            log.info("the failed promotion could not be resigned")
        self._observer.tell_all()

    def _unsettled(self, vacancy: Vacancy) -> bool:
        """Tell whether some master of before may still act in the world.

        Besides the one that is replaced now, that may be one whose successor came and went before
        the old lease had run out.
        """
        standing, epoch = self._core.parts.replica.standing, self._core.parts.replica.epoch
        owner = self._core.watch.find(standing.owner)
        settled = owner and owner.heartbeat.epoch == epoch and owner.heartbeat.settled
        self._inherited = standing.unsettled and not settled
        return self._inherited or vacancy.guess or vacancy.reason in _UNSETTLED

    def _may_try(self, vacancy: Vacancy) -> bool:
        core, now = self._core, self._core.parts.clock.monotonic()
        if core.leaving or core.claim != Claim() or not (core.state in ELECTABLE or core.waits):
            return False
        alone = not [i for i in self._others(vacancy) if i != core.me]
        if not core.may_stand(now, alone=alone):
            return False
        own = vacancy.reason is Reason.LEADS_NO_MORE and vacancy.owner == core.me
        return not own or alone or now - core.stopped_at >= core.parts.settings.write_wait_s

    def _is_new(self, vacancy: Vacancy) -> bool:
        before = self._vacancy
        return before is None or (before.epoch, before.reason) != (vacancy.epoch, vacancy.reason)

    def _delay(self, vacancy: Vacancy) -> float:
        core = self._core
        order = self._others(vacancy)
        rank = order.index(core.me) if core.me in order else len(order)
        return delay_s(
            rank, heir=vacancy.heir, me=core.me, hop_wait_s=core.parts.settings.hop_wait_s,
            jitter=core.parts.randomness.random(),
        )  # fmt: skip

    def is_fresh(self, sighting: Sighting) -> bool:
        """Tell whether an instance was seen to beat of late."""
        return self._core.parts.clock.monotonic() - sighting.risen <= self._fresh_s()

    def _fresh_s(self) -> float:
        settings = self._core.parts.settings
        return max(3 * settings.poll_s, settings.timeout_s / 3)

    def _others(self, vacancy: Vacancy) -> list[str]:
        return candidates(self._core.watch, self._ballot(vacancy), self._core.heartbeat())

    def _ballot(self, vacancy: Vacancy) -> Ballot:
        mine = vacancy.owner == self._core.me
        return Ballot(
            replaced="" if mine else vacancy.owner, heir=vacancy.heir,
            now=self._core.parts.clock.monotonic(),
            fresh_s=self._fresh_s(),
        )  # fmt: skip
