"""The lease: whether a master may act in the world at this moment.

The log needs no lease: a fence makes every append of an old master fail. The lease is for what the
log cannot fence, such as starting a command on a machine or telling a load balancer "I am master".
It counts on CLOCK_BOOTTIME from the *start* of the last confirmed heartbeat, so that a node
believes in its mastership for less time than the others do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from brookline.values.clock import Clock

_START_SHARE = 2 / 3
"""Share of the time-out after which nothing new is started, as in Kubernetes' leader election."""


class Lease:
    """Renewed by confirmed heartbeats, from the heart's thread; asked from everywhere.

    Args:
        clock: Counts while the machine sleeps, too.
        timeout_s: `brooklyn.ha.heartbeatTimeout`.
    """

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._timeout_s = timeout_s
        self._held: tuple[int, float] = (0, 0.0)

    def renew(self, epoch: int, started: float) -> None:
        """Note a heartbeat under `epoch` that was confirmed and begun at boot time `started`."""
        self._held = (epoch, started)

    def holds(self, epoch: int) -> bool:
        """Tell whether this node may still say that it leads under `epoch`."""
        return self.left_s(epoch) > 0

    def may_start(self, epoch: int) -> bool:
        """Tell whether something new may be started in the world under `epoch`."""
        return self.left_s(epoch) > self._timeout_s * (1 - _START_SHARE)

    def left_s(self, epoch: int) -> float:
        """Return for how many seconds it holds yet, or something below if it does not."""
        held, started = self._held
        return started + self._timeout_s - self._clock.boottime() if held == epoch else 0.0
