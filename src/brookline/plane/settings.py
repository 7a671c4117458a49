"""Settings of a plane's node."""

from __future__ import annotations

import dataclasses

from brookline.errors import InvalidInput

BEATS_BEHIND = 60
"""A call that knows the target's heartbeat counter only as it was so many beats ago is refused."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class PlaneSettings:
    """How nodes agree on a master. All times are in seconds."""

    poll_s: float = 1.0
    """`brooklyn.ha.pollPeriod`: between heartbeats, and between looks at the others."""

    timeout_s: float = 30.0
    """`brooklyn.ha.heartbeatTimeout`: silence after which a master is replaced."""

    write_wait_s: float = 10.0
    """`brookline.writeWait`: how long a write is held while nobody leads."""

    persist_period_s: float = 1.0
    """`persistPeriod`: at most this much of sensor readings is lost by `kill -9`."""

    fast_failover: bool = True
    """`brooklyn.ha.fastFailover`: replace a master at once whose process is known to be gone."""

    unreached_s: float = 0.0
    """`brookline.ha.unreachedTimeout`: a master resigns that most other nodes do not reach; 0: never."""

    standby_is_hot: bool = True
    """`brooklyn.experimental.feature.defaultStandbyIsHot`: what AUTO becomes when it does not lead."""

    hold_max: int = 10_000
    """Writes held at once while nobody leads; more are refused."""

    hold_max_bytes: int = 64 << 20
    """Bytes of the bodies of held writes."""

    made_id_s: float = 300.0
    """How long a request is remembered whose id was made at a door; only that door can repeat it."""

    given_id_s: float = 86_400.0
    """How long one is whose client gave the id."""

    ids_per_user: int = 100_000
    """How many are remembered of one user; the oldest are forgotten first."""

    gap_alarm_s: float = 60.0
    """How long an absent entry before a present one is looked for before it is called a gap."""

    batch_items: int = 1_000
    """Requests that one entry may carry."""

    snapshot_entries: int = 5_000
    """A snapshot is due after so many entries, if the last is older than `snapshot_age_s`."""

    snapshot_bytes: int = 16 << 20
    """A snapshot is due after so many bytes of log, or the size of the last one if that is more."""

    snapshot_age_s: float = 60.0
    """See `snapshot_entries`."""

    grace_s: float = 86_400.0
    """How long what was announced for collection is kept."""

    forget_s: float = 3_600.0
    """How long a terminated or failed node stays listed."""

    hop_wait_s: float = 3.0
    """Head start of the successor that a `resign` names."""

    exit_wait_s: float = 10.0
    """How long a store that hangs may hold up the end of a node."""

    def id_life_s(self, *, given: bool) -> float:
        """Return how long the id of a request lives, `given` by a client or made at a door.

        Longer than its door may hold and repeat it, and than a forward that somebody has recorded is
        believed by the node that it was meant for.
        """
        life_s = self.given_id_s if given else self.made_id_s
        return max(life_s, 4 * self.write_wait_s, 2 * BEATS_BEHIND * self.poll_s)

    def __post_init__(self) -> None:
        """Refuse settings under which the rules of the plane do not work.

        Raises:
            InvalidInput: If the time-out leaves no room for lost heartbeats.
        """
        if self.poll_s <= 0:
            raise InvalidInput("brooklyn.ha.pollPeriod must be above 0")
        if self.timeout_s < 3 * self.poll_s:
            raise InvalidInput(
                f"brooklyn.ha.heartbeatTimeout ({self.timeout_s:g} s) must be at least three times"
                f" brooklyn.ha.pollPeriod ({self.poll_s:g} s)"
            )
        if 0 != self.unreached_s < 3 * self.poll_s:
            raise InvalidInput(
                f"brookline.ha.unreachedTimeout ({self.unreached_s:g} s) must be 0, or at least three"
                f" times brooklyn.ha.pollPeriod ({self.poll_s:g} s)"
            )
