"""Schedules with a point: what must not end a mastership, what must, and what shows a weakness."""

from __future__ import annotations

from tests.lab.schedule import (
    CLIENTS,
    CLOCK,
    ISOLATE,
    KILL,
    MASTER,
    NODE_NODE,
    OTHER,
    PAUSE,
    UPGRADE,
    Deed,
)
from tests.lab.store_faults import CUT, READ_ONLY, STOP

NO_REASON = [
    Deed(0.5, NODE_NODE, MASTER, 8.0),
    Deed(0.6, CLIENTS, MASTER, 8.0),
    Deed(0.7, CLOCK, MASTER, 8.0, amount=-86_400.0),
    Deed(0.8, CLOCK, OTHER, 8.0, amount=86_400.0),
    Deed(10.0, STOP, MASTER, 8.0),
]
"""All that a plane must sit out under its master, given a time-out of 6 s."""

REPLACED = [
    Deed(0.5, ISOLATE, MASTER, 6.0),
    Deed(8.0, READ_ONLY, MASTER, 6.0),
    Deed(15.5, PAUSE, MASTER, 6.0),
]
"""Three masters that cannot write, each in another way, and come back."""

UNREACHED = [Deed(0.5, NODE_NODE, MASTER, 15.0), Deed(0.51, NODE_NODE, MASTER, 15.0)]
"""Neither of the other two nodes reaches the master; clients and the store do."""

PAUSES = [Deed(0.5 + 5 * n, PAUSE, MASTER, 3.5) for n in range(3)]
KILLS = [Deed(0.5 + 2.5 * n, KILL, MASTER, 0.1) for n in range(4)]

UPGRADES = [Deed(0.5, UPGRADE, OTHER, 0.0)]
"""All nodes are replaced by ones of a later version, one after the other, the master last."""

LONG_S = 60.0

PARTED = [
    Deed(2.0, CUT, MASTER, LONG_S),
    Deed(2.0, NODE_NODE, MASTER, LONG_S),
    Deed(2.01, NODE_NODE, MASTER, LONG_S),
]
"""The master is cut off from the store and from both other nodes; clients reach all three."""

OUTAGE = [Deed(2.0, STOP, MASTER, LONG_S)]
"""The store answers nobody."""

SCRIPTS = {
    "no-reason": NO_REASON, "replaced": REPLACED, "pauses": PAUSES, "kills": KILLS,
    "upgrades": UPGRADES, "unreached": UNREACHED, "parted": PARTED, "outage": OUTAGE,
}  # fmt: skip
