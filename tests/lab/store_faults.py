"""What can happen to a store."""

from __future__ import annotations

CUT, READ_ONLY, UNHEARD = "store cut", "store read-only", "store unheard"
SLOW_STORE, LOSSY_STORE = "slow store", "packets to the store lost"
"""Of one node: it reaches nothing, can write nothing, hears no answer; hears it late, or lossy."""

STOP, FULL, KILL_STORE = "store stopped", "disk full", "store killed"
"""Of all nodes: there are no answers, no room, or nobody who listens."""

OF_A_FOLDER = (CUT, READ_ONLY, STOP, FULL)
OF_A_SERVER = (CUT, UNHEARD, SLOW_STORE, LOSSY_STORE, STOP, KILL_STORE)
"""What can happen to a store of each make."""

OF_ONE, OF_ALL = (CUT, READ_ONLY, UNHEARD, SLOW_STORE, LOSSY_STORE), (STOP, FULL, KILL_STORE)


class NotNow(Exception):
    """A fault cannot begin at this moment."""
