"""What an administrator asks of one node: its mode, and a switchover."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from brookline.errors import BrooklineError, Conflict, InvalidInput
from brookline.plane.mail import Letter, wish
from brookline.plane.states import Mode, NodeState

if TYPE_CHECKING:
    from collections.abc import Callable

    from brookline.plane.candidate import Candidate
    from brookline.plane.core import Core
    from brookline.plane.incumbent import Incumbent
    from brookline.plane.members import Member
    from brookline.plane.observer import Observer

log = logging.getLogger("brookline.plane")

_MAIL_POLLS = 3
"""How many polls a master may take to answer "resign to me" before it is replaced by force."""


class Admin:
    """Carries out one administrator's request at a time.

    Args:
        core: The node's.
        observer: What the node sees of others.
        candidate: Stands in elections.
        incumbent: Ends masterships.
        started: Set once the node takes part in the plane.
    """

    def __init__(
        self,
        core: Core,
        observer: Observer,
        *,
        candidate: Candidate,
        incumbent: Incumbent,
        started: asyncio.Event,
    ) -> None:
        self._core = core
        self._started = started
        self._observer = observer
        self._candidate = candidate
        self._incumbent = incumbent
        self._one = asyncio.Lock()

    async def set_mode(self, mode: Mode, user: str, *, reason: str = "") -> NodeState:
        """Become what `mode` says, tell the others, and return the state before.

        Source: Brookline follows Brooklyn: the answer is the state before the change, and comes
        after it was carried out.

        Raises:
            Conflict: If the change could not be carried out.
            StoreError: If the store does not answer.
        """
        async with self._one:
            core = self._core
            if not self._started.is_set() or core.leaving:
                raise Conflict(
                    "this node is about to start, or to end; it cannot change its mode now"
                )
            before, former, core.mode = core.state, core.mode, mode
            try:
                await self._become(mode, user, reason=reason)
            except BaseException:
                core.mode = former
                raise
            core.look_now()
            await core.pulse.beat()
            return before

    async def set_priority(self, priority: int) -> int:
        """Set the priority, tell the others at once, and return what it was."""
        before, self._core.priority = self._core.priority, priority
        if self._started.is_set():
            await self._core.pulse.beat()
        return before

    async def _become(self, mode: Mode, user: str, *, reason: str) -> None:
        if mode is Mode.MASTER:
            await self._lead(user, reason)
        elif self._core.leadership is not None:
            await self._demote(mode, user, reason=reason)
        else:
            await self._rest()

    async def _rest(self) -> None:
        async with self._core.course:
            if self._core.leadership is None:
                await self._core.rest()

    async def switchover(
        self, to: str, user: str, *, reason: str, members: Callable[[], list[Member]]
    ) -> str:
        """Hand over to another node, by instance id or name, and return the new master's instance.

        Who wants it and why is kept in the history. What nodes say is read anew first: one that has
        just been told to stand by no more has said so before that was answered.

        Raises:
            NotMaster: If this node does not lead.
            InvalidInput: If there is no such node, or it could not lead.
            Conflict: If nobody became active in time.
        """
        try:
            await self._observer.look()
        except BrooklineError:
            log.info("what other nodes say may be out of date")
        heir, told = _heir(to, members()), wish("switchover", user, reason=reason)
        successor = await self._incumbent.hand_over(heir, reason=told, leave=False)
        if not successor:
            raise Conflict("this node resigned, but nobody has become active yet; see 'ha status'")
        return successor

    async def _demote(self, mode: Mode, user: str, *, reason: str) -> None:
        if mode is Mode.AUTO:
            return
        told = wish(f"demoted to {mode.value}", user, reason=reason)
        await self._incumbent.hand_over(reason=told, leave=True)

    async def _lead(self, user: str, reason: str) -> None:
        """Have the master resign to this node; if it does not answer in three polls, force it."""
        core, replica = self._core, self._core.parts.replica
        async with core.course:
            if core.serving:
                return
        if core.state in (NodeState.FAILED, NodeState.HOT_BACKUP):
            await self._rest()
        epoch = replica.epoch
        await self._ask_master(Letter(core.me, epoch, user, reason))
        for _ in range(4 * _MAIL_POLLS):
            await core.parts.clock.sleep(core.parts.settings.poll_s / 4)
            if core.serving:
                return
            await self._observer.hint()
        if replica.epoch == epoch:
            await self._candidate.force(user, reason)
        async with core.course:  # a promotion that is under way may take longer than the polls
            leads = core.serving
        if not leads:
            raise Conflict(
                "this node did not become master; see 'brookline ha history' and the log"
            )

    async def _ask_master(self, letter: Letter) -> None:
        core, standing = self._core, self._core.parts.replica.standing
        master = self._observer.master()
        if master is None or standing.resigned or master.instance == core.me:
            return
        await self._incumbent.mailbox.send(master.instance, letter)
        await core.parts.peers.nudge(master)


def _heir(to: str, members: list[Member]) -> str:
    if not to:
        return ""
    able = [member.heartbeat for member in members if member.rank is not None and not member.is_me]
    for heartbeat in able:
        if to in (heartbeat.instance, heartbeat.name):
            return heartbeat.instance
    known = ", ".join(heartbeat.name for heartbeat in able) or "nobody"
    raise InvalidInput(f"node {to!r} could not lead now; those that could: {known}")
