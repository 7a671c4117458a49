"""Members: the nodes of a plane as one of them shows them to people."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from brookline.plane.states import NodeState, read_state

if TYPE_CHECKING:
    from brookline.plane.watch import Sighting
    from brookline.wire.heartbeats import Heartbeat

_ENDED = frozenset({NodeState.TERMINATED.value, NodeState.FAILED.value})


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A node of the plane.

    Attributes:
        heartbeat: What it last said of itself.
        state: Its state; FAILED if its heartbeat has lapsed, whatever it said.
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
    sighting: Sighting, *, now: float, timeout_s: float, line: list[str], master: str, me: str
) -> Member:
    """Return how a node is shown that others have seen so.

    Args:
        sighting: What was seen.
        now: Monotonic time.
        timeout_s: Silence after which a node counts as failed.
        line: Instances in the order of succession.
        master: Instance that leads, or empty.
        me: The instance that is asked.
    """
    heartbeat = sighting.heartbeat
    silent = now - sighting.since
    lapsed = silent >= timeout_s and heartbeat.state not in _ENDED
    instance = heartbeat.instance
    return Member(
        heartbeat=heartbeat,
        state=NodeState.FAILED if lapsed else read_state(heartbeat.state),
        age_ms=round(silent * 1000),
        risen_wall_ms=sighting.risen_wall_ms,
        rank=line.index(instance) if instance in line else None,
        is_master=instance == master,
        is_me=instance == me,
    )
