"""Vacancy: does anybody lead? A pure function of what one node knows."""

from __future__ import annotations

import dataclasses
import enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brookline.journal.standing import Standing
    from brookline.plane.watch import Sighting


class Reason(enum.Enum):
    """Why a node starts an epoch; the words of the history."""

    FIRST_START = "first start"
    RESIGNED = "resigned"
    LEADS_NO_MORE = "leads no more"
    PROCESS_GONE = "process gone"
    OWN_HOME = "own former process"
    SILENCE = "heartbeat timeout"
    STUCK = "promotion stuck"
    FORCED = "forced"


@dataclasses.dataclass(frozen=True, slots=True)
class Gone:
    """Evidence that a process is gone.

    Attributes:
        evidence: What was seen, for people.
        proved: Whether it is proved, not only concluded.
        own_home: Whether it ran on this node's own home.
        at: Monotonic time of the evidence.
    """

    evidence: str
    proved: bool
    own_home: bool
    at: float


@dataclasses.dataclass(frozen=True, slots=True)
class Vacancy:
    """Nobody leads.

    Attributes:
        reason: Why.
        owner: Instance that led before, or empty.
        epoch: Its epoch.
        since: Monotonic time of its last sign of life, as far as this node knows.
        evidence: For people.
        guess: Whether the death of the owner is concluded, not proved.
        heir: Instance that a resignation names, or empty.
    """

    reason: Reason
    owner: str
    epoch: int
    since: float
    evidence: str = ""
    guess: bool = False
    heir: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What one node knows at one moment.

    Attributes:
        epoch: The last in the log, 0 if there is none.
        standing: Who leads, as the log says.
        owner: What was seen of the fence's owner, or None.
        watched_since: Monotonic time since which this node has known of that fence.
        gone: Evidence that the owner's process is gone, or None.
        looked: Monotonic time before which every heartbeat was seen.
        now: Monotonic time.
        timeout_s: `brooklyn.ha.heartbeatTimeout`.
    """

    epoch: int
    standing: Standing
    owner: Sighting | None
    watched_since: float
    gone: Gone | None
    looked: float
    now: float
    timeout_s: float


def find_vacancy(seen: Situation) -> Vacancy | None:
    """Return why nobody leads, or None if somebody does or may, or if nobody ever shall."""
    return None if seen.standing.moved else _vacancy(seen)


def _vacancy(seen: Situation) -> Vacancy | None:
    standing, owner = seen.standing, seen.owner
    # A fence is a sign of life, too: its owner is the master from there on.
    since = max(owner.since, seen.watched_since) if owner else seen.watched_since

    def vacant(reason: Reason, evidence: str, *, guess: bool = False) -> Vacancy:
        return Vacancy(reason, standing.owner, seen.epoch, since, evidence, guess)

    if not standing.owner:
        return Vacancy(Reason.FIRST_START, "", seen.epoch, seen.now)
    if standing.resigned:
        # It said so itself: there was nothing to detect.
        return Vacancy(Reason.RESIGNED, standing.owner, seen.epoch, seen.now, heir=standing.heir)
    if seen.gone is not None and seen.gone.own_home:
        return vacant(Reason.OWN_HOME, seen.gone.evidence, guess=not seen.gone.proved)
    if owner is not None and _leads_no_more(owner, standing, seen.epoch):
        return vacant(Reason.LEADS_NO_MORE, "it says so itself")
    if seen.gone is not None:
        return vacant(Reason.PROCESS_GONE, seen.gone.evidence, guess=not seen.gone.proved)
    # Not counted until now: what was not looked at may have beaten.
    silent = seen.looked - since
    if silent >= seen.timeout_s:
        return vacant(Reason.SILENCE, f"no heartbeat for {silent:.1f} s")
    if owner is not None and not standing.active:
        stuck = seen.looked - max(owner.progress_since, seen.watched_since)
        if stuck >= seen.timeout_s:
            return vacant(Reason.STUCK, f"no progress for {stuck:.1f} s")
    return None


def _leads_no_more(owner: Sighting, standing: Standing, epoch: int) -> bool:
    """Tell whether the owner beats behind its fence and says that it does not lead any more."""
    heartbeat = owner.heartbeat
    knows_of_its_fence = heartbeat.tail >= standing.fence
    leads = heartbeat.epoch == epoch and not heartbeat.stopped
    return knows_of_its_fence and not leads
