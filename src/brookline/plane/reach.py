"""Reach: which nodes reach the master at its address, and what follows if most do not.

Who writes to the store leads, whether others reach it or not: they only say so in their heartbeats.
Where that is wished, a master whom most of them have not reached for long is asked to resign, by
mail, which goes through the store.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from brookline.journal.standing import HISTORY
from brookline.plane.mail import Letter, wish
from brookline.plane.states import NodeState

if TYPE_CHECKING:
    from brookline.plane.candidate import Candidate
    from brookline.plane.core import Core
    from brookline.plane.mail import Mailbox
    from brookline.plane.observer import Observer
    from brookline.wire.heartbeats import Heartbeat

log = logging.getLogger("brookline.plane")

NOT_REACHED = "not reached by"
"""Begins the reason with which a node asks a master to resign for this."""

_ENDED_SO = wish("asked for", "", reason=NOT_REACHED)
"""Begins, in the history, how such a mastership ended."""

FEWEST = 2
"""One node alone cannot tell whether the master is cut off, or it itself."""

PATIENCE_S = 600.0
"""After a mastership that ended so, for how long the next one is left alone: where no node reaches
any other, who leads makes no difference."""


class Contact:
    """What a node knows of its own way to the master; the heart reads it from its own thread."""

    def __init__(self) -> None:
        self._way: tuple[str, float | None] = ("", None)

    def turn_to(self, master: str) -> None:
        """Begin anew if this is another master; empty while there is none to reach."""
        if master != self._way[0]:
            self._way = (master, None)

    def reached(self) -> None:
        """Note that the master was heard on the line."""
        self._way = (self._way[0], None)

    def missed(self, now: float) -> None:
        """Note that it was not, at this monotonic time."""
        master, since = self._way
        self._way = (master, now if since is None else since)

    def restart(self, now: float) -> None:
        """Begin the time anew, after this node was in trouble itself."""
        master, since = self._way
        self._way = (master, None if since is None else now)

    def told(self, now: float) -> tuple[str, int]:
        """Return the master's instance, and for how many milliseconds it was not reached."""
        master, since = self._way
        return master, 0 if since is None else max(1, round((now - since) * 1000))


class Petition:
    """Asks a master to resign to this node that most others do not reach, if that is wished.

    Args:
        core: The node's.
        observer: What the node sees of others.
        candidate: Knows the line of succession.
        mailbox: Of the node.
    """

    def __init__(
        self, core: Core, observer: Observer, *, candidate: Candidate, mailbox: Mailbox
    ) -> None:
        self._core = core
        self._observer = observer
        self._candidate = candidate
        self._mailbox = mailbox
        self._asked = (0, 0.0)

    async def consider(self) -> None:
        """Ask, if it is this node's turn.

        Raises:
            StoreError: If the letter may not have been left.
        """
        core, limit_s = self._core, self._core.parts.settings.unreached_s
        standing = core.parts.replica.standing
        if not limit_s or not standing.active or standing.resigned or standing.owner == core.me:
            return
        others = self._others(standing.owner)
        missing = [each.instance for each in others if misses(each, standing.owner, limit_s)]
        # Who reaches it may be cut off together with it.
        line = [each for each in self._candidate.ranking() if each in missing]
        if is_majority(len(missing), len(others)) and line[:1] == [core.me] and self._may_ask():
            await self._ask(standing.owner, len(missing), len(others))

    async def _ask(self, master: str, missing: int, others: int) -> None:
        core, limit_s = self._core, self._core.parts.settings.unreached_s
        epoch = core.parts.replica.epoch
        self._asked = (epoch, core.parts.clock.monotonic())
        why = f"{NOT_REACHED} {missing} of {others} other nodes for {limit_s:g} s"
        log.warning("asks the master to resign", extra={"fields": {"epoch": epoch, "why": why}})
        await self._mailbox.send(master, Letter(core.me, epoch, reason=why))

    def _others(self, master: str) -> list[Heartbeat]:
        """Return what the living nodes say of themselves, but for the master."""
        core = self._core
        heard = [
            sighting.heartbeat
            for sighting in core.watch
            if self._candidate.is_fresh(sighting)
            and sighting.heartbeat.instance not in (core.me, master)
            and sighting.heartbeat.state != NodeState.TERMINATED.value
        ]
        return [core.heartbeat(), *heard]

    def _may_ask(self) -> bool:
        core, now = self._core, self._core.parts.clock.monotonic()
        epoch, limit_s = core.parts.replica.epoch, core.parts.settings.unreached_s
        asked, at = self._asked
        if asked == epoch and now - at < limit_s:
            return False
        before = core.parts.replica.records.get(HISTORY, str(epoch - 1)) or {}
        in_vain = str(before.get("endReason", "")).startswith(_ENDED_SO)
        return not in_vain or now - self._observer.situation().watched_since >= PATIENCE_S


def misses(heartbeat: Heartbeat, master: str, limit_s: float) -> bool:
    """Tell whether a node says that it has not reached that master for so long."""
    return heartbeat.line == master and heartbeat.unreached_ms >= 1000 * limit_s


def is_majority(missing: int, others: int) -> bool:
    """Tell whether so many of the nodes beside the master are most of them, and enough."""
    return missing >= FEWEST and 2 * missing > others
