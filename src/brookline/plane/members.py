"""Members: the nodes of a plane as one of them shows them to people."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

from brookline.plane.states import NodeState, read_state

if TYPE_CHECKING:
    from brookline.plane.settings import PlaneSettings
    from brookline.plane.watch import Sighting
    from brookline.wire.heartbeats import Heartbeat

_ENDED = frozenset({NodeState.TERMINATED.value, NodeState.FAILED.value})

_SOON_POLLS = 3
"""A master that leads no more says in so many polls what it has become, if it lives."""


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A node of the plane.

    Attributes:
        heartbeat: What it last said of itself.
        state: Its state. Who is the master is what the log says, whatever a node said last, so that
            there are never two; FAILED if its heartbeat has lapsed, or its process is gone.
        age_ms: For how long its counter has not risen, or since it was first seen.
        risen_wall_ms: The observer's wall clock when it last rose, or None; AMP's `remoteTimestamp`.
        rank: Place in the line of succession from 0, or None if it does not stand.
        is_master: Whether it leads.
        is_me: Whether it is the node that was asked.
    """

    heartbeat: Heartbeat
    state: NodeState
    age_ms: int
    risen_wall_ms: int | None
    rank: int | None
    is_master: bool
    is_me: bool


def describe(
    sighting: Sighting,
    *,
    now: float,
    settings: PlaneSettings,
    line: list[str],
    master: str,
    me: str,
    gone: bool,
) -> Member:
    """Return how a node is shown that others have seen so.

    Args:
        sighting: What was seen.
        now: Monotonic time.
        settings: Times of the plane.
        line: Instances in the order of succession.
        master: Instance that leads, or empty.
        me: The instance that is asked.
        gone: Whether its process is proved to be gone.
    """
    heartbeat = sighting.heartbeat
    instance, silent_s = heartbeat.instance, now - sighting.since
    # A silence counts anew after one of the observer; how long ago something was seen does not.
    seen_s = silent_s if sighting.risen == -math.inf else now - sighting.risen
    return Member(
        heartbeat=heartbeat,
        state=_state(
            heartbeat,
            leads=instance == master,
            failed=gone or silent_s >= settings.timeout_s,
            just_heard=silent_s < _SOON_POLLS * settings.poll_s,
        ),
        age_ms=round(seen_s * 1000),
        risen_wall_ms=sighting.risen_wall_ms,
        rank=line.index(instance) if instance in line else None,
        is_master=instance == master,
        is_me=instance == me,
    )


def _state(heartbeat: Heartbeat, *, leads: bool, failed: bool, just_heard: bool) -> NodeState:
    if heartbeat.state in _ENDED:
        return read_state(heartbeat.state)
    if failed:
        return NodeState.FAILED
    if leads and not heartbeat.stopped:
        return NodeState.MASTER
    if heartbeat.state == NodeState.MASTER.value:
        return NodeState.INITIALIZING if just_heard else NodeState.FAILED
    return read_state(heartbeat.state)
