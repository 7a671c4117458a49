"""Settings of the API."""

from __future__ import annotations

import dataclasses
import enum


class NonMasterWrites(enum.Enum):
    """`brookline.nonMasterWrites`: what a node does with a write when it is not the master."""

    FORWARD = "forward"
    """Have the master carry it out."""

    REDIRECT = "redirect"
    """Name the master's address with 307."""

    REFUSE = "refuse"
    """Answer 403, as AMP does."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """Settings of the API."""

    non_master_writes: NonMasterWrites = NonMasterWrites.FORWARD
    """`brookline.nonMasterWrites`."""

    body_max_bytes: int = 64 << 20
    """The largest body that is read."""

    sequence_wait_s: float = 10.0
    """How long a read waits for the sequence that its client has seen."""

    poll_s: float = 1.0
    """`brooklyn.ha.pollPeriod`, to be shown."""

    timeout_s: float = 30.0
    """`brooklyn.ha.heartbeatTimeout`, to be shown."""

    events_clients: int = 1000
    """`brookline.events.clients`."""

    events_kept: int = 20_000
    """Changes that are kept for clients that come back."""

    events_beat_s: float = 5.0
    """`brookline.events.beat`."""
