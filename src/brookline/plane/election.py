"""Election: who tries first. Pure; it only avoids crowds, for the log picks the winner.

Source: the order is that of Brooklyn's `AlphabeticMasterChooser`: priority, release before
snapshot, version, state, id; readiness comes before the state here.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

from brookline.plane.states import ELECTABLE, NodeState, read_state

if TYPE_CHECKING:
    from collections.abc import Iterable

    from brookline.plane.watch import Sighting
    from brookline.wire.heartbeats import Heartbeat

RANK_WAIT_S = 1.0
"""How long each rank waits longer than the one before it."""

_LAG_STEP_MS = 1_000
"""Copies whose lag differs by less than this are equally good."""


@dataclasses.dataclass(frozen=True, slots=True)
class Ballot:
    """What an election is decided on.

    Attributes:
        replaced: Instance that is replaced, which does not stand; empty if it may.
        heir: Instance that a resignation names, or empty.
        now: Monotonic time.
        fresh_s: A candidate must have beaten within so many seconds.
    """

    replaced: str
    heir: str
    now: float
    fresh_s: float


def candidates(sightings: Iterable[Sighting], ballot: Ballot, me: Heartbeat) -> list[str]:
    """Return the instances that stand, best first; `me` is always seen to beat."""
    standing = [
        sighting.heartbeat
        for sighting in sightings
        if ballot.now - sighting.risen <= ballot.fresh_s
        and sighting.heartbeat.instance != me.instance
    ]
    standing.append(me)
    able = [h for h in standing if _stands(h) and h.instance != ballot.replaced]
    able.sort(key=lambda heartbeat: _order(heartbeat, ballot.heir))
    return [heartbeat.instance for heartbeat in able]


def delay_s(rank: int, *, heir: str, me: str, hop_wait_s: float, jitter: float) -> float:
    """Return how long a candidate of this rank waits before it tries the fence.

    Args:
        rank: 0 for the first.
        heir: Instance that a resignation names, or empty.
        me: This instance.
        hop_wait_s: Head start of the heir.
        jitter: A random number from 0 to 1.
    """
    wait = rank * RANK_WAIT_S * (1 + jitter / 2) if rank else 0.0
    return wait + hop_wait_s if heir and heir != me else wait


def version_order(version: str) -> tuple[int, tuple[tuple[int, str], ...]]:
    """Return a key under which better versions are greater: releases, then natural order."""
    if not version:
        return 0, ()
    release = 1 if "SNAPSHOT" in version.upper() or "dev" in version else 2
    parts = re.findall(r"\d+|[A-Za-z]+", version)
    return release, tuple((int(p), "") if p.isdigit() else (-1, p) for p in parts)


def _stands(heartbeat: Heartbeat) -> bool:
    return not heartbeat.leaving and read_state(heartbeat.state) in ELECTABLE


def _order(heartbeat: Heartbeat, heir: str) -> tuple[object, ...]:
    release, version = version_order(heartbeat.version)
    return (
        heartbeat.instance != heir,
        -heartbeat.priority,
        -release,
        _Reversed(version),
        not heartbeat.ready,
        heartbeat.lag_ms // _LAG_STEP_MS,
        heartbeat.state != NodeState.HOT_STANDBY.value,
        heartbeat.instance,
    )


@dataclasses.dataclass(frozen=True, slots=True)
class _Reversed:
    """Sorts greater values first."""

    value: tuple[tuple[int, str], ...]

    def __lt__(self, other: _Reversed) -> bool:
        return other.value < self.value
