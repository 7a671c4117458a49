"""The candidate: from a vacancy to mastership, or back to rest."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, NotMaster, StoreError
from brookline.journal.fencing import Fencer, Lost, Won
from brookline.plane.election import Ballot, candidates, delay_s
from brookline.plane.leadership import Leadership
from brookline.plane.states import ELECTABLE, Mode, NodeState
from brookline.plane.vacancy import Reason, Vacancy, find_vacancy
from brookline.wire.entries import Active, Fence, Resign

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.plane.core import Core
    from brookline.plane.observer import Observer

log = logging.getLogger("brookline.plane")

_FIRST_COOLING_S = 1.0
_LONGEST_COOLING_S = 60.0

_PROOF_NEEDED = frozenset(
    {Reason.PROCESS_GONE, Reason.OWN_HOME, Reason.SILENCE, Reason.STUCK, Reason.FORCED}
)
"""Reasons after which the old master may still act in the world, if its death is not proved."""


class Candidate:
    """Stands in elections for one node.

    Args:
        core: The node's.
        observer: What the node sees of others.
        ended: Called when a mastership that this candidate began ends by itself.
    """

    def __init__(
        self, core: Core, observer: Observer, ended: Callable[[BrooklineError], None]
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
        self._due_at = 0.0
        self._failures = 0

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
            self._decided_at = now
            self._due_at = now + self._delay(vacancy)
        self._vacancy = vacancy
        if now >= self._due_at:
            await self.promote(vacancy)

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

    async def force(self, user: str) -> bool:
        """Take the log over from a master that does not answer; the history says so."""
        owner = self._core.parts.replica.standing.owner
        vacancy = Vacancy(
            Reason.FORCED, owner, self._core.parts.replica.epoch,
            since=self._core.parts.clock.monotonic(),
            evidence=f"asked for by {user or 'the platform'}; the master did not resign",
            guess=True,
        )  # fmt: skip
        self._decided_at = self._core.parts.clock.monotonic()
        return await self.promote(vacancy)

    async def promote(self, vacancy: Vacancy) -> bool:
        """Become master; tell whether this node is one now.

        A promotion that fails resigns, with a cool-down that grows; the node never stops trying.
        """
        core = self._core
        if core.mode is Mode.AUTO or core.state in ELECTABLE:
            core.move(NodeState.INITIALIZING)
        self._vacancy = None
        outcome = await self._fence(vacancy)
        if isinstance(outcome, Lost):
            log.info("fence not won", extra={"fields": {"why": outcome.reason}})
            if core.mode is not Mode.MASTER or core.parts.replica.standing.owner:
                await core.rest()
            return False
        leadership = Leadership(core.parts, self._ended)
        core.leadership = leadership
        try:
            await self._take_over(leadership, vacancy)
        except (BrooklineError, OSError, ValueError, LookupError, TypeError) as error:
            await self._give_up(leadership, error)
            return False
        self._failures = 0
        return True

    async def _fence(self, vacancy: Vacancy) -> Won | Lost:
        core, clock = self._core, self._core.parts.clock

        def draft() -> Fence:
            return Fence(
                name=core.parts.identity.name, reason=vacancy.reason.value, replaces=vacancy.owner,
                evidence=vacancy.evidence, detect_ms=round((self._decided_at - vacancy.since) * 1000),
                elect_ms=round((clock.monotonic() - self._decided_at) * 1000), guess=vacancy.guess,
            )  # fmt: skip

        def still() -> bool:
            if core.parts.replica.epoch != vacancy.epoch:
                return False
            forced = vacancy.reason is Reason.FORCED
            return forced or find_vacancy(self._observer.situation()) is not None

        try:
            return await self._fencer.fence(draft, still)
        except StoreError as error:
            return Lost(error.message)

    async def _take_over(self, leadership: Leadership, vacancy: Vacancy) -> None:
        """From the fence to `active`: only then this node reports MASTER."""
        core, clock = self._core, self._core.parts.clock
        begun = clock.monotonic()
        log.info(
            "fence", extra={"fields": {"epoch": leadership.epoch, "why": vacancy.reason.value}}
        )
        beat = await core.pulse.beat()
        if beat.fenced_by:
            raise NotMaster(f"epoch {beat.fenced_by} follows already")
        if vacancy.guess and vacancy.reason in _PROOF_NEEDED:
            core.act_after = clock.boottime() + core.parts.settings.timeout_s
        await core.show()
        leadership.writer.on_commit = core.line.say
        leadership.begin()
        opening = core.tenant.opening(core.parts.replica.records)
        replay_ms = round((clock.monotonic() - begun) * 1000)
        await leadership.append(Active(replay_ms, opening.items, opening.interrupted))
        leadership.serve()
        core.line.open()
        core.serving = True
        core.move(NodeState.MASTER)
        log.info("master", extra={"fields": {"epoch": leadership.epoch}})
        leadership.acting = True
        await core.tenant.activate(leadership.epoch)
        await core.pulse.beat()

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
        try:
            async with asyncio.timeout(core.parts.settings.exit_wait_s):
                await leadership.append(Resign(reason=f"promotion failed: {error}", failed=True))
        except (BrooklineError, TimeoutError):
            log.info("the failed promotion could not be resigned")
        await leadership.end("the promotion failed")
        core.leadership = None
        core.stopped_at = clock.monotonic()
        await core.tenant.deactivate()
        await core.rest()

    def _may_try(self, vacancy: Vacancy) -> bool:
        core, now = self._core, self._core.parts.clock.monotonic()
        waits_for_vacancy = core.state is NodeState.INITIALIZING and core.mode is Mode.MASTER
        if core.leaving or core.leadership or not (core.state in ELECTABLE or waits_for_vacancy):
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

    def _others(self, vacancy: Vacancy) -> list[str]:
        return candidates(self._core.watch, self._ballot(vacancy), self._core.heartbeat())

    def _ballot(self, vacancy: Vacancy) -> Ballot:
        settings = self._core.parts.settings
        mine = vacancy.owner == self._core.me
        return Ballot(
            replaced="" if mine else vacancy.owner, heir=vacancy.heir,
            now=self._core.parts.clock.monotonic(),
            fresh_s=max(3 * settings.poll_s, settings.timeout_s / 3),
        )  # fmt: skip
