"""The protective rules, each of which a simulation may switch off to show that it is needed."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """All on in the product. A rule that no test can miss is a rule that nobody needs."""

    keep_fences: bool = True
    """Collection never deletes a fence, so no collected slot can be created again by a late append."""

    validate_after_fence: bool = True
    """A candidate leads only if its fence is the last entry and above the newest snapshot."""

    one_append_in_flight: bool = True
    """The next append is sent only when the one before is decided."""

    same_bytes_on_undecided: bool = True
    """An append without a definite answer is repeated with the same key and the same bytes."""

    lease_stops_side_effects: bool = True
    """Without a confirmed heartbeat of late, a master starts nothing new in the world."""

    immutable_snapshots: bool = True
    """Snapshots are found by their names; there is no pointer that a stale master can move back."""

    deletes_cannot_hit: bool = True
    """A blob that is announced for collection is never referred to again."""

    close_connections_after_stop: bool = True
    """A node that stood still longer than clients wait reads nothing that they sent meanwhile."""

    not_done_only_when_unsent: bool = True
    """`not-done` is said only of what was never sent."""

    decisions_see_append_in_flight: bool = True
    """A change is decided on the records as they will be once the append in flight is applied."""

    requests_are_remembered: bool = True
    """A request has a record, in one commit with what it changes: sent again, it changes nothing."""

    confirm_heartbeats: bool = True
    """A heartbeat renews the lease only after the master looked for a fence behind its tail."""


ALL_RULES = Rules()
