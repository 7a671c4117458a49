"""The watch: which instances beat, timed on this node's own clock.

An observer times "this counter has not risen". Nobody's timestamps are compared, so clocks need
not agree. A newcomer calls a heartbeat alive once it has seen it rise; one that has not risen in two
polls is unknown, not dead: silence takes the whole time-out for it, too.
"""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from brookline.wire.heartbeats import Heartbeat


@dataclasses.dataclass(slots=True)
class Sighting:
    """What this node has seen of an instance.

    Attributes:
        heartbeat: The newest one; a late write of an older one is passed over.
        since: Monotonic time at which the counter last rose, or the watch of it began, or began anew.
        risen: Monotonic time at which the counter last rose; minus infinity if it never did.
        rises: How often it was seen to rise.
        risen_wall_ms: This node's wall clock when it last rose, or None; AMP's `remoteTimestamp`.
        progress_since: Monotonic time at which a promotion's progress last rose.
    """

    heartbeat: Heartbeat
    since: float
    rises: int = 0
    risen_wall_ms: int | None = None
    progress_since: float = 0.0
    risen: float = -math.inf


class Watch:
    """Sightings of all instances.

    Attributes:
        looked: Monotonic time before which every heartbeat was seen that is not seen yet.
    """

    def __init__(self) -> None:
        self.looked = 0.0
        self._sightings: dict[str, Sighting] = {}

    def __iter__(self) -> Iterator[Sighting]:
        return iter(list(self._sightings.values()))

    def find(self, instance: str) -> Sighting | None:
        """Return what was seen of an instance, or None."""
        return self._sightings.get(instance)

    def see(
        self, found: Mapping[str, Heartbeat | None], *, began: float, now: float, wall_ms: int
    ) -> None:
        """Take note of all heartbeats that the store shows.

        Args:
            found: By instance; None for one that cannot be read, as after a power cut.
            began: Monotonic time at which this node began to ask.
            now: Monotonic time.
            wall_ms: This node's wall clock.
        """
        for gone in self._sightings.keys() - found.keys():
            del self._sightings[gone]
        for instance, heartbeat in found.items():
            before = self._sightings.get(instance)
            if heartbeat is None:
                continue
            if before is None:
                self._sightings[instance] = Sighting(heartbeat, now, progress_since=now)
            elif heartbeat.counter > before.heartbeat.counter:
                self._rise(before, heartbeat, now, wall_ms)
            elif heartbeat.counter == before.heartbeat.counter:
                # Its home's next start may have marked it as terminated.
                before.heartbeat = heartbeat
        self.looked = began

    def restart(self, now: float) -> None:
        """Begin all silences anew, after this node could not write or did not run."""
        for sighting in self._sightings.values():
            sighting.since = sighting.progress_since = now

    @staticmethod
    def _rise(sighting: Sighting, heartbeat: Heartbeat, now: float, wall_ms: int) -> None:
        before = sighting.heartbeat
        advanced = (heartbeat.replayed, heartbeat.tail, heartbeat.epoch)
        if advanced != (before.replayed, before.tail, before.epoch):
            sighting.progress_since = now
        sighting.heartbeat = heartbeat
        sighting.since = sighting.risen = now
        sighting.rises += 1
        sighting.risen_wall_ms = wall_ms
